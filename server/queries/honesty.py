"""Questions about told waits: which branches are due to be sampled, how told waits came true, how long visits take."""

from collections.abc import Collection, Iterator
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, case, exists, func, null, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.domain.branch import Branch
from server.domain.honesty import (
    JUDGED_FOR,
    LEARNED_FROM,
    LEARNED_TO,
    LEAST_SHOWN,
    LENGTHS,
    SLOT,
    Record,
    ShownWait,
    Tally,
    Told,
    record,
)
from server.domain.moves import State
from server.domain.ticket import Ticket
from server.queries import branches, tickets

MINUTE = 60_000  # ms
SLOT_MS = int(SLOT.total_seconds() * 1000)


def due(session: Session, turn: int) -> list[str]:
    """Branches where somebody waits and nothing was noted in this turn."""
    waiting = exists().where(Ticket.branch_id == Branch.id, Ticket.state == State.WAITING)
    noted = exists().where(ShownWait.branch_id == Branch.id, ShownWait.turn == turn)
    return list(session.scalars(select(Branch.id).where(waiting, ~noted).order_by(Branch.id)))


def is_noted(session: Session, branch_id: str, turn: int) -> bool:
    """Asked under the branch's lock: of two processes that come at once, one notes."""
    session.execute(select(Branch.id).where(Branch.id == branch_id).with_for_update())
    noted = select(ShownWait.turn).where(ShownWait.branch_id == branch_id, ShownWait.turn == turn).limit(1)
    return session.scalar(noted) is not None


def to_be_judged(session: Session, ticket_ids: Collection[str]) -> set[str]:
    """Of these, the waiting ones whose waits can still come true."""
    which = (Ticket.id.in_(ticket_ids), Ticket.state == State.WAITING)
    still = select(Ticket.id).where(*which, Ticket.first_called_at.is_(None), Ticket.excused_at.is_(None))
    return set(session.scalars(still))


def shown_last(session: Session, branch_id: str, turn: int) -> list[tuple[str, datetime, int, int]]:
    """Ticket, when, likely and at most of what was noted in the turn before this one, or in it: oldest first."""
    noted = (ShownWait.branch_id == branch_id, ShownWait.turn >= turn - 1)
    found = select(ShownWait.ticket_id, ShownWait.at, ShownWait.likely, ShownWait.at_most).where(*noted)
    return [(id, at, likely, most) for id, at, likely, most in session.execute(found.order_by(ShownWait.turn))]


def record_of(session: Session, branch_id: str, now: datetime) -> Record:
    """How the waits came true of whoever was called within the last 30 days. Not for every request: it counts them."""
    zone = branches.branch(session, branch_id).zone()
    return record(told(session, branch_id, now - JUDGED_FOR), zone)


def told(session: Session, branch_id: str, since: datetime) -> Iterator[Told]:
    """Judged waits of tickets first called, or given up, after `since`, counted by what they have in common."""
    mine = (Ticket.branch_id == branch_id, Ticket.excused_at.is_(None))
    yield from _told_until(session, Ticket.first_called_at, *mine, Ticket.first_called_at >= since)
    never_called = (Ticket.closed_at >= since, Ticket.first_called_at.is_(None))
    yield from _told_until(session, Ticket.closed_at, *mine, *never_called, only_broken=True)


def _told_until(
    session: Session, end: InstrumentedAttribute[Any], *whose: ColumnElement[bool], only_broken: bool = False
) -> Iterator[Told]:
    """`end`: what the wait is measured to. `only_broken`: those alone whose "at most" had run out by then."""
    # Of a ticket that was sent on, only its diary knows what it had come for.
    service = case((Ticket.leg == 1, Ticket.service_id), else_=null())
    joining = _counted(service, Ticket.joined_at, Ticket.promised_likely, Ticket.promised_at_most, end, only_broken)
    promised = and_(Ticket.promised_likely.is_not(None), Ticket.promised_at_most.is_not(None))
    later = _counted(ShownWait.service_id, ShownWait.at, ShownWait.likely, ShownWait.at_most, end, only_broken)
    later = later.join(Ticket, Ticket.id == ShownWait.ticket_id).where(ShownWait.at <= end)
    for is_joining, asked in ((True, joining.where(promised)), (False, later)):
        for service_id, slot, length, judged, kept, early, error in session.execute(asked.where(*whose)):
            tally = Tally(judged, int(kept), int(early), int(error) / MINUTE)
            yield Told(is_joining, service_id, slot, length, tally)


def usual_minutes(session: Session, branch_id: str, service_id: str) -> float | None:
    """The median of the last finished visits to a service; None while they are fewer than 30."""
    visits = tickets.served_last(session, branch_id, service_id, LEARNED_TO)
    minutes = [(t.closed_at - t.served_since).total_seconds() / 60 for t in visits if t.closed_at and t.served_since]
    return median(minutes) if len(minutes) >= LEARNED_FROM else None


def _counted(
    service: ColumnElement[Any] | InstrumentedAttribute[str],
    at: InstrumentedAttribute[datetime],
    likely: InstrumentedAttribute[Any],
    at_most: InstrumentedAttribute[Any],
    end: InstrumentedAttribute[Any],
    only_broken: bool,
) -> Select[Any]:
    """By service, slot and length: how many, kept, early, and the sum of errors in ms."""
    waited = _ms(end) - _ms(at)
    slot = _ms(at) // SLOT_MS
    length = case(*((likely < minutes, index) for index, minutes in enumerate(LENGTHS)), else_=len(LENGTHS))
    counted = select(
        service, slot, length, func.count(), _how_many(waited <= _shown(at_most) * MINUTE),
        _how_many(waited <= _shown(likely) * MINUTE), func.sum(func.abs(waited - _shown(likely) * MINUTE)),
    ).group_by(service, slot, length)  # fmt: skip
    return counted.where(waited > _shown(at_most) * MINUTE) if only_broken else counted


def _ms(instant: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


def _shown(minutes: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Who may be called at once reads "1 min"."""
    return case((minutes < LEAST_SHOWN, LEAST_SHOWN), else_=minutes)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0), type_=Integer)
