"""What a branch has taught so far: told facts, asked for the rates a replay needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from server.domain.forecast.durations import Duration, Durations
from server.domain.forecast.frozen import Floats
from server.domain.forecast.kept import Kept
from server.domain.forecast.ratios import WAITED, NoShows, Ratio
from server.domain.forecast.told import Break, Called, Came, Fact, Gap, Joined, Left, Missed, Served, Worked

LONGEST_GAP = 10.0  # minutes: more is a break that nobody named


@dataclass(frozen=True)
class Rates:
    """Minutes, or per minute; `durations` by service."""

    durations: Mapping[str, Duration]
    gap: float
    lost: float  # over somebody who did not come
    leaving: float  # per waiting minute
    breaks: float  # per busy minute
    break_length: float
    no_shows: Sequence[float]  # share of the called, by class of wait
    hurried: float  # share of the joining that have a head start
    head_start: float  # minutes, of those

    def missing(self, waited: Floats) -> Floats:
        """Share of the called who do not come, for each wait in minutes."""
        return np.interp(waited, WAITED, self.no_shows).astype(np.float32)

    @cached_property
    def mu(self) -> Floats:
        return np.array([d.mu for d in self.durations.values()], np.float32)

    @cached_property
    def sigma(self) -> Floats:
        return np.array([d.sigma for d in self.durations.values()], np.float32)

    @cached_property
    def work(self) -> tuple[Floats, Floats]:
        """Mean and variance of the minutes that one ticket of each service takes of its counter."""
        serves, missing = np.exp(self.mu + self.sigma**2 / 2), sum(self.no_shows) / len(self.no_shows)
        breaks = serves * self.breaks
        mean = (1 - missing) * serves + missing * self.lost + self.gap + breaks * self.break_length
        spread = np.exp(self.sigma**2) - 1 + missing * (1 - missing)
        variance = serves**2 * spread + 2 * breaks * self.break_length**2
        return mean.astype(np.float32), variance.astype(np.float32)


class Learning:
    """A fold over facts: the same facts in the same order give the same rates, so a restart reads them again."""

    def __init__(self) -> None:
        self._durations = Durations()
        self._gap = Ratio(4.5, 5.0, fade=0.99)
        self._lost = Ratio(4.5, 3.0)
        self._leaving = Ratio(1.0, 300.0)
        self._breaks = Ratio(1.0, 120.0)
        self._break_length = Ratio(36.0, 3.0)
        self._no_shows = NoShows()
        self._hurried = Ratio(0.0, 20.0)
        self._head_start = Ratio(30.0, 3.0)
        self._known: tuple[Mapping[str, float], Rates] | None = None

    def tell(self, fact: Fact) -> None:
        self._known = None
        match fact:
            case Served(service, minutes):
                self._durations.served(service, minutes)
            case Gap(minutes):
                self._gap.add(min(minutes, LONGEST_GAP))
            case Worked(minutes):
                self._breaks.add(0.0, minutes)
            case Break(minutes):
                self._breaks.add(1.0, 0.0)
                self._break_length.add(minutes)
            case _:
                self._tell_of_customer(fact)

    def _tell_of_customer(self, fact: Joined | Called | Came | Missed | Left) -> None:
        match fact:
            case Joined(head_start):
                self._hurried.add(head_start > 0)
                if head_start > 0:
                    self._head_start.add(head_start)
            case Called(waited):
                self._leaving.add(0.0, waited)
            case Left(waited):
                self._leaving.add(1.0, waited)
            case Came(waited):
                self._no_shows.add(waited, missed=False)
            case Missed(waited, lost):
                self._no_shows.add(waited, missed=True)
                self._lost.add(min(lost, LONGEST_GAP))

    def rates(self, configured: Mapping[str, float]) -> Rates:
        """Kept until something new is told, or configured."""
        if self._known is None or self._known[0] != configured:
            self._known = dict(configured), self._rates(configured)
        return self._known[1]

    def kept(self) -> Kept:
        return {name: part.kept() for name, part in self._parts().items()}

    def resume(self, kept: Kept) -> None:
        self._known = None
        for name, part in self._parts().items():
            part.resume(kept[name])

    def _parts(self) -> dict[str, Durations | Ratio | NoShows]:
        return {
            "durations": self._durations,
            "gap": self._gap,
            "lost": self._lost,
            "leaving": self._leaving,
            "breaks": self._breaks,
            "break_length": self._break_length,
            "no_shows": self._no_shows,
            "hurried": self._hurried,
            "head_start": self._head_start,
        }

    def _rates(self, configured: Mapping[str, float]) -> Rates:
        return Rates(
            durations=self._durations.of(configured),
            gap=self._gap.value,
            lost=self._lost.value,
            leaving=self._leaving.value,
            breaks=self._breaks.value,
            break_length=self._break_length.value,
            no_shows=self._no_shows.shares(),
            hurried=self._hurried.value,
            head_start=self._head_start.value,
        )
