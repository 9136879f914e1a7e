"""Opening day: clear what was only practice, once; from then on a branch's history is real and stays."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Table, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.actions.arranging.audit import record
from server.db import Unchanged
from server.domain.base import Base, table_of
from server.domain.branch import Branch, NumberSeries
from server.domain.errors import Conflict, Invalid
from server.domain.feedback import Rating
from server.domain.learned import Learned
from server.domain.people import Actor, Duty, Installation, Revocation
from server.domain.ticket import Ticket

Answer = dict[str, Any]


def clear_practice(session: Session, branch: Branch, now: datetime, *, by: Actor, name: str) -> Answer:
    """Remove every ticket with all that hangs on it, and begin all numbers again; how it is arranged stays.

    Who stands at a counter goes on standing there. Conflict once the branch is open for real; Invalid unless `name` is
    the branch's own: nobody clears a branch by a slip.
    """
    if branch.real_since is not None:
        raise Conflict("open-for-real")
    if " ".join(name.split()).casefold() != branch.name.casefold():
        raise Invalid("invalid-input", {"name": "name-differs"})
    gone = {"tickets": _count(session, Ticket, branch), "ratings": _count(session, Rating, branch)}
    _hang_up(session, branch, now)
    for statement in _removals(branch.id):
        session.execute(statement)
    branch.business_day = None
    set_committed_value(branch, "last_arrival", 0)
    for duty in session.scalars(select(Duty).where(Duty.branch_id == branch.id)):
        duty.changed = branch.version
    _begin_epoch(session, now)
    record(session, branch, now, by, "branch.clear", branch.id, gone, None)
    return gone


def open_for_real(session: Session, branch: Branch, now: datetime, *, by: Actor) -> Answer | Unchanged:
    """From now on every ticket counts, and nothing can be cleared."""
    if branch.real_since is not None:
        return Unchanged({"id": branch.id})
    branch.real_since = now
    record(session, branch, now, by, "branch.real", branch.id, None, None)
    return {"id": branch.id}


def practise_again(session: Session, branch: Branch, now: datetime, *, by: Actor) -> Answer | Unchanged:
    """Take that back; Conflict once somebody has come."""
    if branch.real_since is None:
        return Unchanged({"id": branch.id})
    came = select(func.count()).where(Ticket.branch_id == branch.id, Ticket.joined_at >= branch.real_since)
    if session.scalar(came):
        raise Conflict("somebody-came")
    branch.real_since = None
    record(session, branch, now, by, "branch.practice", branch.id, None, None)
    return {"id": branch.id}


def _count(session: Session, kind: type[Ticket | Rating], branch: Branch) -> int:
    return session.scalar(select(func.count()).where(kind.branch_id == branch.id)) or 0


def _hang_up(session: Session, branch: Branch, now: datetime) -> None:
    """Every phone that watches one of these tickets is told that it is no more."""
    open_now = select(Ticket.id).where(Ticket.branch_id == branch.id, Ticket.closed_at.is_(None))
    session.add_all(Revocation(subject_kind="ticket", subject=id, at=now) for id in session.scalars(open_now))


def _removals(branch_id: str) -> Iterator[Delete]:
    """Whatever hangs on a ticket first, whichever table that is; then tickets, numbers, duties, what was learned."""
    tickets = table_of(Ticket)
    mine = select(tickets.c.id).where(tickets.c.branch_id == branch_id)
    for table in reversed(Base.metadata.sorted_tables):
        if (column := _ticket_of(table)) is not None:
            yield delete(table).where(table.c[column].in_(mine))
    yield delete(tickets).where(tickets.c.branch_id == branch_id)
    yield delete(NumberSeries).where(NumberSeries.branch_id == branch_id)
    yield delete(Duty).where(Duty.branch_id == branch_id, Duty.ended_at.is_not(None))
    yield delete(Learned).where(Learned.branch_id == branch_id)


def _begin_epoch(session: Session, now: datetime) -> None:
    """Boards and screens follow what changed, and what is gone has not: a new epoch makes them read the whole again."""
    counted = update(Installation).values(epoch=Installation.epoch + 1).returning(Installation.id)
    if session.scalar(counted) is None:
        session.add(Installation(id=1, epoch=2, created_at=now))


def _ticket_of(table: Table) -> str | None:
    """The column that names a ticket, in tables of what hangs on one."""
    keys = (key for key in table.foreign_keys if key.column.table is table_of(Ticket) and table is not key.column.table)
    return next((str(key.parent.name) for key in keys), None)
