"""What is said of kept waits is never more than is true."""

from zoneinfo import ZoneInfo

import pytest

from server.domain.honesty import ENOUGH, SLOT, Record, Tally, Told, corrected, record


@pytest.mark.parametrize(
    ("judged", "kept", "said"),
    [(99, 99, None), (100, 100, 10), (100, 99, 9), (100, 90, 9), (1000, 899, 8), (1000, 999, 9), (100, 9, 0)],
)
def test_of_ten_is_rounded_down_and_said_from_a_hundred_on(judged: int, kept: int, said: int | None) -> None:
    assert Tally(judged, kept).of_ten == said


def test_it_never_says_more_than_is_true() -> None:
    for kept in range(ENOUGH, ENOUGH + 17):
        tally = Tally(ENOUGH + 17, kept)
        assert tally.of_ten is not None
        assert tally.of_ten / 10 <= kept / tally.judged
        assert tally.percent(kept) / 100 <= kept / tally.judged


def test_rounding_to_the_nearest_would_be_noticed() -> None:
    """Positive control for the rule above."""
    assert round(10 * 96 / 100) / 10 > 96 / 100
    assert Tally(100, 96).of_ten == 9


def test_of_nothing_nothing_is_said() -> None:
    assert (Tally().of_ten, Tally().mean_error, Tally().percent(0)) == (None, 0.0, 0)
    assert record([], ZoneInfo("Africa/Lagos")) == Record()


def test_parts_make_the_whole() -> None:
    quarter = int(3600 / SLOT.total_seconds())
    told = [
        Told(True, "a", 12 * quarter, 0, Tally(1, 1, 1, 2.0)),
        Told(False, "b", 12 * quarter, 1, Tally(2, 1, 0, 3.0)),
        Told(False, None, 13 * quarter, 1, Tally(4, 4, 4, 0.0)),
    ]
    found = record(told, ZoneInfo("Asia/Kathmandu"))  # 5 hours 30 minutes from UTC in 1970
    assert found.whole == Tally(7, 6, 5, 5.0)
    assert (found.joining, found.later) == (Tally(1, 1, 1, 2.0), Tally(6, 5, 4, 3.0))
    assert found.services == {"a": Tally(1, 1, 1, 2.0), "b": Tally(2, 1, 0, 3.0)}
    assert {hour: tally.judged for hour, tally in found.hours.items()} == {17: 3, 18: 4}
    assert {length: tally.judged for length, tally in found.lengths.items()} == {0: 1, 1: 6}


@pytest.mark.parametrize(
    ("configured", "median", "better"),
    [(8, 12.0, None), (8, 12.1, 12), (8, 5.4, None), (8, 5.2, 5), (8, 30.6, 31), (1, 0.3, None), (2, 0.4, 1)],
)
def test_a_typical_duration_is_corrected_when_it_is_half_as_much_off(
    configured: int, median: float, better: int | None
) -> None:
    assert corrected(configured, median) == better
