"""The one tap after a visit, and its optional reasons and comment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.errors import Conflict, Invalid
from server.domain.feedback import CHIPS, COMMENT_LENGTH, Rating
from server.domain.legs import Leg, served
from server.domain.moves import State
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
        legs = _legs(session, ticket.visit_id)
        last, told = legs[-1], [{"service": leg.service, "counter": leg.counter, "staff": leg.staff} for leg in legs]
        rating = Rating(
            visit_id=ticket.visit_id, ticket_id=ticket.id, branch_id=branch.id, service_id=last.service,
            counter_id=last.counter, staff_id=last.staff, score=tap.score, good=list(tap.good),
            not_good=list(tap.not_good), comment=comment, contact=contact, legs={"served": told}, at=now,
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


def _legs(session: Session, visit_id: str) -> list[Leg]:
    """Every served leg of the visit's tickets, in the order they ended: two tickets may take turns."""
    diaries = [tickets.diary(session, ticket.id) for ticket in tickets.visit(session, visit_id)]
    return sorted((leg for diary in diaries for leg in served(diary)), key=attrgetter("ended"))


def _clipped(text: str | None, length: int) -> str | None:
    return (text or "").strip()[:length] or None
