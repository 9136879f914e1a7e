"""Hold one socket: check where it comes from and who holds it, subscribe, send the newest state, close."""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect

from server import words
from server.domain.errors import Forbidden, Refusal
from server.live.hub import Topic, Watcher
from server.live.wire import LARGEST_MESSAGE, SEND_SECONDS, Close
from server.web import pages
from server.web.kit import Kit, kit
from server.web.security import same_origin
from server.web.who import Staff, device_or_none, holder_or_none, staff_or_none

FIRST_MESSAGE_SECONDS = 10.0
INBOUND_PER_MINUTE = 60  # nobody has anything to say here but their first word
router = APIRouter()


@router.websocket("/api/v1/live/tickets/{ticket_id}")
async def ticket_socket(socket: WebSocket, ticket_id: str, kit: Kit = Depends(kit)) -> None:
    """A phone: frames of one ticket. Without cookie or header the first message is {"secret": "…"}."""
    if not await _accept(socket, kit, may_come_with_secret=True):
        return
    holder = await holder_or_none(socket, ticket_id, kit)
    if holder is None and not socket.headers.get("authorization"):
        holder = await holder_or_none(socket, ticket_id, kit, secret=await _first_word(socket))
    if holder is None:
        await _close(socket, Close.NOT_YOURS)
        return
    await _serve(socket, kit, Topic("ticket", holder.branch_id, ticket_id), {("ticket", ticket_id)})


@router.websocket("/api/v1/live/branches/{branch_id}")
async def branch_socket(socket: WebSocket, branch_id: str, kit: Kit = Depends(kit)) -> None:
    """A program or screen: calls and services of one branch."""
    if not await _accept(socket, kit):
        return
    screen = await device_or_none(socket, kit)
    staff = await staff_or_none(socket, kit)
    if screen is not None and screen.branch_id == branch_id:
        await _serve(socket, kit, Topic("branch", branch_id), {("device", screen.id)})
    elif staff is not None and staff.may("agent", branch_id):
        await _serve(socket, kit, Topic("branch", branch_id), staff.holders)
    else:
        await _close(socket, Close.NOT_YOURS)


@router.websocket("/live/{kind:str}")
async def screen_socket(socket: WebSocket, kind: str, kit: Kit = Depends(kit)) -> None:
    """A kiosk or lobby: its own screen, whatever the address says."""
    if not await _accept(socket, kit):
        return
    screen = await device_or_none(socket, kit)
    if screen is None or screen.kind != kind:
        await _close(socket, Close.NOT_YOURS)
        return
    language = await _language(socket, kit, screen.branch_id)
    subject = screen.id if kind == "kiosk" else ""
    await _serve(socket, kit, Topic(kind, screen.branch_id, subject, language), {("device", screen.id)})


@router.websocket("/live/counters/{counter_id}")
async def counter_socket(socket: WebSocket, counter_id: str, kit: Kit = Depends(kit)) -> None:
    """An agent's console at one counter."""
    if not await _accept(socket, kit):
        return
    staff = await staff_or_none(socket, kit)
    branch_id = await _branch_for(kit, staff, counter_id)
    if staff is None or branch_id is None:
        await _close(socket, Close.NOT_YOURS)
        return
    language = staff.language or pages.choose_language(socket, words.LANGUAGES)
    await _serve(socket, kit, Topic("console", branch_id, counter_id, language), staff.holders)


async def _accept(socket: WebSocket, kit: Kit, *, may_come_with_secret: bool = False) -> bool:
    """Accept first: a browser cannot tell a refused handshake from a lost network, and would try for ever."""
    await socket.accept()
    origin = socket.headers.get("origin")
    if origin is None:
        allowed = bool(socket.headers.get("authorization")) or (
            may_come_with_secret and not socket.headers.get("cookie")
        )
    else:
        allowed = same_origin(socket, origin, kit.settings.public_url)
    if not allowed:
        await _close(socket, Close.FOREIGN_ORIGIN)
    return allowed


async def _first_word(socket: WebSocket) -> str:
    """The secret of the first message, or ""."""
    try:
        text = await asyncio.wait_for(socket.receive_text(), FIRST_MESSAGE_SECONDS)
        message = json.loads(text) if len(text) <= LARGEST_MESSAGE else {}
    except (TimeoutError, ValueError, KeyError, WebSocketDisconnect):
        return ""
    secret = message.get("secret") if isinstance(message, dict) else None
    return secret if isinstance(secret, str) else ""


async def _language(socket: WebSocket, kit: Kit, branch_id: str) -> str:
    """A screen speaks the branch's first language unless its page chose another."""
    languages = (await kit.board(branch_id)).branch.languages
    asked = socket.query_params.get("language", "")
    return asked if asked in languages else languages[0]


async def _branch_for(kit: Kit, staff: Staff | None, counter_id: str) -> str | None:
    if staff is None:
        return None
    try:
        branch_id = await kit.branch_of_counter(counter_id)
        staff.must("agent", branch_id)
    except (Refusal, Forbidden):
        return None
    return branch_id


async def _serve(socket: WebSocket, kit: Kit, topic: Topic, holders: Iterable[tuple[str, str]]) -> None:
    """Send the newest state until either side ends."""
    try:
        watcher = await kit.hub.watch(topic, holders)
    except Refusal:
        await _close(socket, Close.GONE)
        return
    listener = asyncio.create_task(_listen(socket, watcher))
    try:
        while (message := await watcher.next()) is not None:
            await asyncio.wait_for(socket.send_text(message), SEND_SECONDS)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        watcher.close(Close.SLOW)
    finally:
        kit.hub.leave(watcher)
        listener.cancel()
        await _close(socket, watcher.closed or Close.RESTART)


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


async def _close(socket: WebSocket, code: Close) -> None:
    with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        await asyncio.wait_for(socket.close(int(code)), SEND_SECONDS)
