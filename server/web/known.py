"""A phone that is known is let in while its handshake is still in hand: after a start ten thousand come back at once.

The ordinary way costs a task, an app and a question for each; here everything is in memory or the answer is None. What
is in any way out of the ordinary goes the ordinary way (sockets.py), which decides: nobody is let in here who would not
be let in there, and nobody is turned away.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass

from websockets.utils import accept_key

from server.chance import new_number
from server.domain.errors import Refusal
from server.live.watching import Line, Topic, Watcher
from server.queries import tickets
from server.web.kit import Kit
from server.web.numbered import HEADER
from server.web.who import ticket_cookie

LOOK_AHEAD_SECONDS = 8.0  # a hundred branches of a hundred people, weeks behind each, take four on a slow machine
KNOWN = "nowserving.known"  # in the state of the lifespan: what uvicorn hands to its protocols
_TICKET = re.compile(rb"GET /api/v1/live/tickets/([0-9A-Za-z]{1,64}) HTTP/1\.1")
_KEY = re.compile(rb"[0-9A-Za-z+/]{22}==")  # 16 bytes (RFC 6455, 4.1)
# Who asks in another way than by a cookie, wants something, or is numbered by a proxy.
_UNUSUAL = frozenset(
    {b"authorization", b"content-length", b"sec-websocket-protocol", b"transfer-encoding", HEADER.lower().encode()}
)
_ANSWER = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Accept: {{key}}\r\n{HEADER}: {{number}}\r\n\r\n"
)
Headers = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the handshake is answered with; then the line may be entered."""

    answer: bytes
    topic: Topic

    @property
    def holders(self) -> frozenset[tuple[str, str]]:
        return frozenset({("ticket", self.topic.subject)})


class Known:
    """Who can be let in from memory."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def look_ahead(self) -> None:
        """Before anybody can come: read what those who are waiting will ask for, the fullest branches first.

        They would all ask at once, and wait for each other longer than a phone waits for an answer.
        """
        with suppress(TimeoutError, Refusal):
            async with asyncio.timeout(LOOK_AHEAD_SECONDS):
                await self._kit.claims.look_ahead()
                for branch_id in await self._kit.ask(tickets.fullest_branches):
                    await self._kit.boards.refresh(branch_id)

    def entrance(self, handshake: bytes) -> Entrance | None:
        """For a request as uvicorn writes it anew: names in lower case, a line each. None: the ordinary way."""
        first, *lines = handshake.removesuffix(b"\r\n\r\n").split(b"\r\n")
        asked, headers = _TICKET.fullmatch(first), _headers(lines)
        if asked is None or headers is None or not _is_plain(headers):
            return None
        ticket_id = asked[1].decode()
        claim = self._kit.claims.at_hand(ticket_id)
        if claim is None or not self._kit.hub.can_watch_at_once(claim.branch_id, ticket_id):
            return None
        secret = _cookie(headers.get(b"cookie", b""), ticket_cookie(ticket_id).encode())
        if not self._kit.presence.holds(secret, ticket_id, claim.generation):
            return None
        key = accept_key(headers[b"sec-websocket-key"].decode())
        answer = _ANSWER.format(key=key, number=new_number()).encode()
        return Entrance(answer, Topic("ticket", claim.branch_id, ticket_id))

    def enter(self, entrance: Entrance, line: Line) -> Watcher:
        """At once after the answer was written."""
        return self._kit.hub.watch_at_once(entrance.topic, entrance.holders, line)


def _headers(lines: list[bytes]) -> Headers | None:
    """None when one stands twice: which of them counts is not decided here."""
    headers: Headers = {}
    for line in lines:
        name, _, value = line.partition(b": ")
        headers[name] = value
    return headers if len(headers) == len(lines) else None


def _is_plain(headers: Headers) -> bool:
    """A handshake from a page of the very address that it asks, and nothing beside."""
    host, origin = headers.get(b"host"), headers.get(b"origin")
    # A proxy that ends TLS says so in a header that is not believed here: the safer origin is right either way.
    ours = origin == b"https://" + host or (
        origin == b"http://" + host and b"x-forwarded-proto" not in headers
    ) if host else False  # fmt: skip
    return (
        ours
        and headers.get(b"sec-websocket-version") == b"13"
        and _KEY.fullmatch(headers.get(b"sec-websocket-key", b"")) is not None
        and _UNUSUAL.isdisjoint(headers)
    )


def _cookie(said: bytes, name: bytes) -> str:
    """Its value; "" when it is not there, or not simple."""
    for part in said.split(b"; "):
        found, _, value = part.partition(b"=")
        if found == name:
            return value.decode("ascii", "replace")
    return ""
