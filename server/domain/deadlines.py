"""Until when a ticket stays as it is: what ends or is given up by itself, by its branch's limits."""

from datetime import datetime, timedelta

from server.domain.branch import Branch
from server.domain.moves import State
from server.domain.ticket import Ticket

ENDING = frozenset({State.EXPECTED, State.AWAY, State.CALLED, State.MISSED})
"""Who can be over or given up by the clock alone. Most people wait, and a clock does nothing to them."""


def is_over(branch: Branch, ticket: Ticket, now: datetime) -> bool:
    """Away or missed too long, or expected but never arrived."""
    since, minutes = {
        State.AWAY: (ticket.away_since, branch.away_limit),
        State.MISSED: (ticket.missed_at, branch.return_grace),
        State.EXPECTED: (ticket.appointment_at or ticket.joined_at, branch.arrive_by),
    }.get(State(ticket.state), (None, 0))
    return since is not None and now > since + timedelta(minutes=minutes)


def is_given_up(branch: Branch, ticket: Ticket, now: datetime) -> bool:
    """Called, and does not come, where the branch has switched that on."""
    if ticket.state != State.CALLED or ticket.called_at is None:
        return False
    over = branch.gives_up_at(ticket.called_at, acknowledged=ticket.acknowledged_at is not None)
    return over is not None and now >= over
