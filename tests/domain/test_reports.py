"""Columns, medians and the clock on the wall: what a report is made of."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from server.domain.base import to_ms
from server.domain.reports.facts import UNKNOWN, Facts, Only
from server.domain.reports.report import Rules, Spread, on_the_wall, report, spread, step

SLOT = 15 * 60_000


def slots(*instants: datetime) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array([to_ms(at) // SLOT for at in instants], np.int32)


def test_half_and_nine_of_ten_are_lengths_that_really_happened() -> None:
    assert spread(np.array([5, 1, 4, 2, 3, 6, 7, 8, 9, 10], np.int32)) == Spread(10, 5, 9)
    assert spread(np.array([7], np.int32)) == Spread(1, 7, 7)
    assert spread(np.array([], np.int32)) == Spread(0, None, None)


def test_an_hour_that_came_twice_is_one_hour() -> None:
    """In Paris, half past two on 25 October 2026 came twice."""
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    weekdays, hours = on_the_wall(slots(first, second), ZoneInfo("Europe/Paris"))
    assert (weekdays.tolist(), hours.tolist()) == ([6, 6], [2, 2])


def test_an_hour_that_never_came_has_nobody() -> None:
    """In Paris, two o'clock on 29 March 2026 was three."""
    before, after = datetime(2026, 3, 29, 0, 45, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert on_the_wall(slots(before, after), ZoneInfo("Europe/Paris"))[1].tolist() == [1, 3]


def test_zones_of_half_and_quarter_hours_are_exact() -> None:
    at = datetime(2026, 6, 1, 18, 14, tzinfo=UTC)
    assert on_the_wall(slots(at), ZoneInfo("Asia/Kathmandu"))[1].tolist() == [23]
    assert on_the_wall(slots(at), ZoneInfo("Asia/Kolkata"))[1].tolist() == [23]


@pytest.mark.parametrize(
    ("first", "last", "steps"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), "day"),
        (date(2026, 10, 1), date(2026, 10, 31), "day"),
        (date(2026, 10, 1), date(2026, 11, 1), "week"),
        (date(2026, 1, 1), date(2026, 12, 31), "month"),
    ],
)
def test_longer_ranges_are_told_in_longer_steps(first: date, last: date, steps: str) -> None:
    assert step(first, last) == steps


def test_without_a_ticket_everything_is_nothing() -> None:
    told = report(Facts(), date(2026, 1, 1), date(2026, 12, 31), Rules(ZoneInfo("UTC"), {}, {}))
    assert (told.whole.people, told.whole.waits, told.heat, told.parts["day"]) == (0, Spread(), {}, {})


def test_words_become_codes_and_what_is_unknown_stays_so() -> None:
    facts = Facts()
    facts.add("turns", (["2026-01-01"] * 2, [1, 2], ["phone"] * 2, ["a", "b"], [None, "1"], ["miss", "return"]))
    table = facts.table("turns")
    assert table["counter"].tolist() == [UNKNOWN, 0]
    assert [facts.words("service")[code] for code in table["service"]] == ["a", "b"]
    assert facts.code("move", "transfer") == UNKNOWN


HERE: tuple[list[object], ...] = (
    ["2026-01-01"] * 3,
    [1, 2, 3],
    ["phone", "phone", "kiosk"],
    ["a", "b", "a"],
    ["1", None, None],
)


def test_only_rows_that_say_so_themselves_are_counted() -> None:
    for only, slots in ((Only("a"), [1, 3]), (Only(counter="1"), [1]), (Only("a", channel="kiosk"), [3])):
        facts = Facts(only)
        facts.add("turns", (*HERE, ["miss"] * 3))
        assert facts.table("turns")["slot"].tolist() == slots


def test_a_counter_that_never_called_has_nobody_not_those_who_were_never_called() -> None:
    facts = Facts(Only(counter="9"))
    facts.add("turns", (*HERE, ["miss"] * 3))
    assert facts.table("turns")["slot"].tolist() == []


def test_a_row_that_came_later_is_narrowed_as_the_first_was() -> None:
    facts = Facts(Only("b"))
    for _ in range(2):
        facts.add("given", (*HERE, [60_000] * 3))
    assert facts.table("given")["slot"].tolist() == [2, 2]


def test_a_narrowed_report_says_so() -> None:
    told = report(Facts(Only("a")), date(2026, 1, 1), date(2026, 1, 1), Rules(ZoneInfo("UTC"), {}, {}))
    assert told.only.wanted == {"service": "a"}
