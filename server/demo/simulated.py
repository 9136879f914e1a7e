"""Days of a branch as fast as the machine can, on a database of their own: for tests and for benchmarks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from server.branch_file import BranchFile
from server.bus import InProcessBus
from server.db import Database
from server.demo.agents import live_day
from server.demo.hall import Hall, Place
from server.demo.kinds import Kind
from server.demo.plan import Day, plan_day
from server.demo.staged import opening, staged
from server.demo.stages import Jumping, JumpingClock
from server.domain.presence import Presence
from server.first_start import set_up
from server.live.board import Boards

A_MONDAY = date(2026, 11, 23)
WORKDAYS = 5
KEY = b"a key for simulated branches, and for nothing else"


@dataclass
class Simulation:
    """A branch before its first day, or between two days."""

    kind: Kind
    seed: int
    file: BranchFile
    db: Database
    hall: Hall
    boards: Boards | None
    lived: int = 0

    async def live(self) -> Day:
        """The next working day, and the night after it; what was planned."""
        weeks, weekday = divmod(self.lived, WORKDAYS)
        planned = plan_day(self.kind, self.file, self.seed, self.lived)
        begins = (7 * weeks + weekday) * 24 * 60.0
        await self.hall.stage.reach(begins)
        await live_day(self.hall, planned, begins)
        await self.hall.agenda.run(self.hall.stage.reach, lambda: self.hall.agenda.now < begins + 24 * 60 - 1)
        await self.hall.stage.reach(begins + 24 * 60 - 1)
        self.lived += 1
        return planned


@asynccontextmanager
async def simulated(
    url: str, kind: Kind, seed: int, first: date = A_MONDAY, *, told: bool = True
) -> AsyncIterator[Simulation]:
    """The branch that `kind` and `seed` make, on the migrated and empty database at `url`; `first`: a Monday.

    `told`: whether those who join are told a wait, which has to be drawn for each.
    """
    file = staged(kind)
    clock = JumpingClock(opening(kind, file, first) - timedelta(minutes=1))
    db = Database(url, InProcessBus(), clock)
    try:
        place = Place.of(await set_up(db, file))
        clock.now = opening(kind, file, first)
        boards = Boards(db.ask, clock) if told else None
        hall = Hall(Jumping(db, place.branch, clock, boards), place, Presence(KEY), seed)
        yield Simulation(kind, seed, file, db, hall, boards)
    finally:
        db.close()
