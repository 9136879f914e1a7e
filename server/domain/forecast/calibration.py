"""What really happened corrects what is said: online conformal calibration of the replay's median and upper end.

r = (actual − p50) / (p90 − p50 + ½) is learned for past forecasts; the quantiles of its last 400 are put in the place
of the replay's own (split conformal prediction with normalised residuals: Papadopoulos et al. 2002, Lei et al. 2018;
over a sliding window, as Gibbs & Candès 2021 do for shifting distributions). Pseudo-residuals of a forecast that is
right make it begin sensibly on the first day.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from server.domain.forecast.frozen import Flags, Floats
from server.domain.forecast.kept import Kept, numbers
from server.domain.forecast.told import Called

WINDOW = 400  # residuals
DIGITS = 4  # of each behind the point: thousands of them are kept, and a width of an hour is told to half a second
PSEUDO = 20  # residuals believed before any was seen
PSEUDO_UPPER = 1.1  # their 90th percentile: a cold start is less sure than it believes
SOFTENER = 0.5  # minutes, added to a width that may be nothing
LIKELY, AT_MOST = 0.5, 0.915  # aims; what is told keeps a little more than it promises
FRESH = 5.0  # minutes after which what was learned of joining has given way to what was learned of later
UP_TO = (5.0, 15.0, 30.0)  # minutes of p50: classes of the ordinary
MIDDLES = (2.5, 10.0, 22.5, 40.0)


class Calibration:
    """Windows of who goes ahead of the order, and of the others by how long they are told to wait; each twice.

    What is told at joining errs differently from what is told later: those who wait long are asked more often.
    """

    def __init__(self) -> None:
        self._windows = {fresh: [_Window() for _ in range(1 + len(MIDDLES))] for fresh in (True, False)}
        self._known: Corrections | None = None

    def called(self, fact: Called) -> None:
        for told in fact.foreseen:
            self._known = None
            self._windows[told.joining][kind(told.p50, fact.ahead_of_order)].add(
                (told.actual - told.p50) / (told.p90 - told.p50 + SOFTENER)
            )

    def kept(self) -> Kept:
        return {name: [window.kept() for window in self._windows[fresh]] for name, fresh in _NAMES.items()}

    def resume(self, kept: Kept) -> None:
        self._known = None
        for name, fresh in _NAMES.items():
            for window, found in zip(self._windows[fresh], kept[name], strict=True):
                window.resume(found)

    def corrections(self) -> "Corrections":
        """As learned by now; what is learned later does not change them."""
        if self._known is None:
            found = [[window.quantiles() for window in self._windows[fresh]] for fresh in (True, False)]
            self._known = Corrections(np.array(found).transpose(0, 2, 1))
        return self._known


_NAMES = {"joining": True, "later": False}


@dataclass(frozen=True, slots=True)
class Corrections:
    """`factors` of the width: joining and later × likely and at most × windows."""

    factors: NDArray[np.float64]

    def corrected(self, p50: Floats, p90: Floats, ahead_of_order: Flags, waited: Floats) -> tuple[Floats, Floats]:
        """Likely and at most, minutes, never negative; `waited`: minutes so far."""
        factors, width = self._factors(p50, ahead_of_order), p90 - p50 + SOFTENER
        fresh = np.clip(1 - waited / FRESH, 0, 1)
        likely, at_most = np.maximum(p50 + (fresh * factors[0] + (1 - fresh) * factors[1]) * width, 0.0)
        return likely.astype(np.float32), np.maximum(likely, at_most).astype(np.float32)

    def _factors(self, p50: Floats, ahead_of_order: Flags) -> NDArray[np.float64]:
        """Joining and later × likely and at most × tickets: between the middles of two windows on the line between."""
        place = np.interp(p50, MIDDLES, range(len(MIDDLES)))
        below = np.minimum(np.nan_to_num(place).astype(np.intp), len(MIDDLES) - 2)
        share, by_length = place - below, self.factors[:, :, 1:]
        between = by_length[:, :, below] * (1 - share) + by_length[:, :, below + 1] * share
        return np.where(ahead_of_order, self.factors[:, :, :1], between)


def kind(p50: float, ahead_of_order: bool) -> int:
    """Whose forecasts are alike: a restart reads the newest WINDOW of each kind again, of joining and of later."""
    return 0 if ahead_of_order else 1 + sum(p50 >= edge for edge in UP_TO)


_SCALE = PSEUDO_UPPER / NormalDist().inv_cdf(0.9)
_BELIEVED = [round(_SCALE * NormalDist().inv_cdf((n + 0.5) / PSEUDO), DIGITS) for n in range(PSEUDO)]


class _Window:
    """The newest residuals; they are sorted when somebody asks."""

    def __init__(self) -> None:
        self._residuals = deque(_BELIEVED, maxlen=WINDOW)
        self._known: tuple[float, float] | None = _AT_FIRST

    def add(self, residual: float) -> None:
        self._residuals.append(round(residual, DIGITS))
        self._known = None

    def kept(self) -> Kept:
        return list(self._residuals)

    def resume(self, kept: Kept) -> None:
        if not PSEUDO <= len(kept) <= WINDOW:
            raise ValueError(f"{len(kept)} residuals")
        self._residuals, self._known = deque(numbers(kept, len(kept)), maxlen=WINDOW), None

    def quantiles(self) -> tuple[float, float]:
        if self._known is None:
            self._known = _quantiles(self._residuals)
        return self._known


def _quantiles(residuals: Iterable[float]) -> tuple[float, float]:
    likely, at_most = np.quantile(np.array(list(residuals)), (LIKELY, AT_MOST))
    return float(likely), float(at_most)


_AT_FIRST = _quantiles(_BELIEVED)  # asked of ten windows by every branch that is looked at after a start
