"""Learned ratios: something summed over something counted, with a prior for both and a slow forgetting.

The mean of a gamma-Poisson (or beta-binomial) posterior with discounted counts (West & Harrison, "Bayesian
Forecasting and Dynamic Models", 10.8).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.forecast.kept import Kept, numbers

FADE = 0.998  # per fact: half is forgotten after 350
WAITED = (5.0, 17.0, 37.0, 65.0)  # minutes: middles of "up to 10, 25, 50, longer"; between two, on the line between
WAITED_UP_TO = (10.0, 25.0, 50.0)
SHRINK = 10.0  # calls that the share of all counts for in each class of wait


@dataclass(slots=True)
class Ratio:
    """`over` / `per`, which start as what is believed before anything was seen."""

    over: float
    per: float
    fade: float = FADE

    def add(self, over: float, per: float = 1.0) -> None:
        """The prior fades too: what has been seen for long stands for itself."""
        self.over = self.over * self.fade + over
        self.per = self.per * self.fade + per

    @property
    def value(self) -> float:
        return self.over / self.per

    def kept(self) -> Kept:
        return [self.over, self.per]

    def resume(self, kept: Kept) -> None:
        self.over, self.per = numbers(kept, 2, least=0.0)


class NoShows:
    """The share of the called who do not come, by how long they waited."""

    def __init__(self) -> None:
        self._all = Ratio(1.0, 15.0)
        self._classes = [Ratio(0.0, 1e-9) for _ in WAITED]

    def add(self, waited: float, missed: bool) -> None:
        self._all.add(missed)
        mine = sum(waited >= edge for edge in WAITED_UP_TO)
        for n, each in enumerate(self._classes):  # all fade together, so that what is old is gone everywhere
            each.add(missed if n == mine else 0.0, per=float(n == mine))

    def shares(self) -> Sequence[float]:
        """By class of wait, drawn towards the share of all."""
        everybody = self._all.value
        return [(each.over + SHRINK * everybody) / (each.per + SHRINK) for each in self._classes]

    def kept(self) -> Kept:
        return [each.kept() for each in (self._all, *self._classes)]

    def resume(self, kept: Kept) -> None:
        for each, found in zip((self._all, *self._classes), kept, strict=True):
            each.resume(found)
