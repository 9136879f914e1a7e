"""Back by one move: by whoever made it, or a manager, while nothing that matters has happened since."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.actions.answers import Answer, stamp, ticket_answer
from server.actions.counters import freed, must_be_free
from server.domain.branch import Branch, Counter, Service
from server.domain.errors import Conflict, Forbidden
from server.domain.moves import CURRENT, State, TicketEvent, duty_before, undoable
from server.domain.people import Actor, Duty, Role, may
from server.domain.ticket import Ticket
from server.queries import people, tickets


def undo(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """Take the last move back."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    lines = undoable(tickets.diary(session, ticket_id)[::-1])
    move = lines[-1]
    if (by.kind, by.id) != (move.actor_kind, move.actor_id) and not _manages(session, branch, by):
        raise Forbidden("undo-not-yours")
    if now > move.at + timedelta(seconds=branch.undo_seconds):
        raise Conflict("undo-too-late", number=ticket.number)
    was_at = ticket.duty_id if ticket.is_current else None
    if move.from_state in CURRENT:
        _back_at_counter(session, ticket, lines, branch)
    if not ticket.is_open:
        _still_only_one(session, branch, ticket)
    ticket.undo(stamp(by, branch, now), lines)
    _still_has_a_place(session, branch, ticket)
    if not ticket.is_current:
        freed(session, was_at, branch, now)
    return ticket_answer(session, branch, ticket)


def _manages(session: Session, branch: Branch, by: Actor) -> bool:
    """May take back what somebody else did."""
    return by.kind == "staff" and may(people.grants(session, by.id or ""), Role.MANAGER, branch.id)


def _back_at_counter(session: Session, ticket: Ticket, lines: Sequence[TicketEvent], branch: Branch) -> None:
    """Back to called or serving needs the same duty and a free counter."""
    duty_id = duty_before(lines[-1], ticket.duty_id)
    duty = session.get(Duty, duty_id) if duty_id else None
    if duty is None or duty.ended_at is not None:
        raise Conflict("undo-duty-ended", number=ticket.number)
    if not ticket.is_current:
        must_be_free(session, duty.counter_id)
    if duty.on_break:  # it began when this customer went: it begins again then
        duty.break_since, duty.break_wanted, duty.changed = None, True, branch.version


def _still_only_one(session: Session, branch: Branch, ticket: Ticket) -> None:
    """A customer who left and joined again keeps the newer ticket."""
    if (
        ticket.visitor
        and len(tickets.open_of_visitor(session, branch.id, ticket.visitor)) >= branch.open_tickets_per_visitor
    ):
        raise Conflict("undo-joined-again", number=ticket.number)


def _still_has_a_place(session: Session, branch: Branch, ticket: Ticket) -> None:
    """Nobody goes back to a service, a counter or a person that is there no more: nobody would call them."""
    service = session.get(Service, (branch.id, ticket.service_id))
    counters = {ticket.counter_id if ticket.state == State.PARKED else None, ticket.bound_counter_id} - {None}
    gone = any(counter is None or counter.archived for counter in (session.get(Counter, id) for id in counters))
    sent_to = ticket.bound_staff_id
    if service is None or service.archived or gone or (sent_to and not people.works_in(session, sent_to, branch.id)):
        raise Conflict("undo-place-gone", number=ticket.number)
