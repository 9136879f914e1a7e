"""Hold one socket: check where it comes from and who holds it, subscribe, and leave it to its line."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from server import words
from server.domain.errors import NotFound, Refusal
from server.live.watching import Topic
from server.live.wire import LARGEST_MESSAGE, SEND_SECONDS, Close
from server.web import pages
from server.web.kit import Kit
from server.web.plain_line import LINE, PlainLine
from server.web.security import same_origin
from server.web.who import Device, Staff, device_or_none, holder_or_none, staff_or_none

FIRST_MESSAGE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody may watch. `holders`: whose revocation ends it, as (kind, id); `until`: when it ends by itself."""

    topic: Topic
    holders: frozenset[tuple[str, str]]
    until: datetime | None = None


Find = Callable[[WebSocket, Kit, str], Awaitable[Seat | None]]
"""(who asks, kit, what the address names) → their seat; None for whoever may not watch this."""


class Address:
    """Where something can be watched. `path` names one thing, in braces."""

    def __init__(self, path: str, find: Find) -> None:
        self.path, self.find = path, find
        self._pattern = re.compile(re.sub("{[a-z_]+}", "([^/]+)", path))

    def named(self, path: str) -> str | None:
        found = self._pattern.fullmatch(path)
        return found[1] if found else None


class Sockets:
    """ASGI: our sockets, before anything else looks at them: ten thousand come back at once. The rest goes to `app`."""

    def __init__(self, app: ASGIApp, kit: Kit) -> None:
        self._app, self._kit = app, kit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for address in ADDRESSES if scope["type"] == "websocket" else ():
            named = address.named(scope["path"].removeprefix(scope.get("root_path", "")))
            if named is not None:
                scope["route"] = address  # for the log
                await _hold(WebSocket(scope, receive, send), self._kit, address.find, named)
                return
        await self._app(scope, receive, send)


async def _ticket(socket: WebSocket, kit: Kit, ticket_id: str) -> Seat | None:
    """A phone: frames of one ticket. Without cookie or header the first message is {"secret": "…"}."""
    holder = await holder_or_none(socket, ticket_id, kit)
    if holder is None and not socket.headers.get("authorization"):
        holder = await holder_or_none(socket, ticket_id, kit, secret=await _first_word(socket))
    if holder is None:
        return None
    return Seat(Topic("ticket", holder.branch_id, ticket_id), frozenset({("ticket", ticket_id)}))


async def _branch(socket: WebSocket, kit: Kit, branch_id: str) -> Seat | None:
    """A program or screen: calls and services of one branch."""
    screen, staff = await device_or_none(socket, kit), await staff_or_none(socket, kit)
    topic = Topic("branch", branch_id)
    if screen is not None and screen.branch_id == branch_id:
        return _of_screen(topic, screen)
    return _of_staff(topic, staff) if staff is not None and staff.may("agent", branch_id) else None


async def _screen(socket: WebSocket, kit: Kit, kind: str) -> Seat | None:
    """A kiosk or lobby: its own screen, whatever the address says."""
    screen = await device_or_none(socket, kit)
    if screen is None or screen.kind != kind:
        return None
    language = await _language(socket, kit, screen.branch_id)
    return _of_screen(Topic(kind, screen.branch_id, screen.id if kind == "kiosk" else "", language), screen)


async def _counter(socket: WebSocket, kit: Kit, counter_id: str) -> Seat | None:
    """An agent's console at one counter."""
    staff = await staff_or_none(socket, kit)
    if staff is None:
        return None
    try:
        branch_id = await kit.branch_of_counter(counter_id)
    except NotFound:
        return None
    if not staff.may("agent", branch_id):
        return None
    language = staff.language or pages.choose_language(socket, words.LANGUAGES)
    return _of_staff(Topic("console", branch_id, counter_id, language), staff)


async def _floor(socket: WebSocket, kit: Kit, branch_id: str) -> Seat | None:
    """A manager's floor of one branch."""
    staff = await staff_or_none(socket, kit)
    if staff is None or not staff.may("manager", branch_id):
        return None
    language = staff.language or pages.choose_language(socket, words.LANGUAGES)
    return _of_staff(Topic("floor", branch_id, "", language), staff)


def _of_screen(topic: Topic, screen: Device) -> Seat:
    return Seat(topic, frozenset({("device", screen.id)}))


def _of_staff(topic: Topic, staff: Staff) -> Seat:
    return Seat(topic, frozenset(staff.holders), staff.until)


ADDRESSES = (
    Address("/api/v1/live/tickets/{ticket_id}", _ticket),
    Address("/api/v1/live/branches/{branch_id}", _branch),
    Address("/live/counters/{counter_id}", _counter),
    Address("/live/floor/{branch_id}", _floor),
    Address("/live/{kind}", _screen),
)


async def _hold(socket: WebSocket, kit: Kit, find: Find, named: str) -> None:
    """Accept first: a browser cannot tell a refused handshake from a lost network, and would try for ever."""
    await socket.accept()
    code: Close | None = Close.FOREIGN_ORIGIN
    if _may_ask(socket, kit, may_come_with_secret=find is _ticket):
        try:
            code = await _watch(socket, kit, find, named)
        except NotFound:
            code = Close.GONE
        except Refusal:  # the database is away
            code = Close.RESTART
    if code is not None:
        with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await socket.close(int(code))


def _may_ask(socket: WebSocket, kit: Kit, *, may_come_with_secret: bool) -> bool:
    """From a page of ours; or, from no page at all, with a key or with the secret that will be said first."""
    origin = socket.headers.get("origin")
    if origin is not None:
        return same_origin(socket, origin, kit.settings.public_url)
    return bool(socket.headers.get("authorization")) or (may_come_with_secret and not socket.headers.get("cookie"))


async def _first_word(socket: WebSocket) -> str:
    """The secret of the first message, or ""."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            text = await socket.receive_text()
        message = json.loads(text) if len(text) <= LARGEST_MESSAGE else {}
    except (TimeoutError, ValueError, KeyError, RecursionError, WebSocketDisconnect):
        return ""
    secret = message.get("secret") if isinstance(message, dict) else None
    return secret if isinstance(secret, str) and secret.isascii() else ""


async def _language(socket: WebSocket, kit: Kit, branch_id: str) -> str:
    """A screen speaks the branch's first language unless its page chose another."""
    languages = (await kit.board(branch_id)).branch.languages
    asked = socket.query_params.get("language", "")
    return asked if asked in languages else languages[0]


async def _watch(socket: WebSocket, kit: Kit, find: Find, named: str) -> Close | None:
    """Find the seat and take it; the code it is to be closed with, or None when the line goes on by itself."""
    forgotten = kit.forgotten
    seat = await find(socket, kit, named)
    if seat is None:
        return Close.NOT_YOURS
    line = (socket.scope.get("extensions") or {}).get(LINE) or PlainLine(socket)
    watcher = await kit.hub.watch(seat.topic, seat.holders, line)
    if kit.forgotten != forgotten:  # somebody's rights changed while we asked for theirs
        watcher.close(Close.RESTART)
    if seat.until is not None:
        watcher.ends_in((seat.until - kit.now()).total_seconds())
    return await line.hold(watcher)
