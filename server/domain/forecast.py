"""The honest wait: a likely and an at-most, in whole minutes.

Skills-aware work ahead: everybody who would be called before, by the counters that work the asked service, each with
the learned mean of their own service, shared by those counters. The upper end adds 1.3 standard deviations of the sum
of independent service times (a normal 90th percentile; Whitt 1999, "Predicting queueing delays", section 3).
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Protocol

PRIOR_WEIGHT = 5  # services that the configured duration counts for
HALF_LIFE = 50  # services after which one counts half
LEARN_FROM = 100  # the newest services that count at all: what a restart reads again, so that it changes nothing
SPREAD = 0.65  # standard deviation of one service time over its mean, prior
P90 = 1.3  # standard deviations, upper end


@dataclass(frozen=True, slots=True)
class Wait:
    """Minutes: half of those who are told this wait at most `likely`, nine of ten at most `at_most`."""

    likely: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One waiting ticket as the forecast sees it; `key` orders it."""

    id: str
    service: str
    key: tuple[int, int]
    counter: str | None = None  # only this counter will call it
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A counter on duty: what it works, and for how many minutes the present service has run (None: free)."""

    counter: str
    staff: str
    services: frozenset[str]
    serving: str | None = None  # the service being worked on now
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class QueueState:
    """What a forecast is made from. `standing` is sorted by key; `configured`: minutes per service."""

    standing: Sequence[Standing]
    counters: Sequence[Open]
    configured: Mapping[str, float]


class Forecaster(Protocol):
    """Told what happened, asked how long it will take."""

    def observe(self, service: str, minutes: float) -> None:
        """One service of `minutes` was finished."""
        ...

    def waits(self, state: QueueState) -> dict[str, Wait | None]:
        """By ticket id, and by service id for somebody who joined now. None: no counter on duty works it."""
        ...


class WorkAhead:
    """The simple forecaster: work ahead over open counters."""

    def __init__(self) -> None:
        self._newest: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LEARN_FROM))
        self._learned: dict[str, tuple[float, float]] = {}  # service → (weight, mean)

    def observe(self, service: str, minutes: float) -> None:
        self._newest[service].append(minutes)
        weight = mean = 0.0
        for seen in self._newest[service]:
            weight = weight * 0.5 ** (1 / HALF_LIFE) + 1
            mean += (seen - mean) / weight
        self._learned[service] = weight, mean

    def mean(self, service: str, configured: float) -> float:
        """Minutes: the learned mean, drawn towards the configured one while little is known."""
        weight, mean = self._learned.get(service, (0.0, 0.0))
        return (PRIOR_WEIGHT * configured + weight * mean) / (PRIOR_WEIGHT + weight)

    def waits(self, state: QueueState) -> dict[str, Wait | None]:
        means = {service: self.mean(service, minutes) for service, minutes in state.configured.items()}
        answer: dict[str, Wait | None] = {}
        for service in means:
            line = _Line.of(service, state, means)
            answer |= {ticket.id: line.wait_at(ticket.key) for ticket in state.standing if ticket.service == service}
            answer[service] = line.newcomer()
        return answer


class _Line:
    """Everybody who competes for the counters that work one service, with the work each brings."""

    def __init__(
        self, counters: int, residual: float, keys: list[tuple[int, int]], work: list[float], squares: list[float]
    ) -> None:
        self._counters, self._residual = counters, residual
        self._keys, self._work, self._squares = keys, work, squares

    @classmethod
    def of(cls, service: str, state: QueueState, means: Mapping[str, float]) -> "_Line":
        counters = [c for c in state.counters if service in c.services]
        worked = frozenset().union(*(c.services for c in counters))
        busy = [max(means[c.serving] - c.elapsed, means[c.serving] / 4) for c in counters if c.serving]
        keys, work, squares = [], [0.0], [0.0]
        for ticket in state.standing:
            if ticket.service in worked:
                # Somebody who may also be served elsewhere takes only a part of these counters' time.
                able = sum(1 for c in state.counters if ticket.service in c.services)
                shared = sum(1 for c in counters if ticket.service in c.services)
                minutes = means[ticket.service] * shared / able
                keys.append(ticket.key)
                work.append(work[-1] + minutes)
                squares.append(squares[-1] + (SPREAD * minutes) ** 2)
        # With all counters busy, what is left of their work, shared, is the mean time until the first is free.
        residual = sum(busy) / len(counters) / 2 if counters and len(busy) == len(counters) else 0.0
        return cls(len(counters), residual, keys, work, squares)

    def wait_at(self, key: tuple[int, int]) -> Wait | None:
        return self._wait(bisect_left(self._keys, key))

    def newcomer(self) -> Wait | None:
        return self._wait(len(self._keys))

    def _wait(self, ahead: int) -> Wait | None:
        if not self._counters:
            return None
        likely = self._residual + self._work[ahead] / self._counters
        spread = P90 * sqrt(self._squares[ahead] + (SPREAD * self._residual) ** 2) / self._counters
        return Wait(round(likely), max(ceil(likely + spread), round(likely)))
