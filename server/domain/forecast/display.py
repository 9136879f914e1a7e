"""From a range in minutes to what a page says: whole minutes, then steps of five."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from server.domain.forecast.state import Wait

Numbers = NDArray[np.floating]
COARSE_FROM, STEP = 30, 5  # minutes
HAIR = 1e-3  # of a step: what rounding of floats may have added
OVER_AN_HOUR = 60  # minutes
KEPT = 10_000  # different waits


def rounded(likely: Numbers, at_most: Numbers) -> list[Wait | None]:
    """Whole minutes; from 30 in steps of 5; the upper end always up. None for NaN; beyond an hour still numbers."""
    known = ~np.isnan(likely)
    shown, upper = np.where(known, likely, 0), np.where(known, at_most, 0)
    shown = np.where(shown < COARSE_FROM, np.rint(shown), STEP * np.rint(shown / STEP))
    upper = np.where(upper < COARSE_FROM, np.ceil(upper - HAIR), STEP * np.ceil(upper / STEP - HAIR))
    numbers = zip(shown.astype(int).tolist(), np.maximum(shown, upper).astype(int).tolist(), strict=True)
    waits: list[Wait | None] = [_wait(*pair) for pair in numbers]
    for unknown in np.flatnonzero(~known):
        waits[unknown] = None
    return waits


def is_over_an_hour(wait: Wait) -> bool:
    """Whether a page says "over an hour": a number would promise a precision that nobody has."""
    return wait.likely > OVER_AN_HOUR


@lru_cache(KEPT)
def _wait(likely: int, at_most: int) -> Wait:
    """Thousands are told the same few."""
    return Wait(likely, at_most)
