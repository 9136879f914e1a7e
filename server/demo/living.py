"""Day after day inside a server: the branch that `nowserving demo` shows, and one line that says what is going on."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import nan
from typing import Any, Self

from server.branch_file import BranchFile
from server.db import Database
from server.demo.agents import live_day
from server.demo.hall import Hall, Place
from server.demo.kinds import KINDS, Kind
from server.demo.plan import plan_day
from server.demo.staged import hurried, is_ours, staged
from server.demo.stages import Hurried
from server.domain.errors import Refusal
from server.domain.moves import CURRENT, State
from server.domain.presence import Presence
from server.first_start import Beginning
from server.live.board import Boards
from server.queries import tickets

SLOWEST, FASTEST = 1, 120  # at 120 a customer of six minutes is served in three seconds: more cannot be watched
NIGHT = 5.0  # minutes of the plan between two days: nobody wants to watch an empty hall
TOLD_EVERY = 1.0  # seconds
log = logging.getLogger(__name__)


class NoSuchDemo(Exception):
    """What cannot be shown; its text is the sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is shown: a kind of branch, the seed of its people, and how many times as fast as real."""

    kind: Kind
    seed: int
    speed: float

    @classmethod
    def of(cls, kind: str, seed: int, speed: str) -> Self:
        """As somebody typed it; NoSuchDemo for a kind or a speed that there is not."""
        if kind not in KINDS:
            raise NoSuchDemo(f"There is no demo of the kind {kind}: choose --kind {', '.join(KINDS)}.")
        if not SLOWEST <= _number(speed) <= FASTEST:
            raise NoSuchDemo(f"A demo cannot run at --speed {speed}: choose a number from {SLOWEST} to {FASTEST}.")
        return cls(KINDS[kind], seed, _number(speed))

    def file(self) -> BranchFile:
        """The branch to set up."""
        return hurried(staged(self.kind), self.speed)

    def for_people(self, beginning: Beginning) -> Beginning:
        """The links without those of the demo's own agents: whoever opened one would stand where they stand."""
        return Beginning([door for door in beginning.doors if not is_ours(door.name)], beginning.kiosk)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


class Living:
    """The branch that `setup` made from `demo.file()`, brought to life. `tell` is given one line each second."""

    def __init__(self, demo: Demo, made: dict[str, Any], presence: Presence, tell: Callable[[str], None]) -> None:
        self._demo, self._place, self._presence, self._tell = demo, Place.of(made), presence, tell
        self._opening = 0.0  # minute of the agenda at which the present day began

    async def run(self, db: Database, boards: Boards) -> None:
        """Until it is cancelled."""
        stage = Hurried(db, self._place.branch, self._demo.speed, boards)
        hall = Hall(stage, self._place, self._presence, self._demo.seed)
        telling = asyncio.create_task(self._tells(hall))
        try:
            await self._days(hall)
        except Exception:
            log.exception("the demo's people have stopped; the server goes on")
        finally:
            telling.cancel()

    async def _days(self, hall: Hall) -> None:
        file = staged(self._demo.kind)  # not the hurried one: its minutes are what the plan is made of
        for number in count():
            await live_day(hall, plan_day(self._demo.kind, file, self._demo.seed, number), self._opening)
            hall.forget_who_has_gone()
            self._opening = hall.agenda.now + NIGHT

    async def _tells(self, hall: Hall) -> None:
        while True:
            try:
                found = await hall.stage.ask(lambda session: tickets.open_tickets(session, self._place.branch))
            except Refusal:  # the database is not there for a moment
                found = []
            await hall.answer(ticket for ticket in found if ticket.state == State.CALLED)
            self._tell(self._line(hall, [ticket.state for ticket in found]))
            await asyncio.sleep(TOLD_EVERY)

    def _line(self, hall: Hall, states: list[str]) -> str:
        clock = self._demo.kind.clock(max(0.0, hall.agenda.now - self._opening))
        waiting = sum(state in (State.WAITING, State.AWAY) for state in states)
        current = sum(state in CURRENT for state in states)
        served, left, missed = (hall.done[action] for action in ("finish", "leave", "miss"))
        return (
            f"{clock} in the branch: {waiting} waiting, {current} at the counters; "
            f"{served} served, {left} left, {missed} missed their call"
        )
