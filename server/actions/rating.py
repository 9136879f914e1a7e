"""The one tap after a visit, and its optional reasons and comment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.errors import Conflict, Invalid
from server.domain.feedback import CHIPS, COMMENT_LENGTH, Rating
from server.domain.moves import State, TicketEvent
from server.domain.ticket import Ticket
from server.queries import tickets

CONTACT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Tap:
    """score: 1 (very poor) to 5 (very good); good, not_good: words of feedback.CHIPS."""

    score: int
    good: tuple[str, ...] = ()
    not_good: tuple[str, ...] = ()
    comment: str | None = None
    contact: str | None = None


def rate(session: Session, branch: Branch, now: datetime, *, ticket_id: str, tap: Tap) -> dict[str, Any]:
    """Save the rating of the ticket's visit; within the hour a second one replaces the first."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    _must_make_sense(tap)
    _must_be_over(session, branch, ticket, now)
    rating = tickets.rating_of(session, ticket.visit_id)
    comment, contact = _clipped(tap.comment, COMMENT_LENGTH), _clipped(tap.contact, CONTACT_LENGTH)
    if rating is None:
        legs = [
            leg for other in tickets.visit(session, ticket.visit_id) for leg in _legs(tickets.diary(session, other.id))
        ]
        last = legs[-1]
        rating = Rating(
            visit_id=ticket.visit_id, ticket_id=ticket.id, branch_id=branch.id, service_id=last["service"],
            counter_id=last["counter"], staff_id=last["staff"], score=tap.score, good=list(tap.good),
            not_good=list(tap.not_good), comment=comment, contact=contact, legs={"served": legs}, at=now,
            changed_at=now,
        )  # fmt: skip
        session.add(rating)
    else:
        rating.replace(tap.score, list(tap.good), list(tap.not_good), comment, contact, now)
    ticket.changed = branch.version
    return {
        "ticket": ticket.id,
        "score": rating.score,
        "good": rating.good,
        "not": rating.not_good,
        "version": branch.version,
    }


def _must_make_sense(tap: Tap) -> None:
    if not 1 <= tap.score <= 5:
        raise Invalid("score-range", {"score": "score-range"})
    if not {*tap.good, *tap.not_good} <= set(CHIPS) or set(tap.good) & set(tap.not_good):
        raise Invalid("chips-unknown", {"good": "chips-unknown"})


def _must_be_over(session: Session, branch: Branch, ticket: Ticket, now: datetime) -> None:
    """Asked when no ticket of the visit is open and one was served, until the branch's rating time ends."""
    visit = tickets.visit(session, ticket.visit_id)
    if any(other.is_open for other in visit) or not any(other.state == State.SERVED for other in visit):
        raise Conflict("rating-too-early", number=ticket.number)
    ended = max(other.closed_at for other in visit if other.closed_at is not None)
    if now > ended + timedelta(days=branch.rating_days):
        raise Conflict("rating-too-late")


def _legs(diary: list[TicketEvent]) -> list[dict[str, Any]]:
    """Every served leg, oldest first: where each service ended, by transfer or by finish."""
    legs: list[dict[str, Any]] = []
    staff: str | None = None
    for line in diary:
        if line.move in ("call", "unpark"):
            staff = line.actor_id
        if line.from_state in (State.SERVING, State.PARKED) and line.move in ("finish", "transfer"):
            service = line.changes.get("service_id", [line.service_id])[0]
            legs.append({"service": service, "counter": line.counter_id, "staff": staff})
        elif (
            line.move == "undo"
            and legs
            and line.to_state in (State.SERVING, State.PARKED)
            and line.from_state in (State.SERVED, State.WAITING)
        ):
            legs.pop()
    return legs


def _clipped(text: str | None, length: int) -> str | None:
    return (text or "").strip()[:length] or None
