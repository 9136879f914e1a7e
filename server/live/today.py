"""What each agent has done today: whom they served, how long it took, and who thanked them."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median

from sqlalchemy.orm import Session

from server.domain.legs import served
from server.domain.moves import State, TicketEvent
from server.domain.ordering import MS_PER_MINUTE
from server.domain.ticket import Ticket
from server.live.views import DayView
from server.queries import tickets

THANKS = 4  # of five faces: the two that smile


class Today:
    """One branch's business day, kept up to date with the tickets that changed. `read` costs nothing while none did."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._served: dict[str, list[tuple[str, float]]] = {}  # ticket id → of each leg who served it, minutes
        self._thanks: dict[str, str] = {}  # ticket id → who is thanked
        self._drawn: Mapping[str, DayView] = {}

    def read(self, session: Session, branch_id: str, day: date, found: Iterable[Ticket]) -> None:
        """`found`: the tickets that changed since it was read last; another day is read from its beginning."""
        if day != self._day:
            self._day, self._served, self._thanks = day, {}, {}
            found = tickets.served_on(session, branch_id, day)
        changed = [t for t in found if t.state == State.SERVED or t.leg > 1 or t.id in self._served]
        told = tickets.diaries(session, [ticket.id for ticket in changed if ticket.leg > 1])
        for ticket in changed:
            self._keep(ticket, told.get(ticket.id, []))
        rated = [ticket.id for ticket in changed if ticket.id in self._served]
        self._thanks |= dict(tickets.thanked(session, branch_id, rated, THANKS))
        if changed or not self._served:
            agents = {agent for legs in self._served.values() for agent, _ in legs}
            self._drawn = {agent: self._draw(agent) for agent in agents}

    @property
    def drawn(self) -> Mapping[str, DayView]:
        """Staff id → their day; who served nobody yet is not in it."""
        return self._drawn

    def _keep(self, ticket: Ticket, diary: list[TicketEvent]) -> None:
        """`diary`: of who was sent on; of others the ticket says the same."""
        self._served.pop(ticket.id, None)
        self._thanks.pop(ticket.id, None)
        if ticket.business_day != self._day:
            return
        legs = [(leg.staff, leg.took / MS_PER_MINUTE) for leg in served(diary)] if diary else [_only_leg(ticket)]
        if known := [(staff, minutes) for staff, minutes in legs if staff]:
            self._served[ticket.id] = known

    def _draw(self, agent: str) -> DayView:
        took = [minutes for legs in self._served.values() for who, minutes in legs if who == agent]
        return DayView(len(took), round(median(took)), sum(1 for who in self._thanks.values() if who == agent))


def _only_leg(ticket: Ticket) -> tuple[str | None, float]:
    """(who has served it to the end, minutes); nobody while it is open, or when it ended otherwise."""
    if ticket.state != State.SERVED or ticket.served_since is None or ticket.closed_at is None:
        return None, 0.0
    return ticket.staff_id, (ticket.closed_at - ticket.served_since).total_seconds() / 60
