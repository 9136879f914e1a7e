"""A loop whose time jumps to the next moment when something is due: an hour of heartbeats in a millisecond."""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from selectors import SelectorKey
from typing import Any

from server.live.hub import Hub, Screen, Watcher
from server.live.views import BoardView
from tests.screens.lobby_boards import board

BEGINNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class _Jumps(selectors.DefaultSelector):
    """Waits for nothing that takes time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumps = _Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now


def simulate(story: Coroutine[Any, Any, Any]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(story)


def clock() -> datetime:
    """The time of day, as simulated."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())


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
        self._last = replace(board(at=clock(), notice=self.notice), version=version)
        return self._last


def a_hub(boards: FakeBoards, screens: Mapping[str, Screen] | None = None) -> Hub:
    return Hub(boards, screens or {"lobby": versioned}, clock)  # type: ignore[arg-type]


def versioned(view: BoardView, language: str, subject: str) -> bytes:
    """A screen that shows each version."""
    return f"<p>{view.version}</p>".encode()


def still(view: BoardView, language: str, subject: str) -> bytes:
    """A screen that shows the notice and nothing else."""
    return f"<p>{view.branch.notice}</p>".encode()


async def heard(watcher: Watcher, within: float) -> str | None:
    """The next message; AssertionError when none comes within so many seconds."""
    try:
        return await asyncio.wait_for(watcher.next(), within)
    except TimeoutError:
        raise AssertionError(f"nothing was heard for {within} s") from None


async def silence(watcher: Watcher, seconds: float) -> bool:
    try:
        await asyncio.wait_for(watcher.next(), seconds)
    except TimeoutError:
        return True
    return False
