"""The question behind a report: what the tickets of these business days and their diaries say, as columns.

A plain visit (joined, called, started, finished, or gone) is read from its ticket, which carries the same facts as its
diary. What went otherwise, perhaps one in ten, is told by its whole diary. Both in pieces of four weeks: PostgreSQL's
patience holds for each statement, and no more than four weeks of rows stand in memory.
"""

import json
from collections import Counter as Tally
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import compress, groupby, takewhile
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from server.domain.base import table_of
from server.domain.branch import Branch, Outcome, Service
from server.domain.errors import NotFound
from server.domain.feedback import Rating
from server.domain.honesty import LEAST_SHOWN, SLOT
from server.domain.moves import ONLY_THE_DIARY_KNOWS, State, TicketEvent
from server.domain.reports import report as told
from server.domain.reports.facts import BROKEN, EVERYTHING, KEPT, NOT_JUDGED, UNKNOWN, Facts, Only
from server.domain.reports.visits import AT_THE_CALL, AT_THE_COUNTER, BEFORE_THE_CALL, Line, Visit, visit
from server.domain.ticket import Ticket

PIECE = timedelta(weeks=4)
SLOT_MS = int(SLOT.total_seconds() * 1000)
MINUTE = 60_000  # ms
AT_ONCE = 500  # diaries by their tickets' ids


def report(session: Session, branch_id: str, first: date, last: date, only: Only = EVERYTHING) -> told.Report:
    """Of the business days from `first` to `last`, both among them. It takes its time: `Database.ask_at_length`."""
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise NotFound
    rules = told.Rules(branch.zone(), *_rules(session, branch_id))
    gathered = facts(session, branch_id, first, last, only)
    session.rollback()  # PostgreSQL ends a transaction that rests for some seconds, as it would while this is counted
    return told.report(gathered, first, last, rules)


def today(session: Session, branch_id: str, now: datetime) -> date:
    """The business day at `now`."""
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise NotFound
    return branch.day_at(now)


def facts(session: Session, branch_id: str, first: date, last: date, only: Only = EVERYTHING) -> Facts:
    gathered = Facts(only)
    for since, until in _pieces(first, last):
        days = {"branch": branch_id, "since": since, "until": until}
        _add_people(session, gathered, days)
        _add_ratings(session, gathered, days)
    asked = _ASKED.where(*_of(only, _T.service_id, _T.counter_id))  # where each of them ended
    gathered.asked = session.scalar(asked, {"branch": branch_id, "since": first, "until": last}) or 0
    return gathered


def _pieces(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        until = min(first + PIECE - timedelta(days=1), last)
        yield first, until
        first = until + timedelta(days=1)


def _rules(session: Session, branch_id: str) -> tuple[dict[str, int], dict[str, list[str]]]:
    """(service → target in minutes, service → the outcomes that say that the matter is done)."""
    targets = dict(session.execute(select(Service.id, Service.target_wait).where(Service.branch_id == branch_id)).all())
    found = select(Outcome.service_id, Outcome.id, Outcome.archived).where(Outcome.branch_id == branch_id)
    # The archived one first where two share a place: a file put the other one there in its stead.
    in_order = found.order_by(Outcome.service_id, Outcome.position, Outcome.archived.desc(), Outcome.id)
    of_services = groupby(session.execute(in_order), key=itemgetter(0))
    return targets, {service: _standing_first([row[1:] for row in rows]) for service, rows in of_services}


def _standing_first(outcomes: list[tuple[str, bool]]) -> list[str]:
    """The first live one and the archived ones before it, which stood first in their time; all archived: the first."""
    before = [outcome for outcome, _ in takewhile(itemgetter(1), outcomes)]
    live = next((outcome for outcome, archived in outcomes if not archived), None)
    return [*before, live] if live else before[:1]


def _add_people(session: Session, gathered: Facts, days: dict[str, Any]) -> None:
    visits = _told_by_diary(session, days)
    rows = session.execute(_PEOPLE, days).all()
    if not rows:
        return
    ids, day, slot, channel, service, final, counter, state, outcome, wait, took, stage, promise = map(
        list, zip(*rows, strict=True)
    )
    plain = [length != UNKNOWN and id not in visits for id, length in zip(ids, took, strict=True)]
    gathered.add("given", [list(compress(each, plain)) for each in (day, slot, channel, service, counter, took)])
    given: list[tuple[Any, ...]] = []
    turns: list[tuple[Any, ...]] = []
    for at, id in enumerate(ids):
        if (found := visits.get(id)) is None:
            continue
        shared = day[at], slot[at], channel[at]
        service[at], counter[at] = found.service, found.counter
        wait[at] = UNKNOWN if found.wait is None else found.wait
        stage[at] = UNKNOWN if found.stage is None else found.stage
        given += [(*shared, *each) for each in found.given]
        turns += [(*shared, turn.service, turn.counter, turn.move) for turn in found.turns]
    came = [None if each is None else (of, each) for of, each in zip(final, outcome, strict=True)]
    gathered.add("people", (day, slot, channel, service, counter, state, came, wait, stage, promise))
    _add_rows(gathered, "given", given)
    _add_rows(gathered, "turns", turns)


def _add_rows(gathered: Facts, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        gathered.add(table, zip(*rows, strict=True))


def _told_by_diary(session: Session, days: dict[str, Any]) -> dict[str, Visit]:
    """The ids first, then their diaries by these ids: asked at once, PostgreSQL reads all diaries there are."""
    ids = sorted(set(session.scalars(_DIFFERENT, days)))
    found: dict[str, Visit] = {}
    for at in range(0, len(ids), AT_ONCE):
        lines = session.execute(_DIARIES, {"ids": ids[at : at + AT_ONCE]}).all()
        for ticket, diary in groupby(lines, key=itemgetter(0)):
            found[ticket] = visit([Line(*line[1:]) for line in diary])
    return found


def _add_ratings(session: Session, gathered: Facts, days: dict[str, Any]) -> None:
    """Narrowed by the database: a reason is no column of the facts, which could narrow it."""
    rows = session.execute(_RATINGS.where(*_of(gathered.only, _R.service_id, _R.counter_id)), days).all()
    _add_rows(gathered, "ratings", [tuple(row[:-2]) for row in rows])
    for reasons, index in ((gathered.good, -2), (gathered.not_good, -1)):
        for written, n in Tally(row[index] for row in rows).items():
            for reason in json.loads(written or "[]"):
                reasons[reason] = reasons.get(reason, 0) + n


def _of(only: Only, service: ColumnElement[Any], counter: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The conditions; `service` and `counter`: the columns that say these two."""
    says = {"service": service, "counter": counter, "channel": _T.channel}
    return [says[name] == word for name, word in only.wanted.items()]


def _ms(instant: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


def _between(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    """ms; a clock that was set back makes nothing shorter than nothing."""
    length = _ms(end) - _ms(start)
    return case((length < 0, 0), else_=length)


_T, _E, _R = table_of(Ticket).c, table_of(TicketEvent).c, table_of(Rating).c
_OF_THESE_DAYS = and_(
    _T.branch_id == bindparam("branch"), _T.business_day.between(bindparam("since"), bindparam("until"))
)
_DAY = type_coerce(_T.business_day, String)  # as the driver gives it, which is the same for the same day
_SLOT = _ms(_T.joined_at).op("/")(literal_column(str(SLOT_MS)))  # of whole numbers; "//" would make real ones of them
_GONE = _T.state.in_((State.LEFT, State.EXPIRED, State.REMOVED))
_WAS_PROMISED = and_(
    _T.excused_at.is_(None), _T.promised_likely.is_not(None), _T.promised_at_most.is_not(None),
)  # fmt: skip
_AT_MOST = case((_T.promised_at_most < LEAST_SHOWN, LEAST_SHOWN), else_=_T.promised_at_most) * MINUTE
_PEOPLE = (
    select(
        _T.id, _DAY, _SLOT, _T.channel, _T.service_id, _T.service_id,
        case((_T.first_called_at.is_not(None), _T.counter_id)),
        _T.state,
        case((_T.state == State.SERVED, _T.outcome_id)),
        case((_T.first_called_at.is_(None), UNKNOWN), else_=_between(_T.leg_since, _T.first_called_at)),
        case((_T.state == State.SERVED, _between(_T.started_at, _T.closed_at)), else_=UNKNOWN),
        case(
            (~_GONE, UNKNOWN),
            (_T.started_at.is_not(None), AT_THE_COUNTER),
            (_T.called_at.is_not(None), AT_THE_CALL),
            else_=BEFORE_THE_CALL,
        ),
        case(
            (~_WAS_PROMISED, NOT_JUDGED),
            (_ms(_T.first_called_at) - _ms(_T.joined_at) <= _AT_MOST, KEPT),
            (_T.first_called_at.is_not(None), BROKEN),
            (_ms(_T.closed_at) - _ms(_T.joined_at) > _AT_MOST, BROKEN),  # gave up after it had run out
            else_=NOT_JUDGED,
        ),
    ).where(_OF_THESE_DAYS)
)  # fmt: skip
_DIFFERENT = (
    select(_E.ticket_id)
    .join(table_of(Ticket), _T.id == _E.ticket_id)
    .where(_OF_THESE_DAYS, text(f"ticket_events.{ONLY_THE_DIARY_KNOWS}"))
)
_DIARIES = (
    select(_E.ticket_id, _E.move, _ms(_E.at), _E.from_state, _E.service_id, _E.counter_id)
    .where(_E.ticket_id.in_(bindparam("ids", expanding=True)))
    .order_by(_E.ticket_id, _E.version)
)
_RATINGS = (
    select(
        _DAY, _SLOT, _T.channel, _R.service_id, _R.counter_id, _R.score, cast(_R.good, String),
        cast(_R.not_good, String),
    )
    .select_from(table_of(Ticket).join(table_of(Rating), _R.ticket_id == _T.id))
    .where(_OF_THESE_DAYS)
)  # fmt: skip
_ASKED = select(func.count(_T.visit_id.distinct())).where(_OF_THESE_DAYS, _T.state == State.SERVED)
