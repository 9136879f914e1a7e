"""What happens by itself in a branch: tickets expire, calls are given up, the day turns."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from server.actions import day
from server.actions.answers import stamp
from server.actions.counters import freed
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.deadlines import ENDING, is_given_up, is_over
from server.domain.people import SYSTEM
from server.domain.ticket import Ticket
from server.queries import branches, tickets


def tick(session: Session, branch: Branch, now: datetime) -> dict[str, int] | Unchanged:
    """Do everything that is due; how many tickets were missed and expired, duties ended, services opened."""
    with_the_day = day.turn(session, branch, now) if branch.business_day is not None else None
    found = tickets.listed(session, branch.id, sorted(ENDING), None)
    missed = list(_give_up_calls(session, branch, now, found))
    expired = [ticket for ticket in found if ticket not in missed and is_over(branch, ticket, now)]
    for ticket in expired:
        day.expire(session, branch, ticket, now)
    session.flush()  # who is current at a counter is asked of the database
    duties = day.end_duties(session, branch, now)
    opened = _reopen(session, branch, now)
    done = {"missed": len(missed), "expired": len(expired) + (with_the_day or 0), "duties": duties, "opened": opened}
    return done if with_the_day is not None or any(done.values()) else Unchanged(done)


def _give_up_calls(session: Session, branch: Branch, now: datetime, found: list[Ticket]) -> Iterator[Ticket]:
    """Miss who does not come, where the branch has switched that on."""
    for ticket in found:
        if is_given_up(branch, ticket, now):
            ticket.miss(stamp(SYSTEM, branch, now))
            freed(session, ticket.duty_id, branch, now)
            yield ticket


def _reopen(session: Session, branch: Branch, now: datetime) -> int:
    """Open the services whose pause is over."""
    due = branches.to_reopen(session, branch.id, now)
    for service in due:
        service.reopen()
    if due:
        branch.arranged = branch.version
    return len(due)
