"""What many visits say together: counts, medians and shares, altogether and by day, service, hour, counter, channel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from server.domain.base import from_ms
from server.domain.honesty import SLOT
from server.domain.moves import OPEN, Move, State
from server.domain.reports.facts import BROKEN, EVERYTHING, KEPT, UNKNOWN, Column, Facts, Mask, Only, Table
from server.domain.reports.visits import STAGES

SCORES = range(1, 6)
MINUTE = 60_000  # ms
MOST_DAYS, MOST_WEEKS = 31, 26  # a chart and a table still show so many; longer ranges take longer steps
LOST = (State.LEFT, State.EXPIRED, State.REMOVED)  # how somebody ended who was not served


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `n` lengths in ms: half were at most `p50`, nine of ten at most `p90` (each one that really happened)."""

    n: int = 0
    p50: int | None = None
    p90: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """People who joined, and what became of them. Everything of a visit counts where its person joined.

    `within`: waits within the service's target. `left`: not served in the end, by STAGES. `judged`, `kept`: waits
    promised at joining, and those that came true. `stars`: sum of the `rated` scores.
    """

    people: int = 0
    served: int = 0
    waits: Spread = Spread()
    within: int = 0
    services: Spread = Spread()
    left: tuple[int, ...] = (0,) * len(STAGES)
    missed: int = 0
    returned: int = 0
    transfers: int = 0
    judged: int = 0
    kept: int = 0
    rated: int = 0
    stars: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a branch counts by. `targets`: service → minutes; `resolved`: service → the outcomes that say it is done."""

    zone: ZoneInfo
    targets: Mapping[str, int]
    resolved: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """`only`: what it is narrowed to.

    `parts`: "day" (key: its ISO date), "service", "hour", "counter", "channel" → its rows by key; "time" is by
    steps of a length that a page can show, each by its first day.

    `heat`: (weekday, hour) by the branch's own clock → people who joined. `lost`: (state, stage) → people;
    `still_open`: who is neither served nor lost yet.
    `outcomes`: (service, outcome) → people. `asked`: visits that could be rated; `scores`: 1 to 5 → ratings.
    """

    first: date
    last: date
    only: Only = EVERYTHING
    whole: Row = Row()
    parts: Mapping[str, Mapping[object, Row]] = field(default_factory=dict)
    heat: Mapping[tuple[int, int], int] = field(default_factory=dict)
    lost: Mapping[tuple[str, str], int] = field(default_factory=dict)
    still_open: int = 0
    outcomes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    with_outcome: int = 0
    resolved: int = 0
    asked: int = 0
    scores: Mapping[int, int] = field(default_factory=dict)
    good: Mapping[str, int] = field(default_factory=dict)
    not_good: Mapping[str, int] = field(default_factory=dict)


def report(facts: Facts, first: date, last: date, rules: Rules) -> Report:
    tables = {name: dict(facts.table(name)) for name in ("people", "given", "turns", "ratings")}
    steps, step_of = _steps(facts, step(first, last))
    for table in tables.values():
        table["weekday"], table["hour"] = on_the_wall(table["slot"], rules.zone)
        table["time"] = step_of[table["day"]]
    people = tables["people"]
    people["within"] = _within(facts, people, rules.targets)
    everything = {name: np.ones(len(table["day"]), np.bool_) for name, table in tables.items()}
    outcomes = _outcomes(facts, people)
    return Report(
        first, last, facts.only,
        whole=_row(facts, {name: _some(table, everything[name]) for name, table in tables.items()}),
        parts={part: _part(facts, tables, part, facts.words(part)) for part in ("day", "service", "counter", "channel")}
        | {"hour": _part(facts, tables, "hour", range(24)), "time": _part(facts, tables, "time", steps)},
        heat=_heat(people),
        lost=_lost(facts, people),
        still_open=int(np.isin(people["state"], [facts.code("state", state) for state in OPEN]).sum()),
        outcomes=outcomes,
        with_outcome=sum(outcomes.values()),
        resolved=sum(n for (service, outcome), n in outcomes.items() if outcome in rules.resolved.get(service, ())),
        asked=facts.asked,
        scores={score: int((tables["ratings"]["score"] == score).sum()) for score in SCORES},
        good=facts.good,
        not_good=facts.not_good,
    )  # fmt: skip


def step(first: date, last: date) -> str:
    """How finely a range is told: by day, week or month."""
    days = (last - first).days + 1
    return "day" if days <= MOST_DAYS else "week" if days <= MOST_WEEKS * 7 else "month"


def begin(day: date, length: str) -> date:
    """The first day of its day, week or month."""
    if length == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if length == "week" else day


def on_the_wall(slots: Column, zone: ZoneInfo) -> tuple[Column, Column]:
    """The weekday (Monday is 0) and the hour that the branch's clock showed; an hour that came twice is one."""
    distinct, where = np.unique(slots, return_inverse=True)
    local = [(from_ms(0) + int(slot) * SLOT).astimezone(zone) for slot in distinct]
    weekdays, hours = ([at.weekday() for at in local], [at.hour for at in local])
    return np.array(weekdays, np.int32)[where], np.array(hours, np.int32)[where]


def spread(lengths: Column) -> Spread:
    """The nearest rank: the smallest length that so many are at most."""
    n = len(lengths)
    if not n:
        return Spread()
    in_order = np.sort(lengths)
    return Spread(n, int(in_order[-(-n * 5 // 10) - 1]), int(in_order[-(-n * 9 // 10) - 1]))


def _row(facts: Facts, tables: Mapping[str, Table]) -> Row:
    people, ratings, moves = tables["people"], tables["ratings"], tables["turns"]["move"]
    waited = people["wait"] != UNKNOWN
    turns = {move: int((moves == facts.code("move", move)).sum()) for move in (Move.MISS, Move.RETURN, Move.TRANSFER)}
    promises = np.bincount(people["promise"], minlength=KEPT + 1)
    return Row(
        people=len(people["day"]),
        served=int((people["state"] == facts.code("state", State.SERVED)).sum()),
        waits=spread(people["wait"][waited]),
        within=int(people["within"].sum()),
        services=spread(tables["given"]["took"]),
        left=tuple(int((people["stage"] == stage).sum()) for stage in range(len(STAGES))),
        missed=turns[Move.MISS],
        returned=turns[Move.RETURN],
        transfers=turns[Move.TRANSFER],
        judged=int(promises[BROKEN] + promises[KEPT]),
        kept=int(promises[KEPT]),
        rated=len(ratings["score"]),
        stars=int(ratings["score"].sum()),
    )


def _steps(facts: Facts, length: str) -> tuple[list[str], Column]:
    """The steps' first days, and day by code → its step."""
    of_day = [begin(date.fromisoformat(str(day)), length).isoformat() for day in facts.words("day")]
    steps = sorted(set(of_day))
    return steps, np.array([steps.index(first) for first in of_day], np.int32)


def _part(facts: Facts, tables: Mapping[str, Table], by: str, words: Sequence[object]) -> dict[object, Row]:
    """Who has no counter, because nobody called them, is in no row of the counters."""
    sorted_by = {name: _Sorted(table, by) for name, table in tables.items()}
    keys = sorted({int(key) for each in sorted_by.values() for key in each.keys} - {UNKNOWN})
    return {
        _plain(words[key]): _row(facts, {name: each.rows(key) for name, each in sorted_by.items()}) for key in keys
    }  # fmt: skip


def _plain(key: object) -> object:
    """A day as it is written, whichever way a database gives it."""
    return key if isinstance(key, int) else str(key)


class _Sorted:
    """A table in the order of one column, so that each key's rows stand together."""

    def __init__(self, table: Table, by: str) -> None:
        order = np.argsort(table[by], kind="stable")
        self._table = {name: column[order] for name, column in table.items()}
        self.keys, self._starts = np.unique(self._table[by], return_index=True)

    def rows(self, key: int) -> Table:
        at = int(np.searchsorted(self.keys, key))
        if at == len(self.keys) or self.keys[at] != key:
            return {name: column[:0] for name, column in self._table.items()}
        end = self._starts[at + 1] if at + 1 < len(self.keys) else None
        return {name: column[self._starts[at] : end] for name, column in self._table.items()}


def _some(table: Table, which: Mask) -> Table:
    return {name: column[which] for name, column in table.items()}


def _within(facts: Facts, people: Table, targets: Mapping[str, int]) -> Column:
    """1 where the wait was within the target of the service that the person came for."""
    limits = np.array([targets.get(service, 0) * MINUTE for service in facts.words("service")] or [0], np.int64)
    met: Mask = (people["wait"] != UNKNOWN) & (people["wait"] <= limits[people["service"]])
    return met.astype(np.int32)


def _heat(people: Table) -> dict[tuple[int, int], int]:
    cells, counts = np.unique(people["weekday"] * 24 + people["hour"], return_counts=True)
    return {divmod(int(cell), 24): int(count) for cell, count in zip(cells, counts, strict=True)}


def _lost(facts: Facts, people: Table) -> dict[tuple[str, str], int]:
    return {
        (str(state), stage): int(
            ((people["state"] == facts.code("state", state)) & (people["stage"] == index)).sum()
        )
        for state in LOST
        for index, stage in enumerate(STAGES)
    }  # fmt: skip


def _outcomes(facts: Facts, people: Table) -> dict[tuple[str, str], int]:
    """By the service in which it was given: the last one of the visit."""
    outcomes = facts.words("outcome")
    codes, counts = np.unique(people["outcome"][people["outcome"] != UNKNOWN], return_counts=True)
    return {outcomes[int(code)]: int(count) for code, count in zip(codes, counts, strict=True)}
