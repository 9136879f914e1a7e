"""What actions answer: plain JSON, so that it can be kept and given again word for word."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.moves import Stamp, State
from server.domain.people import Actor
from server.domain.ticket import Ticket
from server.queries import branches, tickets

Answer = dict[str, Any]


def stamp(by: Actor, branch: Branch, now: datetime) -> Stamp:
    """What this action's diary lines carry."""
    return Stamp(by, now, branch.version)


def ticket_answer(session: Session, branch: Branch, ticket: Ticket) -> Answer:
    """A ticket after its move: id, number, service, state, counter, generation, and the version it was made at."""
    counter = branches.counter_label(session, ticket.counter_id)
    return {
        "ticket": ticket.id,
        "number": ticket.number,
        "service": ticket.service_id,
        "state": str(ticket.state),
        "counter": {"id": ticket.counter_id, "label": counter} if counter else None,
        "generation": ticket.generation,
        "ahead": tickets.count_ahead(session, ticket) if ticket.state in (State.WAITING, State.EXPECTED) else None,
        "branch": branch.id,
        "visit": ticket.visit_id,
        "version": branch.version,
    }
