"""A loop whose time jumps to the next moment when something is due: an hour of heartbeats in a millisecond."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from selectors import SelectorKey
from typing import Any

from server.live.hub import Hub, Screen
from server.live.views import BoardView
from server.live.watching import Topic, Watcher
from server.live.wire import Close, said
from tests.screens.lobby_boards import board

BEGINNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class _Jumps(selectors.DefaultSelector):
    """Waits for nothing that takes time."""

    now = 0.0
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.turns += 1
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now

    @property
    def turns(self) -> int:
        """How often everything that was ready has had its turn."""
        return self._jumps.turns


def simulate(story: Coroutine[Any, Any, Any]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(story)


def clock() -> datetime:
    """The time of day, as simulated."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())


def turn() -> int:
    """Of the loop; 0 in one whose time is real."""
    loop = asyncio.get_running_loop()
    return loop.turns if isinstance(loop, _Loop) else 0


class FakeBoards:
    """What the hub asks of Boards; a view takes `takes` seconds to draw, and `away` is raised instead of one."""

    def __init__(self, takes: float = 0.005) -> None:
        self.version, self.drawn, self.takes = 1, 0, takes
        self.away: Exception | None = None
        self.notice: str | None = None
        self._last: BoardView | None = None

    def announced(self, branch_id: str, version: int) -> None:
        self.version = max(self.version, version)

    def last(self, branch_id: str) -> BoardView | None:
        return self._last

    async def fresh(self, branch_id: str) -> BoardView:
        if self._last is not None and self._last.version >= self.version:
            return self._last
        return await self.refresh(branch_id)

    async def refresh(self, branch_id: str) -> BoardView:
        version = self.version  # read at the beginning, as a snapshot is
        await asyncio.sleep(self.takes)
        if self.away:
            raise self.away
        self.drawn += 1
        self._last = replace(self.view(), version=version)
        return self._last

    def view(self) -> BoardView:
        return board(at=clock(), notice=self.notice)


def a_hub(boards: FakeBoards, screens: Mapping[str, Screen] | None = None) -> Hub:
    return Hub(boards, screens or {"lobby": versioned}, clock)  # type: ignore[arg-type]


def versioned(view: BoardView, language: str, subject: str) -> bytes:
    """A screen that shows each version."""
    return f"<p>{view.version}</p>".encode()


def still(view: BoardView, language: str, subject: str) -> bytes:
    """A screen that shows the notice and nothing else."""
    return f"<p>{view.branch.notice}</p>".encode()


class Ear:
    """A client at the end of a line that takes the next message once this one was heard."""

    def __init__(self) -> None:
        self.watcher: Watcher | None = None
        self.spoken_in: list[int] = []  # the turns of the loop
        self.aside: Callable[[], None] = lambda: None  # what happens just then
        self.closed: Close | None = None
        self._message: bytes | None = None
        self._spoken = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return self._message is not None

    def write(self, message: bytes) -> None:
        assert self.watcher is not None
        assert self._message is None, "a line that is full was written to"
        assert self.closed is None, "a line that is closed was written to"
        self._message = message
        self.watcher.full()
        self.spoken_in.append(turn())
        self.aside()
        self._spoken.set()

    def close(self, code: Close) -> None:
        assert self.closed is None, "a line was closed twice"
        self.closed = code
        self._spoken.set()

    def hangs_up(self) -> None:
        assert self.watcher is not None
        self.watcher.ended()

    async def next(self) -> str | None:
        """The next message; None once the line is closed and all of it was heard."""
        await self._spoken.wait()
        if self._message is None:
            return None
        message, self._message = self._message, None
        if self.closed is None and self.watcher is not None:
            self._spoken.clear()
            self.watcher.ready_again()
        return said(message)


async def listening(hub: Hub, topic: Topic, *holders: tuple[str, str]) -> Ear:
    """Somebody who watches."""
    ear = Ear()
    await hub.watch(topic, holders, ear)
    return ear


async def heard(ear: Ear, within: float) -> str | None:
    """The next message; AssertionError when none comes within so many seconds."""
    try:
        async with asyncio.timeout(within):
            return await ear.next()
    except TimeoutError:
        raise AssertionError(f"nothing was heard for {within} s") from None


async def silence(ear: Ear, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await ear.next()
    except TimeoutError:
        return True
    return False
