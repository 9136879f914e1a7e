"""uvicorn's WebSocket with a line straight to its transport; whoever reads nothing is cut instead of waited for."""

import asyncio
import logging
import socket
from asyncio.transports import BaseTransport
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import Protocol, Side

from server import observe
from server.live.watching import Watcher
from server.live.wire import SEND_SECONDS, Close
from server.web.known import KNOWN, Known
from server.web.plain_line import LINE, Inbound

KERNEL_BYTES = 128 * 1024  # per connection, for what was sent and not yet read; left alone it grows to megabytes
PHONE_BYTES = 16 * 1024  # the same for a phone: frames are small, and old ones are worth nothing
GONE_SECONDS = 30  # a client that acknowledges nothing for so long has gone; left alone the kernel tries for 15 minutes
MADE_FOR = "0.54."  # the releases of uvicorn that `Connection` was made for and is tested with
METHODS = (
    "data_received", "handle_connect", "handle_events", "on_task_complete", "run_asgi", "send_receive_event_to_app",
    "shutdown",
)  # fmt: skip
ATTRIBUTES = (
    "app_state", "close_sent", "close_timeout", "close_timer", "config", "conn", "frames", "handshake_complete",
    "handshake_initiated", "logger", "loop", "queue", "read_paused", "scheme", "transport",
)  # fmt: skip
# websockets reads whatever it is handed to the end: a quarter of a megabyte holds 43,000 pings, a piece 85.
PIECE = 512  # bytes
FRAGMENTS = 8  # of one message; its size is bounded by itself, but not the number of empty ones
LAST_WORD_SECONDS = 1.0  # for whoever said too much to be told so; an abort at once would take the word along
log = logging.getLogger(__name__)


def protocol() -> "type[Guarded]":
    """What uvicorn is given as `ws`: with our line if this uvicorn has what it is made of; without it costs more."""
    wanting = lacking(WebSocketsSansIOProtocol, uvicorn.__version__)
    if not wanting:
        return Connection
    log.warning("sockets are served the plain way, which costs more: this uvicorn lacks %s", ", ".join(wanting))
    return Guarded


def lacking(found: type, version: str) -> list[str]:
    """What of uvicorn `Connection` relies on and does not find there."""
    made = found.__init__.__code__.co_names  # type: ignore[misc]
    wanting = [name for name in METHODS if not hasattr(found, name)]
    wanting += [name for name in ATTRIBUTES if name not in made]
    return wanting + ([] if version.startswith(MADE_FOR) else [f"version {MADE_FOR}x"])


class Guarded(WebSocketsSansIOProtocol):
    """A client that does not read is not listened to, and after a while cut: nothing piles up for it."""

    _alarm: asyncio.TimerHandle | None = None
    _inbound: Inbound | None = None
    _is_refused = False

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)  # what the kernel does not take at once has to wait
        self.tune(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_SECONDS * 1000)

    def data_received(self, data: bytes) -> None:
        """Piece by piece, until the client is found to have said too much: what else it sent is not looked at."""
        for start in range(0, len(data), PIECE):
            if self._is_refused or self.transport.is_closing():
                return
            super().data_received(data[start : start + PIECE])

    def handle_events(self) -> None:
        """Whatever its kind, and whole or not, each frame costs about the same, so each counts."""
        said = len(self.conn.events) if self.handshake_initiated else 0
        if said and self._counted().is_too_much(said):
            self.refuse()
            return
        super().handle_events()
        if len(self.frames) > FRAGMENTS:
            self.refuse()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()  # the answers to its pings would pile up
        self._alarm = self.loop.call_later(SEND_SECONDS, self._cut)
        observe.sockets_slow(+1)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._calm()
        if not self.read_paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def refuse(self) -> None:
        """It has said too much: it is told so, heard no more, and cut."""
        self._is_refused = True
        if not self.handshake_complete or self.conn.close_rcvd is not None:  # nothing can be told it yet, or any more
            self.transport.abort()
            return
        self._say_goodbye()
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(LAST_WORD_SECONDS, self.transport.abort)

    def tune(self, level: int, option: int, value: int) -> None:
        with suppress(OSError, AttributeError):  # no TCP socket, or none at all
            self.transport.get_extra_info("socket").setsockopt(level, option, value)

    def _say_goodbye(self) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": Close.TOO_MUCH})
        if not self.close_sent:
            self.conn.send_close(Close.TOO_MUCH)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True

    def _counted(self) -> Inbound:
        """Made with the first frame: most clients never say anything."""
        self._inbound = self._inbound or Inbound()
        return self._inbound

    def _cut(self) -> None:
        """Also one that is closing: a transport waits for ever for a client that reads nothing."""
        observe.socket_cut()
        self.transport.abort()

    def _calm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            observe.sockets_slow(-1)


class Connection(Guarded):
    """A client at the end of a line. The app authorises, subscribes, calls `hold` and returns: no task is kept."""

    write: Callable[[bytes], None]  # the transport's own: nothing stands between the hub and the kernel
    watcher: Watcher | None = None
    is_full = False

    async def hold(self, watcher: Watcher) -> None:
        """From now on the hub writes, and what the handshake needed is let go."""
        if self.close_timer is None:  # uvicorn closes when the app returns, unless something else is going to
            self.close_timer = self.loop.call_later(0, NOBODY.task_done)
        self._held_by(watcher)
        self._listen()

    def _held_by(self, watcher: Watcher) -> None:
        self.queue = NOBODY
        if watcher.is_phone:
            self.tune(socket.SOL_SOCKET, socket.SO_SNDBUF, PHONE_BYTES)
        if self.transport.is_closing():
            watcher.ended()

    @property
    def _is_held(self) -> bool:
        return self.queue is NOBODY

    def close(self, code: Close) -> None:
        """As uvicorn closes for an app: the client is told why, and has a while to answer."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.write = self.transport.write

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated or not self._is_let_in_at_once(data):
            super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # it was a proper handshake
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), LINE: self}  # type: ignore[dict-item]

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        super().on_task_complete(task)
        if self._is_held:
            del self.scope, self.request, self.response
            if not self.close_sent:
                self.close_timer = None

    def send_receive_event_to_app(self) -> None:
        """What is said to nobody is let go once uvicorn has seen that it is proper."""
        super().send_receive_event_to_app()
        if self._is_held and self.watcher is not None and not self.close_sent:
            self._listen()

    def _say_goodbye(self) -> None:
        if self.watcher is not None:
            self.watcher.close(Close.TOO_MUCH)
        super()._say_goodbye()

    def pause_writing(self) -> None:
        self.is_full = True
        if self.watcher is not None:
            self.watcher.full()
        super().pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_full = False
        if self.watcher is not None and not self.close_sent and not self.transport.is_closing():
            self.watcher.ready_again()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        watcher, self.watcher = self.watcher, None
        if watcher is not None:
            watcher.ended()

    def shutdown(self) -> None:
        """The server stops. Whoever is leaving already has been told, and uvicorn would stumble over them."""
        if self.watcher is not None:
            self.watcher.full()
        if not self.transport.is_closing():
            super().shutdown()

    def _is_let_in_at_once(self, handshake: bytes) -> bool:
        """What uvicorn and the app do for a handshake, for whoever is known."""
        known: Known | None = self.app_state.get(KNOWN)
        entrance = known.entrance(handshake) if known is not None and self.scheme == "ws" else None
        if known is None or entrance is None:
            return False
        self.handshake_initiated = self.handshake_complete = True
        self.conn = Protocol(Side.SERVER, max_size=self.config.ws_max_size, logger=self.logger)  # type: ignore[assignment]
        self.transport.write(entrance.answer)
        self._held_by(known.enter(entrance, self))
        return True

    def _listen(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()


class _Nobody(asyncio.Queue[Any]):
    """Takes what uvicorn would tell the app after it has returned."""

    def put_nowait(self, item: Any) -> None:
        """Forgotten at once."""

    def task_done(self) -> None:
        """Nothing."""


NOBODY = _Nobody()
