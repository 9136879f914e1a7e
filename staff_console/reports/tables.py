"""Every table of a report with its words: the page, the CSV file and the workbook show the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from babel.dates import format_date

from server import words
from server.domain.feedback import CHIPS
from server.domain.reports.report import LOST, MINUTE, SCORES, Report, Row, Spread, begin, step
from server.domain.reports.visits import STAGES
from server.queries.arranged import Arrangement

WARMEST = 5
WEEK = tuple(date(2024, 1, 1) + timedelta(days=n) for n in range(7))  # it began with a Monday


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; a share of nothing is no number."""

    part: int
    whole: int

    @property
    def number(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down: 100 only when it was all of them."""
        return 100 * self.part // self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Measure:
    """A column. kind: count, length (ms), share, mean (of scores)."""

    slug: str
    kind: str
    of: Callable[[Row], Any]


MEASURES = (
    Measure("people", "count", lambda row: row.people),
    Measure("served", "count", lambda row: row.served),
    Measure("wait-half", "length", lambda row: row.waits.p50),
    Measure("wait-most", "length", lambda row: row.waits.p90),
    Measure("in-target", "share", lambda row: Share(row.within, row.waits.n)),
    Measure("service-half", "length", lambda row: row.services.p50),
    Measure("service-most", "length", lambda row: row.services.p90),
    Measure("left", "count", lambda row: sum(row.left)),
    Measure("missed", "count", lambda row: row.missed),
    Measure("returned", "count", lambda row: row.returned),
    Measure("transfers", "count", lambda row: row.transfers),
    Measure("kept", "share", lambda row: Share(row.kept, row.judged)),
    Measure("rating", "mean", lambda row: row.stars / row.rated if row.rated else None),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A row with its name, and the short one that stands under a chart."""

    name: str
    short: str
    row: Row
    target: int | None = None  # minutes


class Told:
    """A report in one language. `of`: the names of what it is narrowed to."""

    def __init__(self, report: Report, setup: Arrangement, language: str, of: list[str]) -> None:
        self.report, self.setup, self.language, self.of = report, setup, language, of
        self.is_one_day = report.first == report.last
        self.step = step(report.first, report.last)

    measures, stages, share = MEASURES, STAGES, Share

    @property
    def mean(self) -> float | None:
        """Of all scores."""
        return self.report.whole.stars / self.report.whole.rated if self.report.whole.rated else None

    @property
    def is_empty(self) -> bool:
        """Nobody came, and nobody was served here who had come for something else, or was called elsewhere first."""
        return self.report.whole == Row()

    @property
    def name(self) -> str:
        """Of the row for all of it."""
        return " · ".join(self.of) or self.say("reports.part-whole")

    def columns(self, part: str) -> Sequence[tuple[str, Spread, int | None]]:
        """What the chart of a part shows: how long people waited, at a counter how long they were served."""
        return [
            (each.short, each.row.services if part == "counter" else each.row.waits, each.target)
            for each in self.parts[part]
        ]

    def people(self, part: str) -> Sequence[tuple[str, int]]:
        return [(each.short, each.row.people) for each in self.parts[part]]

    def say(self, slug: str, **params: object) -> str:
        return words.say(self.language, slug, **params)

    @cached_property
    def parts(self) -> Mapping[str, Sequence[Named]]:
        """By time where there is more than one day, by hour, service, counter and channel. What a report is narrowed to
        would be one row, and is left out."""
        time = {} if self.is_one_day else {"time": self._by_time()}
        parts = time | {
            "hour": self._by_hour(),
            "service": self._by_service(),
            "counter": self._by_counter(),
            "channel": [self._named(self.say(f"reports.channel-{key}"), row) for key, row in self._rows("channel")],
        }
        return {part: rows for part, rows in parts.items() if part not in self.report.only.wanted}

    @cached_property
    def days(self) -> Sequence[Named]:
        return [Named(day, day, row) for day, row in self._rows("day")]

    @property
    def lost(self) -> Sequence[tuple[str, Sequence[int]]]:
        """How somebody ended who was not served → people by stage."""
        table = self.report.lost
        return [(self.say(f"reports.lost-{how}"), [table.get((how, stage), 0) for stage in STAGES]) for how in LOST]

    @cached_property
    def outcomes(self) -> Sequence[tuple[str, str, int]]:
        """(service, outcome, people), as they are arranged; those no longer known at the end."""
        order = [
            (service.id, outcome.id, words.pick(service.name, self.language), words.pick(outcome.name, self.language))
            for service in (*self.setup.services, *self.setup.archived_services)
            for outcome in service.outcomes
        ]
        counted = self.report.outcomes
        return [(name, outcome, counted[s, o]) for s, o, name, outcome in order if (s, o) in counted]

    @property
    def outcome_services(self) -> Sequence[str]:
        return list(dict.fromkeys(service for service, _, _ in self.outcomes))

    def outcomes_of(self, service: str) -> Sequence[tuple[str, int]]:
        return [(outcome, n) for name, outcome, n in self.outcomes if name == service]

    @property
    def scores(self) -> Sequence[tuple[int, str, int]]:
        """From very good to very poor."""
        return [(n, self.say(f"phone.score-{n}"), self.report.scores.get(n, 0)) for n in reversed(SCORES)]

    @property
    def reasons(self) -> Sequence[tuple[str, int, int]]:
        good, poor = self.report.good, self.report.not_good
        return [(self.say(f"phone.chip-{chip}"), good.get(chip, 0), poor.get(chip, 0)) for chip in CHIPS]

    @cached_property
    def heat(self) -> Sequence[tuple[str, Sequence[int]]]:
        """Weekday → people in each of `heat_hours`."""
        counted = self.report.heat
        return [
            (self.date(day, "EEEE"), [counted.get((n, hour), 0) for hour in self.heat_hours])
            for n, day in enumerate(WEEK)
        ]  # fmt: skip

    @property
    def heat_hours(self) -> Sequence[int]:
        """From the first to the last hour in which anybody ever came."""
        hours = [hour for _, hour in self.report.heat]
        return range(min(hours), max(hours) + 1) if hours else ()

    def warmth(self, n: int) -> int:
        """How dark a cell of the heat map is: 0 of nobody, up to 5 of the fullest hour."""
        fullest = max(self.report.heat.values(), default=1)
        return -(-WARMEST * n // fullest)

    def date(self, day: date, pattern: str) -> str:
        """As a sentence of its own, so that it is written in the catalogue's language."""
        locale = self.language if self.language in words.LANGUAGES else words.LANGUAGES[0]
        return self.say("reports.date", date=format_date(day, pattern, locale=locale))

    def shown(self, kind: str, value: Any) -> str:
        """As a page writes it; nothing to tell is a dash."""
        if isinstance(value, Share):
            value = value.percent
        if value is None:
            return "–"
        if kind == "length":
            return words.minutes(int(value + MINUTE // 2) // MINUTE, self.language)
        slug = {"share": "reports.percent", "mean": "reports.mean"}.get(kind, "reports.count")
        return self.say(slug, n=value)

    def _rows(self, part: str) -> list[tuple[Any, Row]]:
        return list(self.report.parts[part].items())

    def _named(self, name: str, row: Row, short: str = "", target: int | None = None) -> Named:
        return Named(name, short or name, row, target)

    @property
    def _target(self) -> int | None:
        """Of the one service whose waits these are, in minutes."""
        service = self.report.only.service
        return self.setup.service(service).target_wait if service else None

    def _by_time(self) -> list[Named]:
        """Every step of the range, also those in which nobody came."""
        rows = dict(self._rows("time"))
        long, short = {"day": ("EEE d MMM", "d"), "week": ("d MMM y", "d MMM"), "month": ("MMMM y", "MMM")}[self.step]
        found, first = [], begin(self.report.first, self.step)
        while first <= self.report.last:
            shown = max(first, self.report.first)
            row = rows.get(first.isoformat(), Row())
            found.append(self._named(self.date(shown, long), row, self.date(shown, short), self._target))
            first = begin(first + timedelta(days={"day": 1, "week": 7, "month": 31}[self.step]), self.step)
        return found

    def _by_hour(self) -> list[Named]:
        rows = dict(self._rows("hour"))
        hours = range(min(rows), max(rows) + 1) if rows else ()
        return [self._named(self.say("reports.hour", n=n), rows.get(n, Row()), str(n), self._target) for n in hours]

    def _by_service(self) -> list[Named]:
        rows = dict(self._rows("service"))
        return [
            self._named(words.pick(service.name, self.language), rows[service.id], service.letter, service.target_wait)
            for service in (*self.setup.services, *self.setup.archived_services)
            if service.id in rows
        ]

    def _by_counter(self) -> list[Named]:
        rows = dict(self._rows("counter"))
        known = (*self.setup.counters, *self.setup.archived_counters)
        return [self._named(each.label, rows[each.id]) for each in known if each.id in rows]
