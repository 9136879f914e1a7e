"""A TCP line that can be cut, refused, delayed or left half-open, between any two processes on this machine."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing sends RST
BACKLOG = 1024
AT_ONCE = 20  # seconds for a verb on a machine that is busy

Thin = Callable[[bytes], bytes]
"""What of these bytes arrives; it may keep the beginning of something for later."""


class Proxy:
    """Listens at `port` and passes on to the first of `targets` that takes the connection, beginning with another one
    each time: with two of them it is a plain load balancer. It lives in a thread of its own.

    `thin` makes, for each connection, what looks through the bytes that come back from the target.
    """

    def __init__(self, *targets: int, thin: Callable[[], Thin] = lambda: bytes) -> None:
        self._targets, self._thin = targets, thin
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: socket.socket | None = None
        self._delay, self._swallows = 0.0, False
        self.taken = 0  # connections, ever
        # Bound but never listening: it keeps the port ours while connections are refused.
        self._guard = _bound(0)
        self.port = int(self._guard.getsockname()[1])

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(AT_ONCE)
        self._loop.close()
        self._guard.close()

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        self._do(self._cut())

    def refuse(self) -> None:
        """Take no new connection until healed, as a port where nobody listens."""
        self._do(self._refuse())

    def delay(self, seconds: float) -> None:
        """From now on, until healed, everything arrives so much later, in both directions."""
        self._do(self._late(seconds))

    def half_open(self, *, new: bool = False) -> None:
        """Every connection stays open and nothing arrives on it for ever, as when a router has forgotten it.

        `new`: who connects from now on, until healed, is taken and heard by nobody, too.
        """
        self._do(self._silence(new))

    def heal(self) -> None:
        """New connections are taken, nothing is late. What was silent stays so: its bytes are lost."""
        self._do(self._heal())

    def open(self) -> int:
        """Connections that somebody here still holds."""
        return len(self._lines)

    def _do(self, verb: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(verb, self._loop).result(AT_ONCE)

    async def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    async def _refuse(self) -> None:
        if self._listening is not None:
            self._take(self._listening)  # whoever has been let in by the kernel stays
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None

    async def _late(self, seconds: float) -> None:
        self._delay = seconds

    async def _end(self) -> None:
        await self._refuse()
        await self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was cut comes to its end

    async def _silence(self, new: bool) -> None:
        self._swallows = new
        for line in self._lines:
            line.silent = True

    async def _heal(self) -> None:
        self._delay, self._swallows = 0.0, False
        if self._listening is None:
            self._listening = _bound(self.port)
            self._listening.setblocking(False)
            self._listening.listen(BACKLOG)
            self._loop.add_reader(self._listening, self._take, self._listening)

    def _take(self, listening: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                near, _ = listening.accept()
                near.setblocking(False)
                line = _Line(lambda: self._delay, self._lines.discard, silent=self._swallows)
                self._lines.add(line)
                self.taken += 1
                task = self._loop.create_task(self._connect(line, near, self.taken % len(self._targets)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _connect(self, line: "_Line", near: socket.socket, first: int) -> None:
        await self._loop.connect_accepted_socket(lambda: line.near, near)
        for target in self._targets[first:] + self._targets[:first] if not line.silent else ():
            with suppress(OSError):
                _, far = await self._loop.create_connection(partial(_End, line, self._thin()), "127.0.0.1", target)
                line.joined(far)
                return
        if not line.silent:
            line.cut()


class _Line:
    """One connection: its near end, who came, and its far end, at the target."""

    def __init__(self, delay: Callable[[], float], over: Callable[["_Line"], None], *, silent: bool) -> None:
        self.near, self.far = _End(self, bytes), _End(self, bytes)
        self.delay, self.silent = delay, silent
        self._over = over

    def joined(self, far: "_End") -> None:
        self.far = far
        self.near.other, far.other = far, self.near
        self.near.begin()
        far.begin()
        if self.near.is_gone():  # while the far end was being called
            self.cut()

    def cut(self) -> None:
        self.near.reset()
        self.far.reset()
        self._over(self)

    def lost(self, end: "_End") -> None:
        """One side went. The other hears of it, unless nothing is heard any more."""
        if end.other is not None and not self.silent:
            end.other.later(None)
        if self.near.is_gone() and self.far.is_gone():
            self._over(self)


class _End(asyncio.Protocol):
    """One side of a line; what it receives, the other one sends."""

    def __init__(self, line: _Line, thin: Thin) -> None:
        self._line, self._thin = line, thin
        self._transport: asyncio.Transport | None = None
        self._on_the_way: deque[tuple[float, bytes | None]] = deque()
        self._early: list[bytes] = []  # before Python 3.11.4 a pause at the very start is not kept
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()  # until there is another end
        if self._line.silent:
            self.begin()

    def begin(self) -> None:
        early, self._early = self._early, []
        for data in early:
            self.data_received(data)
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._line.silent:
            return
        if self.other is None:
            self._early.append(data)
        elif kept := self._thin(data):
            self.other.later(kept)

    def later(self, data: bytes | None) -> None:
        """Send this, or close for None, when it is due, and never before what came earlier."""
        due = asyncio.get_running_loop().time() + self._line.delay()
        self._on_the_way.append((max(due, self._on_the_way[-1][0]) if self._on_the_way else due, data))
        if len(self._on_the_way) == 1:
            self._deliver()

    def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        while self._on_the_way and self._on_the_way[0][0] <= loop.time():
            self._send(self._on_the_way.popleft()[1])
        if self._on_the_way:
            loop.call_at(self._on_the_way[0][0], self._deliver)

    def _send(self, data: bytes | None) -> None:
        if self._line.silent or self._transport is None:
            return
        if data is None:
            self._transport.close()
        else:
            self._transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.begin()

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        self._line.lost(self)

    def is_gone(self) -> bool:
        return self._transport is None

    def reset(self) -> None:
        if self._transport is not None:
            with suppress(OSError):
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
