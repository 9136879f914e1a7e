"""What each agent has done today: whom they served, how long it took, and who thanked them."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median

from sqlalchemy.orm import Session

from server.domain.moves import State
from server.domain.ticket import Ticket
from server.live.views import DayView
from server.queries import tickets

THANKS = 4  # of five faces: the two that smile


class Today:
    """One branch's business day, kept up to date with the tickets that changed. `read` costs nothing while none did."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._served: dict[str, tuple[str, float]] = {}  # ticket id → who served it, minutes
        self._thanks: dict[str, str] = {}  # ticket id → who is thanked
        self._drawn: Mapping[str, DayView] = {}

    def read(self, session: Session, branch_id: str, day: date, found: Iterable[Ticket]) -> None:
        """`found`: the tickets that changed since it was read last; another day is read from its beginning."""
        if day != self._day:
            self._day, self._served, self._thanks = day, {}, {}
            found = tickets.served_on(session, branch_id, day)
        changed = [ticket for ticket in found if ticket.state == State.SERVED or ticket.id in self._served]
        for ticket in changed:
            self._keep(ticket)
        rated = [ticket.id for ticket in changed if ticket.id in self._served]
        self._thanks |= dict(tickets.thanked(session, branch_id, rated, THANKS))
        if changed or not self._served:
            self._drawn = {agent: self._draw(agent) for agent in {agent for agent, _ in self._served.values()}}

    @property
    def drawn(self) -> Mapping[str, DayView]:
        """Staff id → their day; who served nobody yet is not in it."""
        return self._drawn

    def _keep(self, ticket: Ticket) -> None:
        self._served.pop(ticket.id, None)
        self._thanks.pop(ticket.id, None)
        if ticket.state == State.SERVED and ticket.business_day == self._day and ticket.staff_id:
            whole = ticket.started_at is not None and ticket.closed_at is not None
            took = (ticket.closed_at - ticket.started_at).total_seconds() / 60 if whole else 0.0  # type: ignore[operator]
            self._served[ticket.id] = ticket.staff_id, took

    def _draw(self, agent: str) -> DayView:
        took = [minutes for who, minutes in self._served.values() if who == agent]
        return DayView(len(took), round(median(took)), sum(1 for who in self._thanks.values() if who == agent))
