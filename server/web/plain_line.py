"""A line over plain ASGI sends, for any server: a task per socket, and one message on its way at a time."""

import asyncio
from contextlib import suppress
from time import monotonic

from starlette.websockets import WebSocket, WebSocketDisconnect

from server import observe
from server.live.watching import Watcher
from server.live.wire import INBOUND_PER_MINUTE, SEND_SECONDS, Close, said

LINE = "nowserving.line"  # among the extensions of a socket's ASGI scope: where the server offers a better one


class PlainLine:
    """`hold` it for as long as it lasts."""

    def __init__(self, socket: WebSocket) -> None:
        self.watcher: Watcher | None = None
        self._socket = socket
        self._message: bytes | None = None
        self._closed: Close | None = None
        self._wake = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return self._message is not None

    def write(self, message: bytes) -> None:
        self._message = message
        if self.watcher is not None:
            self.watcher.full()
        self._wake.set()

    def close(self, code: Close) -> None:
        self._closed = code
        self._wake.set()

    async def hold(self, watcher: Watcher) -> Close:
        """Send what is written, until either side ends; with which code."""
        listener = asyncio.create_task(self._listen(watcher))
        try:
            while self._closed is None:
                await self._wake.wait()
                self._wake.clear()
                if self._message is not None and self._closed is None:
                    async with asyncio.timeout(SEND_SECONDS):
                        await self._socket.send_text(said(self._message))
                    self._message = None
                    watcher.ready_again()
        except TimeoutError:
            observe.socket_cut()
            return Close.SLOW
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            watcher.ended()
            self.watcher = None
            listener.cancel()
        return self._closed or Close.RESTART

    async def _listen(self, watcher: Watcher) -> None:
        """Nothing that comes in is wanted; too much of it ends the socket."""
        inbound = Inbound()
        with suppress(WebSocketDisconnect, RuntimeError):
            while (await self._socket.receive())["type"] != "websocket.disconnect":
                if inbound.is_too_much():
                    watcher.close(Close.TOO_MUCH)
                    return
        watcher.close(Close.RESTART)


class Inbound:
    """Counts what a client says, which is nobody's business here."""

    __slots__ = ("_heard", "_since")

    def __init__(self) -> None:
        self._since, self._heard = monotonic(), 0

    def is_too_much(self, said: int = 1) -> bool:
        """Whether with so many more it is more than is borne in a minute."""
        if monotonic() - self._since > 60:
            self._since, self._heard = monotonic(), 0
        self._heard += said
        return self._heard > INBOUND_PER_MINUTE
