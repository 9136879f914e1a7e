"""What people see coming happens in its second: a call that is given up, a pause that ends, whatever the clock does."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from server.actions import joining, timekeeping
from server.actions.arranging import services
from server.bus import InProcessBus
from server.db import Database
from server.jobs import DUE_SECONDS, all_jobs, tick_where_due
from server.queries import due
from tests.actions.manager import mira_does
from tests.live.simulated import BEGINNING, FakeBoards, a_hub, clock, simulate
from tests.world import World, branch_of_its_own

MISS_AFTER = 3  # minutes
EXTRA = 2  # minutes, for who said "I'm coming"


async def is_due(world: World) -> bool:
    return world.branch in await world.db.ask(partial(due.in_branches, now=world.clock()))


async def called(world: World) -> None:
    await world.changes(miss_after=MISS_AFTER)
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()


async def misses(world: World) -> int:
    return sum(1 for line in await world.diary(world.ada.ticket) if line.move == "miss")


async def test_a_call_is_given_up_in_the_second_its_countdown_ends(world: World) -> None:
    await called(world)
    told = (await world.view()).counters[0].missed_at
    assert told == world.clock() + timedelta(minutes=MISS_AFTER)
    world.clock.forward(minutes=MISS_AFTER, seconds=-1)
    await tick_where_due(world.db)
    assert (await world.ada.is_()).state == "called"
    world.clock.forward(seconds=1)
    await tick_where_due(world.db)
    assert (await world.ada.is_()).state == "missed"
    assert not await is_due(world)


async def test_who_said_that_they_are_coming_is_given_two_minutes_more(world: World) -> None:
    await called(world)
    await world.ada.does(joining.acknowledge)
    world.clock.forward(minutes=MISS_AFTER + EXTRA, seconds=-1)
    await tick_where_due(world.db)
    assert (await world.ada.is_()).state == "called"
    world.clock.forward(seconds=1)
    await tick_where_due(world.db)
    assert (await world.ada.is_()).state == "missed"


async def test_a_paused_service_opens_in_the_second_that_was_said(world: World) -> None:
    until = world.clock() + timedelta(minutes=30)
    await mira_does(world, services.pause, service_id="renewals", reopens_at=until)
    world.clock.forward(minutes=30, seconds=-1)
    await tick_where_due(world.db)
    assert not (await world.view()).service("renewals").open
    world.clock.forward(seconds=1)
    await tick_where_due(world.db)
    assert (await world.view()).service("renewals").open
    assert not await is_due(world)


@pytest.mark.parametrize("patience", [0, 1, MISS_AFTER])
@pytest.mark.parametrize("acknowledged", [False, True])
async def test_what_is_asked_every_second_is_what_the_tick_would_do(
    world: World, patience: int, acknowledged: bool
) -> None:
    await called(world)
    await world.changes(miss_after=patience)
    if acknowledged:
        await world.ada.does(joining.acknowledge)
    until = world.clock() + timedelta(minutes=MISS_AFTER, seconds=30)
    await mira_does(world, services.pause, service_id="renewals", reopens_at=until)
    for _ in range(2 * (MISS_AFTER + EXTRA + 1)):
        for step in ({"milliseconds": 29_999}, {"milliseconds": 1}):
            world.clock.forward(**step)
            asked, done = await is_due(world), await world.ticks()
            assert asked == bool(done["missed"] or done["opened"]), world.clock()


async def test_a_branch_with_nothing_due_is_not_even_locked(world: World) -> None:
    market = await branch_of_its_own(world.db, world.clock, "market")
    await called(market)
    await world.ada.joins()
    world.clock.forward(minutes=MISS_AFTER)
    seen: list[str | None] = []
    act = world.db.act

    async def noted(branch_id: str | None, key: Any, fn: Callable[..., Any]) -> Any:
        seen.append(branch_id)
        return await act(branch_id, key, fn)

    world.db.act = noted  # type: ignore[method-assign]
    await tick_where_due(world.db)
    assert seen == ["market"]
    assert (await market.ada.is_()).state == "missed"


async def test_two_processes_at_the_same_second_give_a_call_up_once(world: World, database_url: str) -> None:
    await called(world)
    other = Database(database_url, InProcessBus(), world.clock)
    try:
        world.clock.forward(minutes=MISS_AFTER)
        await asyncio.gather(*(tick_where_due(db) for db in (world.db, other, world.db, other)))
    finally:
        await asyncio.to_thread(other.close)
    assert await misses(world) == 1


async def test_a_clock_that_is_set_back_gives_nobody_up_and_one_that_leaps_gives_up_once(world: World) -> None:
    await called(world)
    world.clock.forward(minutes=-90)
    await tick_where_due(world.db)
    assert (await world.ada.is_()).state == "called"
    world.clock.forward(minutes=180)
    await tick_where_due(world.db)
    await tick_where_due(world.db)
    assert await misses(world) == 1


class Rows:
    """A database in which a call falls due seven seconds after the beginning, until somebody ticks."""

    DUE = BEGINNING + timedelta(seconds=7.3)

    def __init__(self) -> None:
        self.ticked: list[Any] = []

    def now(self) -> Any:
        return clock()

    async def ask(self, question: Any) -> list[str]:
        asked_what_is_due = getattr(question, "func", None) is due.in_branches
        return ["harbour"] if asked_what_is_due and not self.ticked and question.keywords["now"] >= self.DUE else []

    async def act(self, branch_id: str | None, key: Any, fn: Any) -> None:
        if fn is timekeeping.tick:
            self.ticked.append(clock())


class Nothing:
    async def count(self) -> None:
        return None


def test_the_server_asks_every_second() -> None:
    async def story() -> None:
        rows, boards = Rows(), FakeBoards()
        jobs = all_jobs(rows, a_hub(boards), boards, Nothing(), lambda: None, set())  # type: ignore[arg-type]
        running = [asyncio.create_task(job) for job in jobs]
        await asyncio.sleep(12)
        for job in running:
            job.cancel()
        await asyncio.wait(running)
        (ticked,) = rows.ticked
        assert ticked - rows.DUE <= timedelta(seconds=DUE_SECONDS)

    simulate(story())
