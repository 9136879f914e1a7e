"""uvicorn's WebSocket, but whoever reads nothing is cut instead of waited for: their memory here is bounded."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.live.wire import SEND_SECONDS

KERNEL_BYTES = 128 * 1024  # per connection, for what was sent and not yet read; left alone it grows to megabytes


class Connection(WebSocketsSansIOProtocol):
    """One client."""

    def handle_ping(self) -> None:
        """A ping is answered, unless the answers before it are still unread."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """A closed transport waits for ever for a client that reads nothing."""
        super().on_task_complete(task)
        self.loop.call_later(SEND_SECONDS, self.transport.abort)
