"""Checks of how people come here: an address that phones can reach, https, and the server that answers."""

import socket
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from server.doctor.finding import Finding, good, mind, wrong
from server.settings import Settings
from server.web.kit import is_loopback, lan_address

SECONDS = 2  # to wait for our own server


def address(settings: Settings) -> Finding:
    """Where the door's code leads."""
    url = settings.public_url
    if not url:
        lan = lan_address()
        if lan is None:
            return wrong("address", "this machine is in no network, and PUBLIC_URL is empty", _SET)
        found = f"phones are sent to http://{lan}:{settings.port}, this machine's address in its network"
        return good("address", found)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return wrong("address", f"PUBLIC_URL is no address: {url}", "It looks like https://queue.example.org.")
    if is_loopback(parts.hostname):
        return wrong("address", f"{url} leads each phone to itself", _SET)
    try:
        socket.getaddrinfo(parts.hostname, parts.port or 0)
    except OSError:
        return wrong(
            "address", f"nobody knows the name {parts.hostname}", "Enter it in your DNS, or correct PUBLIC_URL."
        )
    return good("address", f"phones are sent to {url}")


def https(settings: Settings) -> Finding:
    """Camera, push and a phone that stays awake need it; so do cookies that nobody overhears."""
    if urlsplit(settings.public_url).scheme != "https":
        do = "Put a proxy with TLS in front, and set PUBLIC_URL (docs/OPERATIONS.md: TLS and proxies)."
        return mind("https", "not used: no camera check-in, no push, and phones fall asleep", do)
    if not settings.trusted_proxies:
        do = "Set TRUSTED_PROXIES to the proxy's address: else everybody seems to come from it, and shares its limits."
        return mind("https", "cookies are Secure, but the proxy is not named", do)
    return good("https", "cookies are Secure, and the proxy is named")


def server(settings: Settings) -> Finding:
    """Whether one answers here now, and can serve."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - what is asked is ourselves
    ask = HTTPConnection(host, settings.port, timeout=SECONDS)
    try:
        ask.request("GET", "/readyz")
        status = ask.getresponse().status
    except (OSError, HTTPException):
        return mind("server", f"nobody answers at {host}:{settings.port}", "Start it: nowserving serve.")
    finally:
        ask.close()
    if status != 200:
        return wrong(
            "server",
            f"it answers at {host}:{settings.port}, and cannot serve ({status})",
            "Its log says why; look at the database and the disk first.",
        )
    return good("server", f"serves at {host}:{settings.port}")


_SET = "Set PUBLIC_URL to the address that phones can open."
