"""Hold one socket: check where it comes from and who holds it, subscribe, send the newest state, close."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from server import words
from server.domain.errors import NotFound, Refusal
from server.live.hub import Topic, Watcher
from server.live.wire import LARGEST_MESSAGE, SEND_SECONDS, Close
from server.web import pages
from server.web.kit import Kit, kit
from server.web.security import same_origin
from server.web.who import Device, Staff, device_or_none, holder_or_none, staff_or_none

FIRST_MESSAGE_SECONDS = 10.0
INBOUND_PER_MINUTE = 60  # nobody has anything to say here but their first word
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody may watch. `holders`: whose revocation ends it, as (kind, id); `until`: when it ends by itself."""

    topic: Topic
    holders: frozenset[tuple[str, str]]
    until: datetime | None = None


Find = Callable[[], Awaitable[Seat | None]]
"""Who asks → their seat; None for whoever may not watch this."""


@router.websocket("/api/v1/live/tickets/{ticket_id}")
async def ticket_socket(socket: WebSocket, ticket_id: str, kit: Kit = Depends(kit)) -> None:
    """A phone: frames of one ticket. Without cookie or header the first message is {"secret": "…"}."""
    await _hold(socket, kit, partial(_ticket, socket, kit, ticket_id), may_come_with_secret=True)


@router.websocket("/api/v1/live/branches/{branch_id}")
async def branch_socket(socket: WebSocket, branch_id: str, kit: Kit = Depends(kit)) -> None:
    """A program or screen: calls and services of one branch."""
    await _hold(socket, kit, partial(_branch, socket, kit, branch_id))


@router.websocket("/live/{kind:str}")
async def screen_socket(socket: WebSocket, kind: str, kit: Kit = Depends(kit)) -> None:
    """A kiosk or lobby: its own screen, whatever the address says."""
    await _hold(socket, kit, partial(_screen, socket, kit, kind))


@router.websocket("/live/counters/{counter_id}")
async def counter_socket(socket: WebSocket, counter_id: str, kit: Kit = Depends(kit)) -> None:
    """An agent's console at one counter."""
    await _hold(socket, kit, partial(_counter, socket, kit, counter_id))


async def _ticket(socket: WebSocket, kit: Kit, ticket_id: str) -> Seat | None:
    holder = await holder_or_none(socket, ticket_id, kit)
    if holder is None and not socket.headers.get("authorization"):
        holder = await holder_or_none(socket, ticket_id, kit, secret=await _first_word(socket))
    if holder is None:
        return None
    return Seat(Topic("ticket", holder.branch_id, ticket_id), frozenset({("ticket", ticket_id)}))


async def _branch(socket: WebSocket, kit: Kit, branch_id: str) -> Seat | None:
    screen, staff = await device_or_none(socket, kit), await staff_or_none(socket, kit)
    topic = Topic("branch", branch_id)
    if screen is not None and screen.branch_id == branch_id:
        return _of_screen(topic, screen)
    return _of_staff(topic, staff) if staff is not None and staff.may("agent", branch_id) else None


async def _screen(socket: WebSocket, kit: Kit, kind: str) -> Seat | None:
    screen = await device_or_none(socket, kit)
    if screen is None or screen.kind != kind:
        return None
    language = await _language(socket, kit, screen.branch_id)
    return _of_screen(Topic(kind, screen.branch_id, screen.id if kind == "kiosk" else "", language), screen)


async def _counter(socket: WebSocket, kit: Kit, counter_id: str) -> Seat | None:
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


def _of_screen(topic: Topic, screen: Device) -> Seat:
    return Seat(topic, frozenset({("device", screen.id)}))


def _of_staff(topic: Topic, staff: Staff) -> Seat:
    return Seat(topic, frozenset(staff.holders), staff.until)


async def _hold(socket: WebSocket, kit: Kit, find: Find, *, may_come_with_secret: bool = False) -> None:
    """Accept first: a browser cannot tell a refused handshake from a lost network, and would try for ever."""
    await socket.accept()
    code = Close.FOREIGN_ORIGIN
    if _may_ask(socket, kit, may_come_with_secret):
        try:
            code = await _watch(socket, kit, find)
        except NotFound:
            code = Close.GONE
        except Refusal:  # the database is away
            code = Close.RESTART
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        await asyncio.wait_for(socket.close(int(code)), SEND_SECONDS)


def _may_ask(socket: WebSocket, kit: Kit, may_come_with_secret: bool) -> bool:
    """From a page of ours; or, from no page at all, with a key or with the secret that will be said first."""
    origin = socket.headers.get("origin")
    if origin is not None:
        return same_origin(socket, origin, kit.settings.public_url)
    return bool(socket.headers.get("authorization")) or (may_come_with_secret and not socket.headers.get("cookie"))


async def _first_word(socket: WebSocket) -> str:
    """The secret of the first message, or ""."""
    try:
        text = await asyncio.wait_for(socket.receive_text(), FIRST_MESSAGE_SECONDS)
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


async def _watch(socket: WebSocket, kit: Kit, find: Find) -> Close:
    """Send the newest state until either side ends; with which code."""
    forgotten = kit.forgotten
    seat = await find()
    if seat is None:
        return Close.NOT_YOURS
    watcher = await kit.hub.watch(seat.topic, seat.holders)
    if kit.forgotten != forgotten:  # somebody's rights changed while we asked for theirs
        watcher.close(Close.RESTART)
    listener = asyncio.create_task(_listen(socket, watcher))
    end = _end_at(seat.until, kit, watcher)
    try:
        while (message := await watcher.next()) is not None:
            await asyncio.wait_for(socket.send_text(message), SEND_SECONDS)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        watcher.close(Close.SLOW)
    finally:
        kit.hub.leave(watcher)
        listener.cancel()
        if end is not None:
            end.cancel()
    return watcher.closed or Close.RESTART


def _end_at(until: datetime | None, kit: Kit, watcher: Watcher) -> asyncio.TimerHandle | None:
    """A session's socket ends with it."""
    if until is None:
        return None
    seconds = (until - kit.now()).total_seconds()
    return asyncio.get_running_loop().call_later(seconds, watcher.close, Close.NOT_YOURS)


async def _listen(socket: WebSocket, watcher: Watcher) -> None:
    """Nothing that comes in is wanted; too much of it ends the socket."""
    since, heard = monotonic(), 0
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            if monotonic() - since > 60:
                since, heard = monotonic(), 0
            heard += 1
            if heard > INBOUND_PER_MINUTE:
                watcher.close(Close.TOO_MUCH)
                return
    watcher.close(Close.RESTART)
