"""What a counter or a branch attends to by the clock: a call that is missed by itself, idleness, a call for help."""

from datetime import datetime

from server.domain.base import from_ms
from server.domain.branch import HELP_LASTS, Branch
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.live.views import HelpView


def help_wanted(branch: Branch, now: datetime) -> HelpView | None:
    if branch.help is None:
        return None
    since = from_ms(branch.help["at"])
    until = since + HELP_LASTS
    return HelpView(branch.help["service"], since, until, tuple(branch.help["coming"])) if now < until else None


def missed_at(branch: Branch, ticket: Ticket | None) -> datetime | None:
    """When whoever is called is missed by itself."""
    if ticket is None or ticket.started_at is not None or ticket.called_at is None:
        return None
    return branch.gives_up_at(ticket.called_at, acknowledged=ticket.acknowledged_at is not None)


def free_since(duty: Duty | None, current: str | None, finished: datetime | None) -> datetime | None:
    """None: nobody is there, or somebody is served, or there is a break."""
    if duty is None or duty.on_break or current:
        return None
    return max(finished or duty.started_at, duty.started_at)
