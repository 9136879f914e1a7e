"""What actions of several actors need of a counter: who may act there, and what happens when it becomes free."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.errors import AlreadyCalled, CounterBusy
from server.domain.moves import CURRENT
from server.domain.ordering import in_turn
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.queries import branches, tickets


def head(session: Session, branch: Branch, duty: Duty) -> Ticket | None:
    """Whom this duty would call next: one row per queue is read, however long the queues are."""
    ready = [ticket for ticket in tickets.parked_at(session, branch.id, duty.counter_id) if ticket.ready]
    waiting = tickets.sent_to(session, duty)
    if not ready and not waiting:
        waiting = [
            ticket for service in duty.services for ticket in tickets.queue(session, branch.id, service, limit=1)
        ]
    return next(iter(in_turn(waiting, ready, duty)), None)


def must_be_free(session: Session, counter_id: str) -> None:
    if (current := tickets.current_at(session, counter_id)) is not None:
        raise CounterBusy(number=current.number, counter=branches.counter_label(session, counter_id) or "")


def freed(session: Session, duty_id: str | None, branch: Branch, now: datetime) -> None:
    """Somebody is no longer current there: a break that was asked for begins."""
    duty = session.get(Duty, duty_id) if duty_id else None
    if duty is not None and duty.ended_at is None and duty.break_wanted:
        duty.free(now)
        duty.changed = branch.version


def lost_race(session: Session, branch: Branch, ticket: Ticket, duty: Duty) -> None:
    """Raise AlreadyCalled when another counter has this ticket."""
    if ticket.state in CURRENT and ticket.counter_id != duty.counter_id:
        following = head(session, branch, duty)
        raise AlreadyCalled(
            number=ticket.number,
            counter=branches.counter_label(session, ticket.counter_id) or "",
            next=following.number if following else "",
        )
