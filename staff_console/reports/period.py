"""The range of days a report is asked for: from the address, and the ranges that are one click away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.errors import Invalid

LONGEST = timedelta(days=3 * 366)
EARLIEST = date(1970, 1, 1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Business days, both ends among them."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """As many days, just before; a whole month before a whole month."""
        end = self.first - DAY
        if self == _month(self.first):
            return _month(end)
        return Period(max(self.first - (self.last - self.first) - DAY, EARLIEST), end)

    @property
    def after(self) -> "Period":
        start = self.last + DAY
        if self == _month(self.first):
            return _month(start)
        return Period(start, start + (self.last - self.first))


def usual(today: date) -> Mapping[str, Period]:
    """The ranges one click away, by the slug of their names."""
    week = today - timedelta(days=today.weekday())
    return {
        "today": Period(today, today),
        "yesterday": Period(today - DAY, today - DAY),
        "week": Period(week, week + timedelta(days=6)),
        "week-before": Period(week - timedelta(days=7), week - DAY),
        "month": _month(today),
        "month-before": _month(today.replace(day=1) - DAY),
        "year": Period(date(today.year, 1, 1), date(today.year, 12, 31)),
    }


def chosen(query: Mapping[str, str], today: date) -> Period:
    """`from` and `to`; one of them alone is that one day, none is today. Invalid says which of them is wrong."""
    typed = {name: query.get(name, "").strip() for name in ("from", "to")}
    if not any(typed.values()):
        return Period(today, today)
    found: dict[str, date] = {}
    problems: dict[str, str] = {}
    for name, text in typed.items():
        try:
            found[name] = date.fromisoformat(text or typed["to"] or typed["from"])
        except ValueError:
            problems[name] = "no-day"
    if not problems and not EARLIEST <= min(found.values()) <= max(found.values()) < date.max - LONGEST:
        problems["from" if found["from"] == min(found.values()) else "to"] = "no-day"
    if not problems and found["from"] > found["to"]:
        problems["to"] = "backwards"
    if not problems and found["to"] - found["from"] >= LONGEST:
        problems["to"] = "too-long"
    if problems:
        raise Invalid("invalid-input", problems)
    return Period(found["from"], found["to"])


def _month(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - DAY)
