"""The bus in numbers: whether the other processes hear us, and how much is said."""

import asyncio
from collections.abc import Callable

import pytest

from tests.live.test_redis_bus import PATIENCE, connected, processes
from tests.operations.numbers import read, since
from tests.redis_server import private_redis

pytestmark = pytest.mark.redis


async def test_what_is_said_to_others_and_heard_from_them_is_counted() -> None:
    with private_redis() as redis:
        async with processes(redis) as (here, there):
            await connected(here, there)
            before = read()
            here.bus.announce("harbour", 413)
            await there.hears("harbour", 413)
            assert since(before, "nowserving_nudges_total", way="out") == 1
            assert since(before, "nowserving_nudges_total", way="in") == 1


async def test_redis_that_is_away_is_seen_until_it_is_back() -> None:
    with private_redis() as redis:
        async with processes(redis, count=1) as (here,):
            await connected(here)
            assert read().of("nowserving_bus_up") == 1
            redis.kill()
            await _until(lambda: read().of("nowserving_bus_up") == 0)
            redis.start()
            await _until(lambda: read().of("nowserving_bus_up") == 1)
            assert here.bus.is_up()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.05)
