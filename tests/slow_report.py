"""A report once more, slowly and otherwise: every diary is lived through as a row of spells, one ticket at a time.

Nothing of server.domain.reports is used: what a number means stands here a second time.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.branch import Branch, Outcome, Service
from server.domain.feedback import Rating
from server.domain.moves import TicketEvent
from server.domain.ticket import Ticket

UNDOABLE = {"call", "start", "finish", "miss", "put back", "park", "unpark", "transfer", "remove", "leave", "step away",
            "come back"}  # fmt: skip
STAGE = {"expected": 0, "waiting": 0, "away": 0, "called": 1, "missed": 1, "parked": 2, "serving": 2}
OPEN = set(STAGE)


@dataclass
class Spell:
    """A ticket in one state, until the next one begins. `by`: the move that began it; instants in ms."""

    by: str
    state: str
    since: int
    service: str
    leg: int
    counter: str | None


@dataclass
class Life:
    """One ticket: what it is by itself, and its spells without what was undone."""

    ticket: Ticket
    spells: list[Spell]
    outcome: str | None
    rating: Rating | None
    waits: list[tuple[str, str | None, int]] = field(default_factory=list)
    services: list[tuple[str, str | None, int]] = field(default_factory=list)
    turns: list[tuple[str, str, str | None]] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.spells[-1].state

    @property
    def lost_at(self) -> int | None:
        return STAGE[self.spells[-2].state] if self.state in ("left", "removed", "expired") else None

    @property
    def came_for(self) -> str:
        return next(s.service for s in reversed(self.spells) if s.leg == 1)

    @property
    def places(self) -> list[tuple[str, str | None]]:
        """The service and the counter of everything that any table of a report counts of it."""
        given = [(service, counter) for service, counter, _ in self.services]
        turned = [(service, counter) for _, service, counter in self.turns]
        rated = [(self.rating.service_id, self.rating.counter_id)] if self.rating else []
        return [(self.came_for, self.first_counter), *given, *turned, *rated]

    @property
    def ended_at(self) -> tuple[str, str | None]:
        """The service and the counter where somebody was served last."""
        return next((s.service, s.counter) for s in reversed(self.spells) if s.by == "finish")

    @property
    def first_counter(self) -> str | None:
        return self.waits[0][1] if self.waits else None


def lives(session: Session, branch_id: str, first: date, last: date) -> list[Life]:
    found = []
    of_branch = select(Ticket).where(Ticket.branch_id == branch_id)
    for ticket in session.scalars(of_branch):
        if not first <= ticket.business_day <= last:
            continue
        lines = session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.version)
        )
        kept = _standing(list(lines))
        outcome = None
        for line in kept:
            outcome = line.changes.get("outcome_id", (None, outcome))[1]
        rating = session.scalar(select(Rating).where(Rating.ticket_id == ticket.id))
        life = Life(ticket, [_spell(line) for line in kept], outcome, rating)
        _live(life)
        found.append(life)
    return found


def _standing(lines: list[TicketEvent]) -> list[TicketEvent]:
    gone: set[int] = set()
    for at, line in enumerate(lines):
        if line.move == "undo":
            gone.add(at)
            back = max(n for n in range(at) if n not in gone and lines[n].move in UNDOABLE)
            gone |= set(range(back, at))
    return [line for at, line in enumerate(lines) if at not in gone]


def _spell(line: TicketEvent) -> Spell:
    at = int(line.at.timestamp() * 1000)
    return Spell(str(line.move), str(line.to_state), at, line.service_id, line.leg, line.counter_id)


def _live(life: Life) -> None:
    spells = life.spells
    there = next((s.since for s in spells if s.state == "waiting"), None)
    if called := [s for s in spells if s.by == "call"]:
        life.waits.append((life.came_for, called[0].counter, max(0, called[0].since - (there or 0))))
    for leg in {s.leg: None for s in spells}:
        ends = [at for at, s in enumerate(spells) if s.leg == leg + 1 or (s.state == "served" and s.leg == leg)]
        serving = [at for at, s in enumerate(spells) if s.leg == leg and s.state == "serving"]
        if serving and ends:
            took = sum(max(0, spells[at + 1].since - spells[at].since) for at in serving)
            life.services.append((spells[serving[0]].service, spells[ends[0]].counter, took))
    for before, spell in pairwise(spells):
        if spell.by in ("miss", "return", "transfer"):
            life.turns.append((spell.by, before.service, spell.counter))


def of_ten(lengths: Iterable[int], tenths: int) -> int | None:
    """The smallest of them that so many tenths are at most."""
    known = list(lengths)
    return min((x for x in known if 10 * sum(y <= x for y in known) >= tenths * len(known)), default=None)


def row(found: Sequence[Life], targets: dict[str, int], where: Callable[[str, str | None], bool]) -> dict[str, Any]:
    """What a row of a report says of these lives; `where`: whether something for a service at a counter counts."""
    mine = [one for one in found if where(one.came_for, one.first_counter)]
    waits = [(service, ms) for one in mine for service, _, ms in one.waits]
    services = [ms for one in found for service, counter, ms in one.services if where(service, counter)]
    turns = Tally(move for one in found for move, service, counter in one.turns if where(service, counter))
    ratings = [one.rating for one in found if one.rating and where(one.rating.service_id, one.rating.counter_id)]
    judged = [one.ticket for one in mine if _judged(one.ticket)]
    return {
        "people": len(mine),
        "served": sum(one.state == "served" for one in mine),
        "waits": (len(waits), of_ten([ms for _, ms in waits], 5), of_ten([ms for _, ms in waits], 9)),
        "within": sum(ms <= targets[service] * 60_000 for service, ms in waits),
        "services": (len(services), of_ten(services, 5), of_ten(services, 9)),
        "left": tuple(sum(one.lost_at == stage for one in mine) for stage in range(3)),
        "missed": turns["miss"], "returned": turns["return"], "transfers": turns["transfer"],
        "judged": len(judged), "kept": sum(map(_kept, judged)),
        "rated": len(ratings), "stars": sum(rating.score for rating in ratings),
    }  # fmt: skip


def _judged(ticket: Ticket) -> bool:
    if ticket.promised_likely is None or ticket.promised_at_most is None or ticket.excused_at is not None:
        return False
    return ticket.first_called_at is not None or (ticket.closed_at is not None and not _kept(ticket))


def _kept(ticket: Ticket) -> bool:
    ended = ticket.first_called_at or ticket.closed_at
    assert ended is not None
    assert ticket.promised_at_most is not None
    waited = ended - ticket.joined_at
    return waited.total_seconds() <= max(1, ticket.promised_at_most) * 60


def slow_report(
    session: Session, branch_id: str, first: date, last: date, service: str | None = None, counter: str | None = None,
    channel: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Narrowed to that service, that counter and that channel, where they are given."""

    counts = _where(service, counter)
    every = [one for one in lives(session, branch_id, first, last) if channel in (None, one.ticket.channel)]
    found = [one for one in every if any(counts(*place) for place in one.places)]
    came = [one for one in found if counts(one.came_for, one.first_counter)]
    branch = session.get_one(Branch, branch_id)
    zone = ZoneInfo(branch.time_zone)
    targets = {s.id: s.target_wait for s in session.scalars(select(Service).where(Service.branch_id == branch_id))}
    done = {s: _done(session, branch_id, s) for s in targets}

    def wall(life: Life) -> datetime:
        return datetime.fromtimestamp(life.ticket.joined_at.timestamp(), UTC).astimezone(zone)

    def bucket(life: Life) -> str:
        """The first day of the month for a long range, of the week for some months, else the day."""
        day, length = life.ticket.business_day, (last - first).days + 1
        weeks = day - timedelta(days=day.weekday())
        return (day if length <= 31 else weeks if length <= 182 else day.replace(day=1)).isoformat()

    days = {one.ticket.business_day for one in found}
    channels, hours = {one.ticket.channel for one in found}, {wall(one).hour for one in found}
    places = [place for one in found for place in one.places if counts(*place)]
    outcomes = Tally((one.spells[-1].service, one.outcome) for one in came if one.state == "served" and one.outcome)
    ratings = [one.rating for one in found if one.rating and counts(one.rating.service_id, one.rating.counter_id)]
    return {
        "whole": row(found, targets, counts),
        "day": {str(d): row([o for o in found if o.ticket.business_day == d], targets, counts) for d in days},
        "time": {b: row([o for o in found if bucket(o) == b], targets, counts) for b in set(map(bucket, found))},
        "hour": {h: row([o for o in found if wall(o).hour == h], targets, counts) for h in hours},
        "channel": {c: row([o for o in found if o.ticket.channel == c], targets, counts) for c in channels},
        "service": {s: row(found, targets, _where(s, counter)) for s in {s for s, _ in places}},
        "counter": {c: row(found, targets, _where(service, c)) for c in {c for _, c in places if c}},
        "heat": dict(Tally((wall(one).weekday(), wall(one).hour) for one in came)),
        "lost": Tally((one.state, ("before", "call", "counter")[o]) for one in came if (o := one.lost_at) is not None),
        "open": sum(one.state in OPEN for one in came),
        "outcomes": dict(outcomes),
        "resolved": sum(n for (service, outcome), n in outcomes.items() if outcome in done[service]),
        "asked": len({one.ticket.visit_id for one in every if one.state == "served" and counts(*one.ended_at)}),
        "scores": Tally(rating.score for rating in ratings),
        "good": Tally(reason for rating in ratings for reason in rating.good),
        "not_good": Tally(reason for rating in ratings for reason in rating.not_good),
    }


def _where(service: str | None, counter: str | None) -> Callable[[str, str | None], bool]:
    return lambda for_service, at: service in (None, for_service) and counter in (None, at)


def _done(session: Session, branch_id: str, service: str) -> set[str]:
    """The outcome that is first now, and each archived one that is not behind it."""
    of_service = select(Outcome).where(Outcome.branch_id == branch_id, Outcome.service_id == service)
    known = sorted(session.scalars(of_service), key=lambda outcome: (outcome.archived, outcome.position, outcome.id))
    return {one.id for n, one in enumerate(known) if n == 0 or (one.archived and one.position <= known[0].position)}
