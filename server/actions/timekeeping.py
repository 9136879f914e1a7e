"""What happens by itself in a branch: tickets expire, calls are given up, the day turns."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.actions.answers import stamp
from server.actions.counters import freed
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.moves import Move, State
from server.domain.people import SYSTEM
from server.domain.ticket import Ticket
from server.queries import branches, tickets

ACKNOWLEDGED_EXTRA = timedelta(minutes=2)  # longer patience with who said "I'm coming"
AT_CLOSE = (State.EXPECTED, State.WAITING, State.AWAY, State.CALLED, State.MISSED)


def tick(session: Session, branch: Branch, now: datetime) -> dict[str, int] | Unchanged:
    """Do everything that is due; how many tickets were missed and expired, and duties ended."""
    turned = branch.business_day is not None and branch.turn_day(now)
    day_over = turned and not branch.is_open(now)
    found = tickets.open_tickets(session, branch.id)
    missed = list(_give_up_calls(session, branch, now, found))
    expired = [ticket for ticket in found if ticket not in missed and _is_due(branch, ticket, now, day_over=day_over)]
    for ticket in expired:
        duty_id = ticket.duty_id if ticket.is_current else None
        ticket.expire(stamp(SYSTEM, branch, now))
        freed(session, duty_id, branch, now)
    session.flush()  # who is current at a counter is asked of the database
    ended = _end_duties(session, branch, now) if day_over else 0
    if not (missed or expired or turned):
        return Unchanged({"missed": 0, "expired": 0, "duties": 0})
    return {"missed": len(missed), "expired": len(expired), "duties": ended}


def _give_up_calls(session: Session, branch: Branch, now: datetime, found: list[Ticket]) -> Iterator[Ticket]:
    """Miss who does not come, where the branch has switched that on."""
    if not branch.miss_after:
        return
    for ticket in found:
        if ticket.state != State.CALLED or ticket.called_at is None:
            continue
        patience = timedelta(minutes=branch.miss_after) + (
            ACKNOWLEDGED_EXTRA if ticket.acknowledged_at else timedelta(0)
        )
        if now >= ticket.called_at + patience:
            ticket.miss(stamp(SYSTEM, branch, now))
            freed(session, ticket.duty_id, branch, now)
            yield ticket


def _is_due(branch: Branch, ticket: Ticket, now: datetime, *, day_over: bool) -> bool:
    """Away or missed too long, expected but never arrived, or the day is over and nobody is there to serve."""
    if not ticket.can(Move.EXPIRE):
        return False
    if day_over and ticket.state in AT_CLOSE:
        return True
    since, minutes = {
        State.AWAY: (ticket.away_since, branch.away_limit),
        State.MISSED: (ticket.missed_at, branch.return_grace),
        State.EXPECTED: (ticket.appointment_at or ticket.joined_at, branch.arrive_by),
    }.get(State(ticket.state), (None, 0))
    return since is not None and now > since + timedelta(minutes=minutes)


def _end_duties(session: Session, branch: Branch, now: datetime) -> int:
    ended = 0
    for duty in branches.open_duties(session, branch.id):
        if tickets.current_at(session, duty.counter_id) is None:
            duty.end(now)
            duty.changed = branch.version
            ended += 1
    return ended
