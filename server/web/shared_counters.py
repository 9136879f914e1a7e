"""Hits counted in Redis for all processes; while Redis is away nobody waits for it, and each counts by itself."""

import asyncio
from collections.abc import Callable
from time import monotonic, time
from typing import Any

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.web.counters import InMemory

ANSWER_SECONDS = 0.1  # no request waits longer for Redis
AWAY_SECONDS = 5.0  # once it did not answer, it is left alone for so long
CONNECTIONS = 16


class InRedis:
    """For all processes of an installation; each counts by itself while Redis does not answer.

    `alias`: what stands there instead of an address or a login, the same in each process, and not to be turned back.
    """

    def __init__(
        self, url: str, prefix: str, alias: Callable[[str], str], clock: Callable[[], float] = monotonic
    ) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=CONNECTIONS, timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0),
        )  # fmt: skip
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix=prefix, **options)
        self._limiter = MovingWindowRateLimiter(storage)
        self._here = InMemory(clock)
        self._alias, self._clock = alias, clock
        self._away_until: float | None = None

    async def hit(self, item: RateLimitItem, *who: str) -> float:
        if self._away_until is not None:
            if self._clock() < self._away_until:
                return await self._here.hit(item, *who)
            self._away_until = self._clock() + AWAY_SECONDS  # one tries, the others do not wait for it
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                left = await self._hit(item, *who)
        except (RedisError, OSError, TimeoutError):
            self._away_until = self._clock() + AWAY_SECONDS
            return await self._here.hit(item, *who)
        self._away_until = None
        return left

    async def close(self) -> None:
        await self._pool.aclose()

    async def _hit(self, item: RateLimitItem, *who: str) -> float:
        hidden = [self._alias(each) for each in who]
        if await self._limiter.hit(item, *hidden):
            return 0.0
        stats = await self._limiter.get_window_stats(item, *hidden)
        return max(stats.reset_time - time(), 0.001)
