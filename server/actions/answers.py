"""What actions answer: plain JSON, so that it can be kept and given again word for word."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.joined import Joined
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
    return _answer(session, branch, partial(getattr, ticket))


def joined_answer(session: Session, branch: Branch, joined: Joined) -> Answer:
    """The same of a new ticket."""
    return _answer(session, branch, joined.ticket.__getitem__)


def _answer(session: Session, branch: Branch, its: Callable[[str], Any]) -> Answer:
    """`its`: a column's name → the ticket's value of it."""
    counter = branches.counter_label(session, its("counter_id"))
    place = (branch.id, its("service_id"), its("id"), (its("place"), its("place_version")))
    return {
        "ticket": its("id"),
        "number": its("number"),
        "service": its("service_id"),
        "state": str(its("state")),
        "counter": {"id": its("counter_id"), "label": counter} if counter else None,
        "generation": its("generation"),
        "ahead": tickets.count_ahead(session, *place) if its("state") in (State.WAITING, State.EXPECTED) else None,
        "branch": branch.id,
        "visit": its("visit_id"),
        "version": branch.version,
    }
