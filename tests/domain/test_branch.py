"""Opening hours, business days and numbers, by the branch's own clock: midnight, closures and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.base import to_ms
from server.domain.branch import WEEKDAYS, Branch, ticket_number

ZONES = [
    "Africa/Lagos",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Europe/London",
    "America/St_Johns",
    "Asia/Kathmandu",
    "UTC",
]
OFFICE = {day: ["08:00-12:30", "13:30-16:00"] for day in WEEKDAYS[:5]}


def branch(zone: str = "Africa/Lagos", **more: Any) -> Branch:
    fields = {"hours": OFFICE, "closures": [], "day_starts_at": "00:00", "last_arrival": 0, "business_day": None}
    return Branch(id="harbour", name="Harbour", time_zone=zone, **(fields | more))


def at(text: str, zone: str = "Africa/Lagos") -> datetime:
    """Local wall time as the UTC instant it is."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# Hours


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-11-23 07:59:59", False), ("2026-11-23 08:00", True), ("2026-11-23 12:29:59", True),
        ("2026-11-23 12:30", False), ("2026-11-23 13:30", True), ("2026-11-23 16:00", False),
        ("2026-11-22 10:00", False),
    ],
)  # fmt: skip
def test_open_from_its_first_minute_to_the_last(local: str, is_open: bool) -> None:
    assert branch().is_open(at(local)) is is_open


def test_it_says_when_it_closes_and_when_it_opens() -> None:
    assert branch().closes_at(at("2026-11-23 09:00")) == at("2026-11-23 12:30")
    assert branch().opens_at(at("2026-11-23 12:45")) == at("2026-11-23 13:30")
    friday_evening = at("2026-11-27 17:00")
    assert branch().closes_at(friday_evening) is None
    assert branch().opens_at(friday_evening) == at("2026-11-30 08:00")


def test_an_opening_may_reach_past_midnight() -> None:
    night = branch(hours={"fri": ["20:00-02:00"]})
    assert night.is_open(at("2026-11-28 01:59"))
    assert not night.is_open(at("2026-11-28 02:00"))
    assert night.closes_at(at("2026-11-27 23:00")) == at("2026-11-28 02:00")
    assert not night.is_open(at("2026-11-27 01:00"))


def test_until_24_00_is_until_midnight_and_joins_the_next_day() -> None:
    late = branch(hours={"mon": ["18:00-24:00"], "tue": ["00:00-03:00"]})
    assert late.closes_at(at("2026-11-23 23:59")) == at("2026-11-24 00:00")
    assert late.is_open(at("2026-11-24 00:00"))
    assert branch(hours={"mon": ["00:00-24:00"]}).is_open(at("2026-11-23 23:59:59"))


def test_a_closure_is_closed_and_so_is_what_would_reach_past_its_midnight() -> None:
    christmas = branch(closures=["2026-12-25"])
    assert not christmas.is_open(at("2026-12-25 10:00"))
    assert christmas.opens_at(at("2026-12-24 17:00")) == at("2026-12-28 08:00")
    night = branch(hours={"thu": ["20:00-02:00"], "fri": ["20:00-02:00"]}, closures=["2026-12-25"])
    assert night.is_open(at("2026-12-25 01:00"))  # Thursday's
    assert not night.is_open(at("2026-12-26 01:00"))  # Friday's


def test_without_hours_it_is_always_open_but_for_its_closures() -> None:
    always = branch(hours=None, closures=["2026-12-25"])
    assert always.is_open(at("2026-11-22 03:00"))
    assert not always.is_open(at("2026-12-25 03:00"))
    assert (always.opens_at(at("2026-11-22 03:00")), always.closes_at(at("2026-11-22 03:00"))) == (None, None)


def test_nothing_is_known_of_an_opening_weeks_away() -> None:
    assert branch(closures=[f"2026-11-{day}" for day in range(10, 31)]).opens_at(at("2026-11-09 17:00")) is None


@pytest.mark.parametrize(
    ("zone", "day", "hours", "length"),
    [
        ("Europe/London", "2026-03-29", "00:00-08:00", 7),  # 1:00 became 2:00
        ("Europe/London", "2026-10-25", "00:00-08:00", 9),  # 2:00 became 1:00
        ("Africa/Cairo", "2026-04-24", "00:00-08:00", 7),  # there is no midnight on that day
        ("Africa/Cairo", "2026-10-29", "20:00-02:00", 7),  # 24:00 became 23:00
        ("Africa/Casablanca", "2026-02-15", "00:00-08:00", 9),  # Ramadan begins: 3:00 became 2:00
        ("Africa/Lagos", "2026-03-29", "00:00-08:00", 8),
    ],
)  # fmt: skip
def test_an_opening_is_as_long_as_the_wall_clock_makes_it(zone: str, day: str, hours: str, length: int) -> None:
    every_day = branch(zone, hours={weekday: [hours] for weekday in WEEKDAYS})
    start, _, _ = hours.partition("-")
    opens = at(f"{day} {start}", zone)
    closes = every_day.closes_at(opens + timedelta(minutes=1))
    assert closes is not None
    assert closes - opens == timedelta(hours=length)


# The business day


def test_the_business_day_is_local_and_turns_at_its_hour() -> None:
    lagos = branch()  # one hour ahead of UTC
    assert lagos.day_at(datetime(2026, 11, 23, 22, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert lagos.day_at(datetime(2026, 11, 23, 23, 0, tzinfo=UTC)) == date(2026, 11, 24)
    bar = branch(day_starts_at="04:00")
    assert bar.day_at(at("2026-11-24 03:59")) == date(2026, 11, 23)
    assert bar.day_at(at("2026-11-24 04:00")) == date(2026, 11, 24)


def test_a_day_turns_once_and_never_back() -> None:
    lagos = branch()
    assert lagos.turn_day(at("2026-11-23 12:00"))
    assert not lagos.turn_day(at("2026-11-23 23:59"))
    assert lagos.turn_day(at("2026-11-24 00:00"))
    assert not lagos.turn_day(at("2026-11-20 12:00"))
    assert lagos.business_day == date(2026, 11, 24)


@given(st.sampled_from(ZONES), st.sampled_from(["00:00", "02:30", "04:00"]), st.integers(0, 3 * 365 * 24 * 4))
def test_every_quarter_of_an_hour_is_on_the_same_or_the_next_business_day(zone: str, turns: str, quarter: int) -> None:
    """Through every change of the clock in three years; where it is set back over the turn, no day is lived twice."""
    here = branch(zone, day_starts_at=turns)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    assert here.turn_day(start)
    days = [here.business_day]
    for step in range(1, 30):
        here.turn_day(start + timedelta(hours=step))
        days.append(here.business_day)
    assert all(later - day in (timedelta(0), timedelta(1)) for day, later in pairwise(days) if day and later)


def test_midnight_that_comes_twice_is_one_turn() -> None:
    """In Cairo the hour before Friday comes twice: 23:59 is followed by 23:00 of the same day."""
    cairo = branch("Africa/Cairo")
    zone = ZoneInfo("Africa/Cairo")
    first = datetime(2026, 10, 29, 23, 30, tzinfo=zone).astimezone(UTC)
    assert cairo.turn_day(first)
    assert not cairo.turn_day(first + timedelta(hours=1))
    assert cairo.turn_day(first + timedelta(hours=2))
    assert cairo.business_day == date(2026, 10, 30)


@pytest.mark.parametrize(
    ("before", "now", "closed"),
    [
        (date(2026, 11, 23), date(2026, 11, 24), True),
        (date(2026, 11, 24), date(2026, 11, 24), False),
        (date(2020, 1, 1), date(2026, 11, 24), True),
        (date(2026, 11, 25), date(2026, 11, 24), False),
    ],
)
def test_whether_it_was_closed_when_the_day_turned(before: date, now: date, closed: bool) -> None:
    assert branch(business_day=now).closed_since(before) is closed
    assert not branch(hours=None, business_day=now).closed_since(before)


def test_only_the_moment_of_the_turn_counts() -> None:
    bar = branch(hours={day: ["20:00-02:00"] for day in WEEKDAYS}, business_day=date(2026, 11, 24))
    assert not bar.closed_since(date(2026, 11, 23))
    bar.day_starts_at = "04:00"
    assert bar.closed_since(date(2026, 11, 23))
    assert not branch().closed_since(date(2026, 11, 23))  # no day has begun yet


# Places and numbers


@given(st.lists(st.integers(-10_000_000, 10_000_000), min_size=1, max_size=30))
def test_places_only_grow_whatever_the_clock_does(jumps: list[int]) -> None:
    here, now = branch(), at("2026-11-23 12:00")
    places = []
    for jump in jumps:
        now += timedelta(milliseconds=jump)
        places.append(here.next_place(now))
        assert places[-1] >= to_ms(now)
    assert places == sorted(set(places))


def test_numbers_have_three_digits_and_then_four() -> None:
    assert [ticket_number("A", n) for n in (1, 9, 999, 1000)] == ["A001", "A009", "A999", "A1000"]
