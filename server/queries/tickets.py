"""Questions about tickets, their order and their diaries."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import Session

from server.domain.base import table_of
from server.domain.branch import Branch, Priority
from server.domain.errors import NotFound
from server.domain.feedback import Rating
from server.domain.joined import Joined
from server.domain.moves import CURRENT, HARMLESS, OPEN, Move, State, TicketEvent
from server.domain.ordering import Place
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.prepared import Prepared, insertion

MANY = 500  # ids in one question; with more, all of the branch are asked for
LONGEST_QUEUE = 1_000_000  # "all of it", where a number is needed


def ticket(session: Session, branch_id: str, ticket_id: str) -> Ticket:
    """A ticket of this branch; NotFound otherwise."""
    found = session.get(Ticket, ticket_id)
    if found is None or found.branch_id != branch_id:
        raise NotFound
    return found


def branch_of_ticket(session: Session, ticket_id: str) -> str:
    found = session.scalar(select(Ticket.branch_id).where(Ticket.id == ticket_id))
    if found is None:
        raise NotFound
    return found


def current_at(session: Session, counter_id: str) -> Ticket | None:
    """Who is called or being served at a counter."""
    return next(iter(_found(session, _CURRENT_AT, {"counter": counter_id})), None)


def parked_at(session: Session, branch_id: str, counter_id: str) -> list[Ticket]:
    return _found(session, _PARKED_AT, {"branch": branch_id, "counter": counter_id})


def sent_to(session: Session, duty: Duty) -> list[Ticket]:
    """Waiting tickets that were transferred to this counter or this agent."""
    here = {"branch": duty.branch_id, "counter": duty.counter_id, "staff": duty.staff_id}
    return _found(session, _SENT_TO, here)


def bound_to(
    session: Session, branch_id: str, counter_id: str | None, staff_id: str | None,
    states: Collection[State] = frozenset({State.WAITING}),
) -> list[Ticket]:  # fmt: skip
    """Who was sent to this counter, or else to this agent, and is in one of `states`, in order."""
    to = Ticket.bound_counter_id == counter_id if counter_id else Ticket.bound_staff_id == staff_id
    found = select(Ticket).where(Ticket.branch_id == branch_id, Ticket.state.in_(sorted(states)), to)
    return list(session.scalars(found.order_by(Ticket.place, Ticket.place_version)))


def queue(session: Session, branch_id: str, service_id: str, limit: int = LONGEST_QUEUE) -> list[Ticket]:
    """Who waits for a service, in order; those sent to one counter or person are not in it."""
    return list(session.scalars(_QUEUE, {"branch": branch_id, "service": service_id, "most": limit}))


def behind(session: Session, ticket: Ticket, limit: int) -> list[Ticket]:
    """The next `limit` of its queue who come after it."""
    after = or_(
        Ticket.place > ticket.place, and_(Ticket.place == ticket.place, Ticket.place_version > ticket.place_version)
    )
    return list(
        session.scalars(
            select(Ticket)
            .where(_in_queue(ticket.branch_id, ticket.service_id), after)
            .order_by(Ticket.place, Ticket.place_version)
            .limit(limit)
        )
    )


def count_ahead(session: Session, branch_id: str, service_id: str, ticket_id: str, key: Place) -> int:
    """The others who wait in a queue before `key`; the ticket may stand elsewhere in the database, or not at all."""
    where = {"branch": branch_id, "service": service_id, "id": ticket_id, "place": key[0], "version": key[1]}
    return _COUNT_AHEAD.value(session.connection(), where) or 0


def add(session: Session, joined: Joined) -> None:
    """Write a new ticket and its first line."""
    connection = session.connection()
    _NEW_TICKET.run(connection, joined.ticket)
    _NEW_LINE.run(connection, joined.line)


def head_start(session: Session, ticket: Ticket) -> int:
    """Minutes for a new place: none while its class waits to be confirmed, still those of a class since archived."""
    if ticket.priority_id is None or not ticket.priority_confirmed:
        return 0
    found = session.get(Priority, (ticket.branch_id, ticket.priority_id))
    return found.head_start if found else 0


def count_open(session: Session, branch_id: str) -> int:
    return session.scalar(select(func.count()).where(Ticket.branch_id == branch_id, Ticket.state.in_(OPEN))) or 0


def open_of_visitor(session: Session, branch_id: str, visitor: str) -> list[Ticket]:
    return list(session.scalars(_OPEN_OF_VISITOR, {"branch": branch_id, "visitor": visitor}))


def with_pass(session: Session, branch_id: str, pass_id: str) -> Ticket | None:
    return session.scalar(_WITH_PASS, {"branch": branch_id, "pass": pass_id})


def numbered(session: Session, branch_id: str, number: str) -> list[Ticket]:
    """Tickets of that number, the newest business day first."""
    found = select(Ticket).where(Ticket.branch_id == branch_id, Ticket.number == number)
    return list(session.scalars(found.order_by(Ticket.business_day.desc()).limit(2)))


def listed(session: Session, branch_id: str, states: Sequence[str], service_id: str | None) -> list[Ticket]:
    """Tickets in these states, in order of place."""
    found = select(Ticket).where(Ticket.branch_id == branch_id, Ticket.state.in_(states))
    if service_id:
        found = found.where(Ticket.service_id == service_id)
    return list(session.scalars(found.order_by(Ticket.place, Ticket.place_version)))


def open_tickets(session: Session, branch_id: str) -> list[Ticket]:
    return listed(session, branch_id, sorted(OPEN), None)


def fullest_branches(session: Session) -> list[str]:
    """Branches that somebody is in, the fullest first."""
    inside = select(func.count()).where(Ticket.branch_id == Branch.id, Ticket.state.in_(OPEN)).scalar_subquery()
    counted = select(Branch.id, inside.label("inside")).order_by(inside.desc(), Branch.id)
    return [id for id, count in session.execute(counted) if count]


def changed_since(session: Session, branch_id: str, version: int) -> list[Ticket]:
    return list(session.scalars(_CHANGED_SINCE, {"branch": branch_id, "version": version}))


def served_last(session: Session, branch_id: str, service_id: str, limit: int) -> list[Ticket]:
    """The newest finished services, oldest of them first."""
    found = select(Ticket).where(
        Ticket.branch_id == branch_id,
        Ticket.state == State.SERVED,
        Ticket.service_id == service_id,
        Ticket.started_at.is_not(None),
        Ticket.closed_at.is_not(None),  # is so; said, it is found by its index
    )
    return list(session.scalars(found.order_by(Ticket.closed_at.desc(), Ticket.moved.desc()).limit(limit)))[::-1]


def served_on(session: Session, branch_id: str, day: date) -> list[Ticket]:
    """Who was served on that business day, or at least sent on."""
    served = or_(Ticket.state == State.SERVED, Ticket.leg > 1)
    return list(
        session.scalars(select(Ticket).where(Ticket.branch_id == branch_id, Ticket.business_day == day, served))
    )


def thanked(session: Session, branch_id: str, ids: Sequence[str], score: int) -> list[tuple[str, str]]:
    """(ticket, staff) of the ratings of these tickets that gave at least `score`."""
    if not ids:
        return []
    found = select(Rating.ticket_id, Rating.staff_id).where(
        Rating.branch_id == branch_id, Rating.score >= score, Rating.staff_id.is_not(None)
    )
    if len(ids) <= MANY:
        found = found.where(Rating.ticket_id.in_(ids))
    wanted = set(ids)
    return [(ticket, staff) for ticket, staff in session.execute(found) if ticket in wanted and staff]


def closed_since(session: Session, branch_id: str, at: datetime) -> list[Ticket]:
    return list(session.scalars(select(Ticket).where(Ticket.branch_id == branch_id, Ticket.closed_at >= at)))


def diary(session: Session, ticket_id: str) -> list[TicketEvent]:
    """Its lines, oldest first."""
    return list(
        session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.version))
    )


def diaries(session: Session, ticket_ids: Sequence[str]) -> dict[str, list[TicketEvent]]:
    """By ticket, its lines, oldest first."""
    found: dict[str, list[TicketEvent]] = {}
    for at in range(0, len(ticket_ids), MANY):
        some = select(TicketEvent).where(TicketEvent.ticket_id.in_(ticket_ids[at : at + MANY]))
        for line in session.scalars(some.order_by(TicketEvent.ticket_id, TicketEvent.version)):
            found.setdefault(line.ticket_id, []).append(line)
    return found


def moves_since(session: Session, branch_id: str, version: int, limit: int) -> list[TicketEvent]:
    """The newest diary lines after `version`, newest first."""
    return list(session.scalars(_MOVES_SINCE, {"branch": branch_id, "version": version, "most": limit}))


def lines_since(session: Session, branch_id: str, version: int, limit: int) -> list[TicketEvent]:
    """The newest diary lines after `version` that an undo takes back or is stopped by, oldest first."""
    found = select(TicketEvent).where(
        TicketEvent.branch_id == branch_id, TicketEvent.version > version, TicketEvent.move.not_in(_NOT_UNDONE)
    )
    return list(session.scalars(found.order_by(TicketEvent.version.desc()).limit(limit)))[::-1]


def visit(session: Session, visit_id: str) -> list[Ticket]:
    """The tickets of one stay, oldest first."""
    return list(session.scalars(select(Ticket).where(Ticket.visit_id == visit_id).order_by(Ticket.joined_at)))


def rating_of(session: Session, visit_id: str) -> Rating | None:
    return session.get(Rating, visit_id)


def _found(session: Session, ids: Prepared, values: dict[str, Any]) -> list[Ticket]:
    """Mostly there is none, and then no object is looked for."""
    found = (session.get(Ticket, id) for (id,) in ids.rows(session.connection(), values))
    return [ticket for ticket in found if ticket is not None]


def _in_queue(branch_id: str | BindParameter[str], service_id: str | BindParameter[str]) -> ColumnElement[bool]:
    return and_(
        Ticket.branch_id == branch_id,
        Ticket.state == State.WAITING,
        Ticket.service_id == service_id,
        Ticket.bound_counter_id.is_(None),
        Ticket.bound_staff_id.is_(None),
    )


_NOT_UNDONE = HARMLESS | {Move.JOIN}  # a join comes first: it stops no undo
# What every call and join asks. Built once: building a statement takes longer than the database takes to answer it.
_BRANCH: BindParameter[str] = bindparam("branch")
_COUNTER: BindParameter[str] = bindparam("counter")
_STAFF: BindParameter[str] = bindparam("staff")
_PLACE, _VERSION = bindparam("place", type_=BigInteger), bindparam("version", type_=BigInteger)
_BEFORE = or_(Ticket.place < _PLACE, and_(Ticket.place == _PLACE, Ticket.place_version < _VERSION))
# Written out: SQLite uses an index of some rows only for a statement that names what they have in common.
_IS_CURRENT = Ticket.state.in_([literal_column(f"'{state}'") for state in sorted(CURRENT)])
_CURRENT_AT = Prepared(select(Ticket.id).where(Ticket.counter_id == _COUNTER, _IS_CURRENT))
_PARKED_AT = Prepared(
    select(Ticket.id)
    .where(Ticket.branch_id == _BRANCH, Ticket.state == State.PARKED, Ticket.counter_id == _COUNTER)
    .order_by(Ticket.place, Ticket.place_version)
)
_SENT_TO = Prepared(
    select(Ticket.id).where(
        Ticket.branch_id == _BRANCH,
        Ticket.state == State.WAITING,
        or_(Ticket.bound_counter_id == _COUNTER, Ticket.bound_staff_id == _STAFF),
    )
)
_QUEUE = (
    select(Ticket)
    .where(_in_queue(_BRANCH, bindparam("service")))
    .order_by(Ticket.place, Ticket.place_version)
    .limit(bindparam("most"))
)
_OTHERS = Ticket.id != bindparam("id")
_COUNT_AHEAD = Prepared(select(func.count()).where(_in_queue(_BRANCH, bindparam("service")), _OTHERS, _BEFORE))
_NEW_TICKET, _NEW_LINE = insertion(table_of(Ticket)), insertion(table_of(TicketEvent))
_MOVES_SINCE = (
    select(TicketEvent)
    .where(TicketEvent.branch_id == _BRANCH, TicketEvent.version > _VERSION)
    .order_by(TicketEvent.version.desc())
    .limit(bindparam("most"))
)
_CHANGED_SINCE = select(Ticket).where(Ticket.branch_id == _BRANCH, Ticket.changed > _VERSION)
_OPEN_OF_VISITOR = (
    select(Ticket)
    .where(Ticket.branch_id == _BRANCH, Ticket.visitor == bindparam("visitor"), Ticket.state.in_(OPEN))
    .order_by(Ticket.joined_at)
)
_WITH_PASS = select(Ticket).where(Ticket.branch_id == _BRANCH, Ticket.pass_id == bindparam("pass"))
