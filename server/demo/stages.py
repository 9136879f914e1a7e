"""Where a day is lived: on a clock that jumps, for tests and benchmarks, or in the real world, some times as fast."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from server.actions import timekeeping
from server.db import Database, Fn
from server.domain.forecast import Promise
from server.live.board import Boards

T = TypeVar("T")
A_NIGHT = 12  # ticks at the most while nobody does anything: it need not be lived through


class Stage(Protocol):
    """What people and agents need of the world. Minutes are the plan's."""

    speed: float  # minutes of the plan in one real minute of whoever watches; 1 where nobody does
    looks_up: float  # minutes after which an idle agent asks again, though nobody has said that somebody came

    def when(self, minute: float) -> datetime:
        """The instant at which `minute` is, was or will be, as the product's clock tells it."""

    async def reach(self, minute: float) -> None:
        """Wait until it is that minute."""

    async def act(self, fn: Fn) -> Any:
        """One action in the branch."""

    async def ask(self, question: Callable[[Session], T]) -> T: ...

    async def promise(self, service: str) -> Promise | None:
        """What somebody who joins for it is told; None where nobody says anything."""


class JumpingClock:
    """What `Database` takes for its clock; it stands still until somebody moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Jumping:
    """As fast as the machine can: `clock` is the one that `db` was opened with. What happens by itself happens too."""

    TICK = timedelta(minutes=5)
    speed, looks_up = 1.0, 10.0

    def __init__(self, db: Database, branch_id: str, clock: JumpingClock, boards: Boards | None = None) -> None:
        self._db, self._branch, self._clock, self._boards = db, branch_id, clock, boards
        self._opening = self._ticked = clock.now

    def when(self, minute: float) -> datetime:
        return self._opening + timedelta(minutes=minute)

    async def reach(self, minute: float) -> None:
        now = self.when(minute)
        tick = max(self.TICK, (now - self._ticked) / A_NIGHT)
        while self._ticked + tick <= now:
            self._ticked += tick
            self._clock.now = self._ticked
            await self.act(timekeeping.tick)
        self._clock.now = max(self._clock.now, now)

    async def act(self, fn: Fn) -> Any:
        return await self._db.act(self._branch, None, fn)

    async def ask(self, question: Callable[[Session], T]) -> T:
        return await self._db.ask(question)

    async def promise(self, service: str) -> Promise | None:
        """Without boards nobody is told anything, and a day is lived in half the time."""
        return (await self._boards.recent(self._branch)).promise(service) if self._boards else None


class Hurried:
    """Real time, in which a minute of the plan takes 60 / speed seconds; what is stored carries real times."""

    LOOKS_UP = 1.5  # real seconds

    def __init__(self, db: Database, branch_id: str, speed: float, boards: Boards) -> None:
        self.speed, self.looks_up = speed, self.LOOKS_UP / 60 * speed
        self._db, self._branch, self._boards = db, branch_id, boards
        self._opening = db.now()

    def when(self, minute: float) -> datetime:
        return self._opening + timedelta(minutes=minute / self.speed)

    async def reach(self, minute: float) -> None:
        """A machine that was asleep or is slow is not made to catch up at once: each does what is due, in order."""
        await asyncio.sleep(max(0.0, (self.when(minute) - self._db.now()).total_seconds()))

    async def act(self, fn: Fn) -> Any:
        return await self._db.act(self._branch, None, fn)

    async def ask(self, question: Callable[[Session], T]) -> T:
        return await self._db.ask(question)

    async def promise(self, service: str) -> Promise | None:
        return (await self._boards.recent(self._branch)).promise(service)
