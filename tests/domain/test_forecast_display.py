"""How a wait is shown: whole minutes, then steps of five."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.forecast import Wait, is_over_an_hour
from server.domain.forecast.display import rounded

ends = st.floats(0, 400)


@pytest.mark.parametrize(
    ("likely", "at_most", "shown"),
    [
        (0.2, 0.2, Wait(0, 1)),
        (8.6, 16.1, Wait(9, 17)),
        (29.4, 29.4, Wait(29, 30)),
        (31.0, 41.0, Wait(30, 45)),
        (33.0, 35.0, Wait(35, 35)),
        (72.0, 91.0, Wait(70, 95)),
    ],
)
def test_whole_minutes_then_steps_of_five(likely: float, at_most: float, shown: Wait) -> None:
    assert told((likely, at_most)) == [shown]


@given(ends, ends)
def test_rounding_never_takes_from_the_upper_end_and_keeps_the_order(one: float, other: float) -> None:
    likely, at_most = sorted((one, other))
    shown, longer = told((likely, at_most), (likely + 1, at_most + 1))
    assert shown is not None
    assert longer is not None
    assert shown.likely <= shown.at_most
    assert shown.at_most >= at_most - 0.01
    assert (longer.likely, longer.at_most) >= (shown.likely, shown.at_most)


@given(st.lists(st.tuples(ends, ends), min_size=1))
def test_nobody_is_told_otherwise_for_the_others(pairs: list[tuple[float, float]]) -> None:
    ordered = [(min(pair), max(pair)) for pair in pairs]
    assert told(*ordered, (np.nan, np.nan)) == [*(told(pair)[0] for pair in ordered), None]


def test_beyond_an_hour_it_is_over_an_hour() -> None:
    assert not is_over_an_hour(Wait(60, 90))
    assert is_over_an_hour(Wait(65, 90))


def told(*pairs: tuple[float, float]) -> list[Wait | None]:
    likely, at_most = np.array(pairs).T
    return rounded(likely, at_most)
