"""What a face is handed: actions, questions, boards, presence and addresses; it never sees the database."""

import hashlib
import ipaddress
import socket
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi.requests import HTTPConnection
from sqlalchemy.orm import Session

from server import access, observe
from server.access import Memory, Staff
from server.db import Database, Fn, Key
from server.domain.branch import Branch
from server.domain.errors import NotFound
from server.domain.presence import Presence
from server.live.board import Boards
from server.live.honesty import Honesty
from server.live.hub import Hub
from server.live.views import BoardView
from server.queries import branches
from server.settings import Settings
from server.web.claims import Claims
from server.web.limits import Limits

LAN_SECONDS = 10  # a screen opened at localhost asks for it with every code and ticket
T = TypeVar("T")


class Kit:
    """One per process; every request finds it at `app.state.kit`."""

    def __init__(
        self, settings: Settings, db: Database, boards: Boards, hub: Hub, presence: Presence, limits: Limits,
        honesty: Honesty,
    ) -> None:  # fmt: skip
        self.settings, self.boards, self.hub, self.presence, self.limits = settings, boards, hub, presence, limits
        self.honesty, self._db = honesty, db
        self.staff: Memory[Staff] = Memory()
        self.screens: Memory[access.Screen] = Memory()
        self.claims = Claims(db.ask, db.now)
        self.seen: set[str] = set()  # sessions that were used since somebody last took note of them
        self.forgotten = 0  # times; who was asked for before the last of them must be asked again
        self._places: Memory[str] = Memory(seconds=3600)  # counter id → branch id; a counter never moves

    def now(self) -> datetime:
        return self._db.now()

    async def act(
        self, branch_id: str | None, key: Key | None, fn: Fn, *, who: Staff | None = None, role: str = "agent"
    ) -> Any:
        """Run an action; with `who`, only while they still have `role` in the branch, asked inside the transaction."""
        if who is not None and branch_id is not None:
            fn = partial(_permitted, fn=fn, who=who, role=role)
        answer = await self._db.act(branch_id, key, fn)
        observe.about(branch=branch_id, ticket=answer.get("ticket") if isinstance(answer, dict) else None)
        return answer

    async def ask(self, fn: Callable[[Session], T]) -> T:
        return await self._db.ask(fn)

    async def ask_at_length(self, fn: Callable[[Session], T]) -> T:
        return await self._db.ask_at_length(fn)

    async def board(self, branch_id: str) -> BoardView:
        """The branch as it is, at least as new as everything answered before."""
        board = await self.boards.fresh(branch_id)
        observe.about(branch=branch_id)
        return board

    async def board_to_join(self, branch_id: str) -> BoardView:
        """The branch a moment ago: what a join is promised from costs no drawing of its own."""
        board = await self.boards.recent(branch_id)
        observe.about(branch=branch_id)
        return board

    async def branch_of_counter(self, counter_id: str) -> str:
        """NotFound when there is no such counter."""
        known = self._places.get(counter_id)
        if known is None:
            known = await self.ask(partial(branches.branch_of_counter, counter_id=counter_id))
            self._places.put(counter_id, known)
        observe.about(branch=known)
        return known

    async def claim_of_ticket(self, ticket_id: str) -> access.Claim:
        """What its secret is checked against; NotFound when there is no such ticket."""
        known = await self.claims.of(ticket_id)
        if known is None:
            raise NotFound
        observe.about(branch=known.branch_id, ticket=ticket_id)
        return known

    def forget_who(self) -> None:
        """Somebody's rights changed: ask again."""
        self.forgotten += 1
        self.staff.forget()
        self.screens.forget()
        self.claims.forget()

    def base_url(self, request: HTTPConnection) -> str:
        """Where phones reach us: PUBLIC_URL, else the request's host; on loopback this machine's address in the LAN."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        url = request.url
        scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
        host = url.hostname or "localhost"
        if is_loopback(host):
            host = lan_address() or host
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}" + (f":{url.port}" if url.port else "")


def kit_of(request: HTTPConnection) -> Kit:
    found: Kit = request.app.state.kit
    return found


async def kit(request: HTTPConnection) -> Kit:
    """The dependency: `kit: Kit = Depends(kit)`. Async, because a plain function would cost a thread each time."""
    return kit_of(request)


def key_of(request: HTTPConnection, scope: str, key: str | None, body: bytes | str) -> Key | None:
    """An action's key: who asks, their Idempotency-Key, and what exactly was asked."""
    if not key:
        return None
    text = body if isinstance(body, bytes) else body.encode()
    asked = f"{request.scope.get('method', '')} {request.url.path}\n".encode() + text
    return Key(scope, key[:200], hashlib.sha256(asked).hexdigest())


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def lan_address() -> str | None:
    """This machine's address in its own network, as it was a few seconds ago; None without one. No packet is sent."""
    return _lan_address(int(monotonic() / LAN_SECONDS))


@lru_cache(maxsize=1)
def _lan_address(_: int) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address nobody has
            address: str = probe.getsockname()[0]
        except OSError:
            return None
    return None if is_loopback(address) else address


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _permitted(session: Session, branch: Branch, now: datetime, *, fn: Fn, who: Staff, role: str) -> Any:
    access.still_may(session, who, role, branch.id)
    return fn(session, branch, now)
