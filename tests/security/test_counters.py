"""The counters behind every cap: exact, shared where processes are many, and never a reason to wait."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

import pytest
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from server.web import counters, shared_counters
from server.web.counters import Counters, InMemory
from server.web.shared_counters import InRedis
from tests.redis_server import PrivateRedis, private_redis

THREE = RateLimitItemPerMinute(3)
WHERE = "192.0.2.7"


class Watch:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateRedis]:
    """With patience, so that a busy machine does not make it look away."""
    monkeypatch.setattr(shared_counters, "ANSWER_SECONDS", 5.0)
    with private_redis() as server:
        yield server


@asynccontextmanager
async def shared(redis: PrivateRedis, count: int = 1) -> AsyncIterator[list[InRedis]]:
    """The counters of so many processes."""
    async with AsyncExitStack() as stack:
        made = [InRedis(redis.url, "nowserving:test", lambda text: f"<{hash(text)}>", Watch()) for _ in range(count)]
        for each in made:
            stack.push_async_callback(each.close)
        yield made


async def let_through(where: Counters, times: int = 10, who: str = WHERE) -> int:
    return sum([await where.hit(THREE, "join", who) == 0 for _ in range(times)])


async def test_a_cap_counts_each_by_itself_and_opens_again_as_its_hits_grow_old() -> None:
    watch = Watch()
    here = InMemory(watch)
    assert await let_through(here) == 3
    assert await let_through(here, who="192.0.2.8") == 3
    watch.now += 20
    assert await here.hit(THREE, "join", WHERE) == pytest.approx(40)
    watch.now += 40
    assert await let_through(here) == 3


async def test_a_window_moves_with_each_hit_and_not_with_the_clocks_minutes() -> None:
    watch = Watch()
    here = InMemory(watch)
    for _ in range(3):
        await here.hit(THREE, WHERE)
        watch.now += 15
    assert await here.hit(THREE, WHERE) == pytest.approx(15)
    watch.now += 15
    assert await let_through_now(here) == 1


async def let_through_now(here: InMemory) -> int:
    return sum([await here.hit(THREE, WHERE) == 0 for _ in range(3)])


async def test_who_has_not_been_here_for_long_is_forgotten() -> None:
    watch = Watch()
    here = InMemory(watch)
    for number in range(1000):
        await here.hit(THREE, str(number))
    watch.now += 2 * counters.SWEEP_SECONDS
    await here.hit(THREE, "one more")
    assert len(here) == 1


@pytest.mark.redis
async def test_several_processes_count_together(redis: PrivateRedis) -> None:
    async with shared(redis, 3) as processes:
        passed = [await let_through(each, times=1) for each in processes * 3]
        assert sum(passed) == THREE.amount
        left = await processes[0].hit(THREE, "join", WHERE)
        assert 0 < left <= 60


async def test_processes_that_count_alone_would_be_noticed() -> None:
    assert sum([await let_through(each, times=3) for each in (InMemory(), InMemory())]) > THREE.amount


@pytest.mark.redis
async def test_a_shared_cap_opens_again(redis: PrivateRedis) -> None:
    twice = RateLimitItemPerSecond(2)
    async with shared(redis) as (one,):
        assert [await one.hit(twice, WHERE) > 0 for _ in range(3)] == [False, False, True]
        async with asyncio.timeout(20):
            while await one.hit(twice, WHERE):
                pass


@pytest.mark.redis
async def test_a_frozen_redis_is_waited_for_once_and_the_cap_holds_in_each_process(
    redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_counters, "ANSWER_SECONDS", 0.1)
    async with shared(redis) as (one,):
        redis.freeze()
        began = monotonic()
        at_once = await asyncio.gather(*(one.hit(THREE, "join", WHERE) for _ in range(50)))
        assert monotonic() - began < 25 * shared_counters.ANSWER_SECONDS  # half of what it were one after the other
        assert sum(left == 0 for left in at_once) == THREE.amount
        monkeypatch.setattr(one, "_hit", _fails)  # nobody asks it again
        assert await let_through(one, who="192.0.2.8") == THREE.amount
        redis.thaw()


async def _fails(*_: object) -> float:
    raise AssertionError


@pytest.mark.redis
async def test_a_redis_that_is_left_alone_for_a_while_is_asked_again(redis: PrivateRedis) -> None:
    async with shared(redis, 2) as (one, other):
        assert await let_through(one) == 3
        redis.kill()
        assert await let_through(one) == 3  # it counts for itself now
        redis.start()
        assert await let_through(one) == 0
        for each in (one, other):
            assert isinstance(each._clock, Watch)
            each._clock.now += shared_counters.AWAY_SECONDS + 1
        assert await let_through(one, times=2) == 2  # it came back empty, and without the scripts
        assert await let_through(other) == 1


@pytest.mark.redis
async def test_no_address_and_no_name_stands_in_redis(redis: PrivateRedis) -> None:
    async with shared(redis) as (one,):
        await one.hit(THREE, "sign-in", "mira")
        await one.hit(THREE, "join", WHERE)
        keys = redis.does("KEYS", "*")
        assert isinstance(keys, list)
        assert len(keys) == 2
        assert not any(b"mira" in key or WHERE.encode() in key for key in keys)
        assert all(0 < int(str(redis.does("TTL", key))) <= 60 for key in keys)
