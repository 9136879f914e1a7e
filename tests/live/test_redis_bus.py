"""The bus over Redis: quick while it is there, harmless while it is not, and nothing on its channel is believed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

import pytest

from server.bus import over_redis
from server.bus.over_redis import RedisBus
from tests.redis_server import PrivateRedis, private_redis

pytestmark = pytest.mark.redis

PATIENCE = 20.0  # seconds on a machine that is busy
CHANNEL = "nowserving:harbours"
GARBAGE: list[bytes] = [
    b"", b"\x00\xff\xfe", b"null", b"[]", b"{}", b"413", b'"harbour"', b"{" * 250, b"[" * 299, b"x" * 10**6,
    b'{"from":1,"branch":"harbour","version":2}', b'{"from":"x","branch":["harbour"],"version":2}',
    b'{"from":"x","branch":"harbour"}', b'{"from":"x","branch":"harbour","version":"2"}',
    b'{"from":"x","branch":"harbour","version":1e999}', b'{"from":"x","branch":"harbour","version":NaN}',
    b'{"from":"x","branch":"harbour","version":-7}', b'{"from":"x","branch":"harbour","version":0}',
    b'{"from":"x","branch":"harbour","version":' + b"9" * 200 + b"}", b'{"branch":"harbour","version":2}',
]  # fmt: skip


class Ear:
    """What one process hears."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus
        self.heard: list[tuple[str, int]] = []
        self.doubts = 0
        self._news = asyncio.Event()
        bus.listen(self._hear, self._doubt)

    async def until(self, so: Callable[[], bool], within: float = PATIENCE) -> None:
        """Wait until something is so that a word or a doubt may bring about; AssertionError after `within` seconds."""
        async with asyncio.timeout(within):
            while not so():
                self._news.clear()
                await self._news.wait()

    async def hears(self, branch: str, version: int, within: float = PATIENCE) -> None:
        await self.until(lambda: (branch, version) in self.heard, within)

    def _hear(self, branch: str, version: int) -> None:
        self.heard.append((branch, version))
        self._news.set()

    def _doubt(self) -> None:
        self.doubts += 1
        self._news.set()


@asynccontextmanager
async def processes(redis: PrivateRedis, count: int = 2, channel: str = CHANNEL) -> AsyncIterator[list[Ear]]:
    """As many processes as on several machines, each with its bus; connected when Redis is there."""
    async with AsyncExitStack() as stack:
        ears = [Ear(RedisBus(redis.url, channel)) for _ in range(count)]
        for ear in ears:
            await ear.bus.start()
            stack.push_async_callback(ear.bus.stop)
        yield ears


async def connected(*ears: Ear) -> None:
    for ear in ears:
        await ear.until(lambda ear=ear: ear.doubts > 0)  # type: ignore[misc]


async def falls(bus: RedisBus) -> None:
    """Wait until the bus has noticed that Redis is away."""
    async with asyncio.timeout(PATIENCE):
        while bus.is_up():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
def redis() -> Iterator[PrivateRedis]:
    with private_redis() as server:
        yield server


async def test_what_one_process_announces_the_others_hear(redis: PrivateRedis) -> None:
    async with processes(redis, 3) as (one, *others):
        await connected(one, *others)
        one.bus.announce("harbour", 414)
        for other in others:
            await other.hears("harbour", 414)
        assert one.heard == [("harbour", 414)]  # once: at once, and not again when it comes back


async def test_ones_own_words_need_no_redis(redis: PrivateRedis) -> None:
    redis.kill()
    async with processes(redis, 1) as (one,):
        one.bus.announce("harbour", 414)
        await one.hears("harbour", 414)
        assert not one.bus.is_up()


async def test_a_burst_from_many_threads_ends_in_the_newest(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other):
        await connected(one, other)
        await asyncio.gather(*(asyncio.to_thread(_announces, one, start) for start in range(1, 5)))
        await other.hears("harbour", 4000)


def _announces(ear: Ear, start: int) -> None:
    for version in range(start, 4001, 4):
        ear.bus.announce("harbour", version)


async def test_of_what_is_announced_at_once_only_the_newest_is_said(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other):
        await connected(one, other)
        for version in (*range(1, 1001), 3):
            one.bus.announce("harbour", version)
        await other.hears("harbour", 1000)
        one.bus.announce("harbour", 1001)
        await other.hears("harbour", 1001)
        assert other.heard == [("harbour", 1000), ("harbour", 1001)]


async def test_announcing_to_a_frozen_redis_costs_no_time_and_no_memory(redis: PrivateRedis) -> None:
    async with processes(redis, 1) as (one,):
        await connected(one)
        redis.freeze()
        began = monotonic()
        for version in range(1, 20_001):
            one.bus.announce("harbour", version)
        await one.hears("harbour", 20_000)
        assert monotonic() - began < 5
        assert one.bus._outbox.keys() <= {"harbour"}
        redis.thaw()


async def test_garbage_on_the_channel_is_passed_over(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other):
        await connected(one, other)
        for garbage in GARBAGE:
            redis.does("PUBLISH", CHANNEL, garbage)
        other.bus.announce("harbour", 7)
        await one.hears("harbour", 7)
        assert one.heard == [("harbour", 7)]
        assert (one.bus.is_up(), one.doubts) == (True, 1)


async def test_garbage_that_is_believed_would_be_noticed(redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    read = over_redis._read
    monkeypatch.setattr(over_redis, "_read", lambda data: read(data) or ("somebody", "harbour", 1))
    with pytest.raises(AssertionError):
        await test_garbage_on_the_channel_is_passed_over(redis)


async def test_a_killed_redis_that_comes_back_empty_is_found_again_and_everything_is_doubted(
    redis: PrivateRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with processes(redis) as (one, other):
        await connected(one, other)
        redis.kill()
        await falls(one.bus)
        await falls(other.bus)
        redis.start()
        await one.until(lambda: one.doubts == 2)
        await other.until(lambda: other.doubts == 2)
        other.bus.announce("harbour", 416)
        await one.hears("harbour", 416)
        assert one.bus.is_up()
        assert other.bus.is_up()
    said = [record.getMessage() for record in caplog.records if record.name == over_redis.__name__]
    assert sorted(line.partition(":")[0] for line in said) == ["Redis is away"] * 2 + ["Redis is back"] * 2


async def test_without_redis_at_the_start_the_server_starts_and_finds_it_later() -> None:
    with private_redis(started=False) as redis:
        async with processes(redis) as (one, other):
            one.bus.announce("harbour", 7)
            await one.hears("harbour", 7)
            assert (one.bus.is_up(), other.bus.is_up()) == (False, False)
            redis.start()
            await connected(one, other)
            one.bus.announce("harbour", 8)
            await other.hears("harbour", 8)


async def test_a_frozen_redis_is_noticed(redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_redis, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(over_redis, "ANSWER_SECONDS", 0.5)
    async with processes(redis, 1) as (one,):
        await connected(one)
        redis.freeze()
        await falls(one.bus)
        redis.thaw()
        await one.until(lambda: one.doubts == 2)


async def test_a_subscription_that_is_cut_is_made_again_and_what_was_missed_is_looked_for(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other):
        await connected(one, other)
        redis.does("CLIENT", "KILL", "TYPE", "pubsub")
        await one.until(lambda: one.doubts == 2)
        await other.until(lambda: other.doubts == 2)
        one.bus.announce("harbour", 9)
        await other.hears("harbour", 9)


async def test_what_is_announced_while_only_we_are_cut_off_is_kept_and_said(redis: PrivateRedis) -> None:
    async with processes(redis, 1) as (one,):
        await connected(one)
        ours = redis.clients()
        async with processes(redis, 1) as (other,):
            await connected(other)
            for client in ours:
                redis.does("CLIENT", "KILL", "ID", client)
            one.bus.announce("harbour", 415)
            await other.hears("harbour", 415)
            assert other.doubts == 1


async def test_a_listeners_fault_is_no_reason_to_hang_up(redis: PrivateRedis) -> None:
    def broken(branch: str, version: int) -> None:
        raise ZeroDivisionError

    async with processes(redis) as (one, other):
        one.bus.listen(broken)
        await connected(one, other)
        other.bus.announce("harbour", 1)
        await one.hears("harbour", 1)
        other.bus.announce("harbour", 2)
        await one.hears("harbour", 2)
        assert one.doubts == 1


async def test_what_was_announced_last_is_still_said_at_the_end(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other):
        await connected(one, other)
        one.bus.announce("harbour", 99)
        await one.bus.stop()
        await other.hears("harbour", 99)


async def test_the_end_waits_for_no_frozen_redis(redis: PrivateRedis) -> None:
    async with processes(redis, 1) as (one,):
        await connected(one)
        redis.freeze()
        one.bus.announce("harbour", 1)
        await one.hears("harbour", 1)
        began = monotonic()
        await one.bus.stop()
        assert monotonic() - began < over_redis.LAST_WORDS_SECONDS + 2
        redis.thaw()


async def test_two_installations_on_one_redis_hear_nothing_of_each_other(redis: PrivateRedis) -> None:
    async with processes(redis) as (one, other), processes(redis, 1, "nowserving:elsewhere") as (stranger,):
        await connected(one, other, stranger)
        stranger.bus.announce("harbour", 1)
        one.bus.announce("harbour", 2)
        await other.hears("harbour", 2)
        assert (other.heard, stranger.heard) == ([("harbour", 2)], [("harbour", 1)])
