"""Reports of random days, on both databases, held against a slow count of every diary (tests/slow_report.py).

The days lie around changes of the clocks, in several time zones; a business day may begin at four in the morning.
"""

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.actions import joining, serving
from server.bus import InProcessBus
from server.chance import new_id
from server.db import Database
from server.domain.errors import Refusal
from server.domain.forecast import Promise
from server.domain.people import Actor
from server.domain.reports import report as told
from server.domain.reports import visits
from server.domain.reports.facts import EVERYTHING, Facts, Only
from server.domain.reports.report import Report, Row, Spread
from server.domain.ticket import Ticket
from server.queries import reports, tickets
from tests import databases
from tests.slow_report import slow_report
from tests.world import Agent, Clock, Customer, World, branch_of_its_own

EXAMPLES = {"full": 400}.get(os.environ.get("SCALE", ""), 8)
STEPS = 150
SERVICES = ("new-passport", "renewals")
CHANNELS = ("phone", "kiosk")
AROUND = [
    ("Europe/Paris", datetime(2026, 3, 28, 21, tzinfo=UTC)),  # to summer time on the 29th
    ("America/New_York", datetime(2026, 11, 1, 1, tzinfo=UTC)),  # back on the 1st
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 10, tzinfo=UTC)),  # by half an hour on the 4th
    ("Asia/Kathmandu", datetime(2026, 6, 1, 15, tzinfo=UTC)),
]
WHAT = {
    "expected": ["arrive", "arrive", "change", "leave"],
    "waiting": ["call"] * 5 + ["away", "postpone", "change", "leave", "remove"],
    "away": ["back", "back", "leave"],
    "called": ["start"] * 5 + ["miss", "miss", "put back", "postpone", "transfer", "leave", "undo"],
    "serving": ["finish"] * 4 + ["transfer"] * 2 + ["park", "remove", "undo"],
    "parked": ["ready", "unpark", "unpark", "call", "transfer", "leave", "undo"],
    "missed": ["return", "return", "return", "leave", "undo"],
}
AT_A_COUNTER, IN_THE_BRANCH, GONE, BY_ITSELF = 0.5, 0.7, 0.8, 0.82
MOST = 0.8
AFTERWARDS = ["undo", "rate"]
BY_CUSTOMER: dict[str, Callable[..., Any]] = {
    "away": joining.step_away, "back": joining.come_back, "postpone": joining.postpone, "ready": joining.get_ready,
    "return": joining.come_again, "leave": joining.leave,
}  # fmt: skip
BY_AGENT: dict[str, Callable[..., Any]] = {
    "start": serving.start, "miss": serving.miss, "put back": serving.put_back, "park": serving.park,
    "unpark": serving.unpark, "call": serving.call, "finish": serving.finish, "transfer": serving.transfer,
    "remove": serving.remove,
}  # fmt: skip
serial = itertools.count()


class Days:
    """Some days of one branch, as chance will have them. Some of what is tried is refused."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, Random(seed)
        self.people: list[Customer] = []

    async def pass_by(self) -> None:
        await self.agents_take_their_counters()
        for _ in range(STEPS):
            longest = self.chance.choice([5, 20, 50, 50, 50, 300, 900, 15_000])
            self.world.clock.forward(seconds=self.chance.uniform(0, longest))
            try:
                await self.something_happens()
            except Refusal:  # nobody stands at the counter any more, perhaps: the day has turned
                await self.agents_take_their_counters()

    async def agents_take_their_counters(self) -> None:
        for agent, label in ((self.world.ken, "1"), (self.world.lola, "2")):
            agent.counter = self.world.counters[label]
            with suppress(Refusal):
                await agent.takes(label)

    async def something_happens(self) -> None:
        """Half of the time at a counter, else somewhere in the branch, now and then to somebody who has gone."""
        here = await self.world.ask(tickets.open_tickets, self.world.branch)
        served = [ticket for ticket in here if ticket.counter_id]
        dice = self.chance.random()
        if served and dice < AT_A_COUNTER:
            await self.moves(self.chance.choice(served), served)
        elif here and dice < IN_THE_BRANCH:
            await self.moves(self.chance.choice(here), served)
        elif self.people and dice < GONE:
            await self.moves(await self.chance.choice(self.people[-8:]).is_(), served)
        elif dice < BY_ITSELF:
            await self.world.ticks()
        else:
            await self.joins(here=self.chance.random() < MOST)

    async def joins(self, here: bool) -> None:
        person = self.world.customer("Guest")
        promised = self.chance.choice([None, Promise(0, 0), Promise(2, 5), Promise(10, 20)])
        wish = joining.Joining(
            new_id(), self.chance.choice(SERVICES), self.chance.choice(CHANNELS), "en",
            visitor=person.visitor, here=here, promised=promised,
        )  # fmt: skip
        by, presence = Actor("customer", person.visitor), self.world.presence
        person.ticket = (await self.world.act(joining.join, by=by, joining=wish, presence=presence))["ticket"]
        self.people.append(person)

    async def moves(self, ticket: Ticket, served: list[Ticket]) -> None:
        """By the agent at whose counter it is, else by one who is free."""
        agents = [self.world.ken, self.world.lola]
        busy = {each.counter_id for each in served if each.is_current}
        there = [agent for agent in agents if agent.counter == ticket.counter_id] if ticket.is_open else []
        free = [agent for agent in agents if agent.counter not in busy]
        agent = self.chance.choice(there or free or agents)
        person = next(person for person in self.people if person.ticket == ticket.id)
        what = self.chance.choice(WHAT.get(ticket.state, AFTERWARDS))
        if action := BY_CUSTOMER.get(what):
            await person.does(action)
        elif action := BY_AGENT.get(what):
            await agent.does(action, ticket.id, **self.said(what, agent, ticket))
        elif what == "change":
            await person.does(joining.change_service, service=self.chance.choice(SERVICES))
        elif what == "arrive":
            await person.does(joining.arrive, proof=None, presence=self.world.presence, here=True)
        elif what == "undo":
            await self.world.mira.undoes(ticket.id)
        elif what == "rate":
            await person.rates(self.chance.randint(1, 5), good=("care",), not_good=("prompt",))

    def said(self, what: str, agent: Agent, ticket: Ticket) -> dict[str, Any]:
        """What a move needs besides its ticket."""
        to = [{"service": self.chance.choice(SERVICES)}, {"counter": self.world.counters["2"]}]
        known = self.chance.choice(["resolved", "needs-documents", "referred"])
        more: dict[str, dict[str, Any]] = {
            "call": {"counter_id": agent.counter, "reason": "asked for"},
            "transfer": self.chance.choice(to),
            "remove": {"reason": "asked to"},
            "finish": {"outcome": known if ticket.service_id == "new-passport" else None},
        }
        return more.get(what, {})


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Both databases, without waiting for a disk."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's own memory disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        sqlite, postgresql = (request.getfixturevalue(f"{kind}_pattern") for kind in ("sqlite", "postgresql"))
        in_no_hurry = "options=-csynchronous_commit%3Doff"
        yield [databases.copy_of(sqlite, Path(folder)), f"{databases.copy_of(postgresql, Path(folder))}?{in_no_hurry}"]


@pytest.mark.postgres
@pytest.mark.timeout(3600)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None,
    derandomize=os.environ.get("SCALE") != "full", phases=[Phase.generate],
)  # fmt: skip
@given(around=st.sampled_from(AROUND), day_starts_at=st.sampled_from(["00:00", "04:00"]), seed=st.integers(0, 10**9))
def test_a_report_says_what_a_slow_count_of_every_diary_says(
    both: list[str], around: tuple[str, datetime], day_starts_at: str, seed: int
) -> None:
    for url in both:
        asyncio.run(_is_as_counted_slowly(url, *around, day_starts_at, seed))


@pytest.mark.postgres
def test_the_slow_count_notices_a_move_that_was_undone_and_counts(
    both: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive control: the undone stays."""
    monkeypatch.setattr(visits, "standing", lambda diary: [line for line in diary if line.move != "undo"])
    with pytest.raises(AssertionError):
        asyncio.run(_seeds(both[0], 20))


@pytest.mark.postgres
def test_the_slow_count_notices_hours_of_another_zone(both: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: the clock of Greenwich."""
    in_the_branch = told.on_the_wall
    monkeypatch.setattr(told, "on_the_wall", lambda slots, _: in_the_branch(slots, ZoneInfo("Europe/London")))
    with pytest.raises(AssertionError):
        asyncio.run(_is_as_counted_slowly(both[0], *AROUND[1], "00:00", 1))


@pytest.mark.postgres
def test_the_slow_count_notices_who_is_counted_at_a_counter_that_never_called_them(
    both: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive control: one of the four tables is not narrowed."""
    add = Facts.add

    def forgetful(facts: Facts, table: str, columns: Any) -> None:
        only = facts.only
        facts.only = EVERYTHING if table == "given" else only
        add(facts, table, columns)
        facts.only = only

    monkeypatch.setattr(Facts, "add", forgetful)
    with pytest.raises(AssertionError):
        asyncio.run(_is_as_counted_slowly(both[0], *AROUND[0], "00:00", 1))


@pytest.mark.postgres
def test_the_slow_count_notices_reasons_of_other_services(both: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: what the database counts is not narrowed."""
    monkeypatch.setattr(reports, "_of", lambda *_: [])
    with pytest.raises(AssertionError):
        asyncio.run(_is_as_counted_slowly(both[0], *AROUND[0], "00:00", 1))


async def _seeds(url: str, count: int) -> None:
    for seed in range(count):
        await _is_as_counted_slowly(url, *AROUND[0], "00:00", seed)


async def _is_as_counted_slowly(url: str, zone: str, start: datetime, day_starts_at: str, seed: int) -> None:
    clock = Clock(start)
    db = Database(url, InProcessBus(), clock)
    try:
        world = await branch_of_its_own(db, clock, f"r{next(serial)}", remote_joining="expected")
        await world.changes(time_zone=zone, day_starts_at=day_starts_at, hours=None, undo_seconds=3600)
        await Days(world, seed).pass_by()
        middle = (start + timedelta(days=1)).date()
        after = middle + timedelta(days=1)
        weeks = (after - reports.PIECE, after + reports.PIECE)  # pieces meet between these two days
        for days in ((date(2026, 1, 1), date(2026, 12, 31)), (middle, middle)):
            assert _as_counted(await _reported(world, days)) == await world.ask(slow_report, world.branch, *days)
        for only in (EVERYTHING, *_narrowings(world, Random(seed))):
            slowly = await world.ask(slow_report, world.branch, *weeks, only.service, only.counter, only.channel)
            assert _as_counted(await _reported(world, weeks, only)) == slowly, only
        await _each_row_is_a_report_of_its_own(world, weeks)
    finally:
        db.close()


async def _reported(world: World, days: tuple[date, date], only: Only = EVERYTHING) -> Report:
    return await world.db.ask_at_length(lambda session: reports.report(session, world.branch, *days, only))


def _narrowings(world: World, chance: Random) -> list[Only]:
    """A pair and all three by chance; counter 3, where nobody ever stands, among them."""
    service, channel = chance.choice(SERVICES), chance.choice(CHANNELS)
    counter, never = world.counters[chance.choice("12")], world.counters["3"]
    pair = chance.choice([Only(service, counter), Only(service, channel=channel), Only(None, counter, channel)])
    return [pair, Only(service, counter, channel), Only(counter=never), Only(channel="api")]


async def _each_row_is_a_report_of_its_own(world: World, days: tuple[date, date]) -> None:
    """Narrowed to a service, a counter or a channel, everybody is who stood in its row before."""
    whole = await _reported(world, days)
    for part in ("service", "counter", "channel"):
        for key, row in whole.parts[part].items():
            narrowed = await _reported(world, days, Only(**{part: str(key)}))
            assert narrowed.whole == row
            assert narrowed.parts[part] == {key: row}


def _as_counted(report: Report) -> dict[str, Any]:
    parts = {part: {key: _row(row) for key, row in rows.items()} for part, rows in report.parts.items()}
    return {
        "whole": _row(report.whole), **parts, "heat": report.heat,
        "lost": {key: n for key, n in report.lost.items() if n}, "open": report.still_open,
        "outcomes": report.outcomes, "resolved": report.resolved, "asked": report.asked,
        "scores": {score: n for score, n in report.scores.items() if n}, "good": report.good,
        "not_good": report.not_good,
    }  # fmt: skip


def _row(row: Row) -> dict[str, Any]:
    def short(spread: Spread) -> tuple[int, int | None, int | None]:
        return spread.n, spread.p50, spread.p90

    return asdict(row) | {"waits": short(row.waits), "services": short(row.services)}
