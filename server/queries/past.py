"""Questions about tickets that have closed."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.domain.ticket import Ticket
from server.queries.tickets import MANY


def closed_ones(session: Session, ticket_ids: Collection[str]) -> list[tuple[str, str, str, str, int]]:
    """Of these: id, branch, service, state and version of the last move, where it is closed."""
    ids, found = sorted(ticket_ids), []
    for n in range(0, len(ids), MANY):
        for id, branch, service, state, moved in session.execute(_CLOSED_ONES, {"ids": ids[n : n + MANY]}):
            found.append((id, branch, service, str(state), moved))
    return found


def closed_of(session: Session, visits: Collection[str]) -> list[Ticket]:
    """The tickets of these visits that have closed."""
    ids, found = sorted(visits), list[Ticket]()
    for n in range(0, len(ids), MANY):
        some = Ticket.visit_id.in_(ids[n : n + MANY])
        found += session.scalars(select(Ticket).where(some, Ticket.closed_at.is_not(None)))
    return found


_CLOSED_ONES = select(Ticket.id, Ticket.branch_id, Ticket.service_id, Ticket.state, Ticket.moved).where(
    Ticket.id.in_(bindparam("ids", expanding=True)), Ticket.closed_at.is_not(None)
)
