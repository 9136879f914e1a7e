"""How often waits came true is counted by a job and kept: no request counts it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from server import jobs as jobs_
from server.domain.honesty import Tally
from server.jobs import COUNT_SECONDS, all_jobs
from server.live.board import Boards
from server.live.honesty import FRESH_FOR, Honesty
from server.live.hub import Hub
from tests.told_waits import told
from tests.world import World


class Asked:
    """A database that counts the questions."""

    def __init__(self, world: World) -> None:
        self._world, self.times = world, 0

    async def __call__(self, question: Callable[..., Any]) -> Any:
        self.times += 1
        return await self._world.db.ask(question)


@pytest.fixture
def asked(world: World) -> Asked:
    return Asked(world)


@pytest.fixture
def honesty(world: World, asked: Asked) -> Honesty:
    return Honesty(asked, world.db.now)


async def test_until_it_is_counted_nothing_is_said(world: World, honesty: Honesty, asked: Asked) -> None:
    await told(world, kept=100)
    assert (honesty.of(world.branch), honesty.of_ten(world.branch), asked.times) == (None, None, 0)


async def test_it_is_counted_every_five_minutes_and_never_by_asking(
    world: World, honesty: Honesty, asked: Asked
) -> None:
    await told(world, kept=99)
    await honesty.count()
    assert honesty.of_ten(world.branch) is None
    found = honesty.of(world.branch)
    assert found is not None
    assert found.later == Tally(99, 99, 0, 99.0)
    world.clock.forward(minutes=1)
    before = asked.times
    await honesty.count()
    assert asked.times == before + 1  # which branches there are
    for _ in range(100):
        honesty.of_ten(world.branch)
    assert asked.times == before + 1
    world.clock.now += FRESH_FOR
    await honesty.count()
    assert asked.times == before + 3


async def test_from_a_hundred_on_it_is_said_rounded_down(world: World, honesty: Honesty) -> None:
    await told(world, kept=99, broken=1)
    await honesty.count()
    assert honesty.of_ten(world.branch) == 9


async def test_a_branch_that_is_not_there_has_no_record(honesty: Honesty) -> None:
    await honesty.count()
    assert honesty.of("nowhere") is None


async def test_a_server_that_starts_counts_after_its_first_moments(
    world: World, honesty: Honesty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits five minutes for it."""
    monkeypatch.setattr(jobs_, "FIRST_MOMENTS", 0.1)
    await told(world, kept=100)
    boards = Boards(world.db.ask, world.db.now)
    hub = Hub(boards, {}, world.db.now)
    jobs = [asyncio.create_task(job) for job in all_jobs(world.db, hub, boards, honesty, lambda: None, set())]
    try:
        async with asyncio.timeout(COUNT_SECONDS / 2):
            kept = None
            while kept is None:
                await asyncio.sleep(0.01)
                kept = honesty.of_ten(world.branch)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    assert kept == 10
