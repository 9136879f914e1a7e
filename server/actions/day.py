"""The turn of the business day: whoever acts first on a new day ends the old one, in the same transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.actions.answers import stamp
from server.actions.counters import freed
from server.domain.branch import Branch
from server.domain.moves import Move
from server.domain.people import SYSTEM
from server.domain.ticket import Ticket
from server.queries import branches, tickets


def turn(session: Session, branch: Branch, now: datetime) -> int | None:
    """Begin the business day of `now`; how many tickets ended with the old one, None when it is still the same.

    They end only where the branch was closed when the day turned, however much later that is noticed: a server that
    was off overnight must not serve yesterday's queue before today's.
    """
    old = branch.business_day
    if not branch.turn_day(now):
        return None
    if old is None or not branch.closed_since(old):
        return 0
    ended = [ticket for ticket in tickets.open_tickets(session, branch.id) if _ends(branch, ticket)]
    for ticket in ended:
        expire(session, branch, ticket, now)
    session.flush()  # what follows asks the database who is still there
    return len(ended)


def expire(session: Session, branch: Branch, ticket: Ticket, now: datetime) -> None:
    duty_id = ticket.duty_id if ticket.is_current else None
    ticket.expire(stamp(SYSTEM, branch, now))
    freed(session, duty_id, branch, now)


def end_duties(session: Session, branch: Branch, now: datetime) -> int:
    """Duties end at close of day, though nobody came; who is still serving, when their customer has gone. How many."""
    today = branch.day_at(now)
    if branch.business_day not in (today, None):  # this clock was set back: it cannot tell whose day is over
        return 0
    ended = 0
    for duty in branches.open_duties(session, branch.id):
        over = branch.closed_since(branch.day_at(duty.started_at), today)
        if over and tickets.current_at(session, duty.counter_id) is None:
            duty.end(now)
            duty.changed = branch.version
            ended += 1
    return ended


def _ends(branch: Branch, ticket: Ticket) -> bool:
    """Serving and parked stay until they are finished."""
    assert branch.business_day is not None
    return ticket.can(Move.EXPIRE) and ticket.business_day < branch.business_day
