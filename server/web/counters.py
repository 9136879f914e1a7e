"""Where hits are counted: here in this process; shared_counters.py counts for several."""

from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Protocol

from limits import RateLimitItem

SWEEP_SECONDS = 60.0  # how often counters that have run out are forgotten


class Counters(Protocol):
    """Moving windows: at most `item.amount` hits of one `who` within its time, counted from each hit."""

    async def hit(self, item: RateLimitItem, *who: str) -> float:
        """Count one and give 0.0; or count nothing and give the seconds until one would be let through."""
        ...

    async def close(self) -> None: ...


class InMemory:
    """For one process. (The storages in memory that come with `limits` start a thread or a task at each hit: 0.3 to 0.9
    ms, where this takes some microseconds.) `clock`: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._hits: dict[str, tuple[float, deque[float]]] = {}  # key → seconds a hit counts, the hits
        self._sweep_at = -inf

    async def hit(self, item: RateLimitItem, *who: str) -> float:
        now = self._clock()
        if now >= self._sweep_at:
            self._forget(now)
        span = float(item.get_expiry())
        _, hits = self._hits.setdefault(item.key_for(*who), (span, deque(maxlen=item.amount)))
        if len(hits) == item.amount and (left := hits[0] + span - now) > 0:
            return left
        hits.append(now)  # and the oldest falls out
        return 0.0

    async def close(self) -> None:
        self._hits.clear()

    def __len__(self) -> int:
        return len(self._hits)

    def _forget(self, now: float) -> None:
        self._hits = {key: (span, hits) for key, (span, hits) in self._hits.items() if hits and hits[-1] + span > now}
        self._sweep_at = now + SWEEP_SECONDS
