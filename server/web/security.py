"""What keeps strangers out of every page: headers on each answer, and changes only from our own pages or with a key."""

from urllib.parse import urlsplit

from fastapi.requests import HTTPConnection
from fastapi.telemetry import TelemetryConfig
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.domain.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Where an environment variable says so, the framework would send addresses and what was typed to somebody else.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {sockets}; "
    "form-action 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def headers_for(request: HTTPConnection) -> dict[str, str]:
    """What every answer to this request carries."""
    # Some older browsers do not count a socket of the same host as 'self'.
    host = request.headers.get("host", "")
    sockets = f"ws://{host} wss://{host}" if host and not set(host) & set("; ,'\"") else ""
    return HEADERS | {"Content-Security-Policy": POLICY.format(sockets=sockets)}


class SecurityHeaders:
    """ASGI middleware: the same headers on every answer but those of a fault, which is answered outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = headers_for(HTTPConnection(scope))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        await self._app(scope, receive, with_headers)


def check_origin(request: HTTPConnection, public_url: str) -> None:
    """Forbidden for a change that another site's page asks for with our cookies.

    A key or secret in the Authorization header is no browser's doing. Old browsers send no Origin with a form: the
    Referer stands in for it. Without any of them, and without cookies, there is nothing to misuse.
    """
    if request.scope.get("method") in SAFE or request.headers.get("authorization"):
        return
    source = request.headers.get("origin") or request.headers.get("referer")
    if source is None:
        if request.headers.get("sec-fetch-site") in ("same-origin", "none") or not request.headers.get("cookie"):
            return
        raise Forbidden("foreign-origin")
    if not same_origin(request, source, public_url):
        raise Forbidden("foreign-origin")


def same_origin(request: HTTPConnection, source: str, public_url: str) -> bool:
    """Whether `source` is a page of this server, by the address it was asked at or by its public one."""
    theirs = _origin(source)
    asked = _origin(f"{request.url.scheme}://{request.headers.get('host', '')}")
    if theirs is None or asked is None:
        return theirs is not None and theirs == _origin(public_url)
    if theirs in (asked, _origin(public_url)):
        return True
    # Behind a proxy that ends TLS the request itself looks like http; never the other way round.
    secured = theirs[0] == "https" and asked[0] == "http"
    return secured and theirs[1] == asked[1] and (theirs[2] == asked[2] or (theirs[2], asked[2]) == (443, 80))


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if scheme not in ("http", "https") or not parts.hostname:
            return None
        return scheme, parts.hostname, parts.port or DEFAULT_PORTS[scheme]
    except ValueError:
        return None
