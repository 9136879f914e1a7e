"""Each request and socket has a number that stands on every line written about it; what changes or fails has a line."""

import logging
import re
from time import perf_counter
from typing import Any, cast

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server import observe
from server.chance import new_number
from server.web.security import SAFE

HEADER = "X-Request-Id"
SANE = re.compile(r"[A-Za-z0-9-]{1,64}")
NUMBER = "nowserving.number"  # in the scope, for the page of a fault of ours: that is made outside of everything
OF_OURS = 4000  # and above: the codes a socket is closed with so that it does not come back
log = logging.getLogger(__name__)


class Numbered:
    """ASGI middleware around all others: what a trusted proxy says of who asks is believed from here on."""

    def __init__(self, app: ASGIApp, trusted_proxies: str = "") -> None:
        proxied = ProxyHeadersMiddleware(cast(Any, app), trusted_proxies)
        self._trusted = proxied.trusted_hosts
        self._app = cast(ASGIApp, proxied) if trusted_proxies else app
        self._routes: dict[int, str | None] = {}  # identity of a route → its template, with the prefix it stands under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope[NUMBER] = number = self._theirs(scope) or new_number()
        clear_contextvars()
        bind_contextvars(request=number)
        visit = _Socket(send, number) if scope["type"] == "websocket" else _Request(send, number)
        try:
            await self._app(scope, receive, visit.send)
        except Exception:
            visit.status = 500
            bind_contextvars(refusal="unexpected")
            log.exception("a fault of ours")
            raise
        finally:
            visit.tell(scope, self._route(scope))

    def _theirs(self, scope: Scope) -> str | None:
        """The number a trusted proxy gave the request, so that its log and ours can be read side by side."""
        client = scope.get("client")
        if client is None or client[0] not in self._trusted:
            return None
        said = Headers(scope=scope).get(HEADER, "")
        return said if SANE.fullmatch(said) else None

    def _route(self, scope: Scope) -> str | None:
        """The route's template; what was really asked for may hold a code."""
        if "route" not in scope:
            return None
        if not self._routes:
            contexts = iter_route_contexts(scope["app"].routes)
            self._routes = {id(context.original_route): context.path for context in contexts}
        return self._routes.get(id(scope["route"]), scope["route"].path)  # a socket's route knows its prefix itself


def number_of(request: HTTPConnection) -> str:
    """What somebody may say to whoever helps them."""
    return str(request.scope.get(NUMBER, ""))


class _Request:
    """One request on its way; `status` 0: not answered."""

    __slots__ = ("_begun", "_header", "_send", "status")

    def __init__(self, send: Send, number: str) -> None:
        self._send, self._header = send, (HEADER.lower().encode(), number.encode())
        self._begun = perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._header]
        await self._send(message)

    def tell(self, scope: Scope, route: str | None) -> None:
        method, seconds = scope["method"], perf_counter() - self._begun
        failed = self.status >= 400
        refusal = get_contextvars().get("refusal") if failed else None
        observe.request_served(method, route, self.status, seconds, refusal)
        if failed or method not in SAFE:
            told = {"method": method, "route": route, "status": self.status, "ms": round(seconds * 1000, 1)}
            log.info("answered", extra={"told": told})


class _Socket:
    """One socket, from its handshake to its end."""

    __slots__ = ("_header", "_send", "status")

    def __init__(self, send: Send, number: str) -> None:
        self._send, self._header = send, (HEADER.lower().encode(), number.encode())
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            message["headers"] = [*message.get("headers", ()), self._header]
        elif message["type"] == "websocket.close":
            self.status = message.get("code", 1000)
        await self._send(message)

    def tell(self, scope: Scope, route: str | None) -> None:
        if self.status >= OF_OURS:
            log.info("turned away", extra={"told": {"route": route, "code": self.status}})
