"""What the face tells of tickets and branches, as the JSON of told.py."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server import words
from server.api.told import Body
from server.domain.branch import Branch
from server.domain.feedback import Rating
from server.domain.moves import State
from server.domain.ordering import NEAR
from server.live.views import BoardView, TicketView
from server.live.wire import wait_pair
from server.queries import tickets


def after(
    session: Session, branch: Branch, now: datetime, *, action: Callable[..., Any], view: BoardView | None, **asked: Any
) -> Any:
    """A ticket after its move, made inside the move's transaction: a replay is told the same, word for word.

    near and wait are those of the place it came to on `view`, the board just before. Answers that changed nothing pass.
    """
    answer = action(session, branch, now, **asked)
    if not isinstance(answer, dict):
        return answer
    near, wait = _prospect(view, answer)
    kept = {name: answer[name] for name in ("number", "service", "state", "counter", "ahead", "version", "visit")}
    rating = tickets.rating_of(session, answer["visit"])
    return {"id": answer["ticket"], **kept, "near": near, "wait": wait, "rating": rating_body(rating)}


def ticket_body(view: BoardView, ticket: TicketView, rating: Rating | None) -> Body:
    """A ticket as it is now."""
    return {
        "id": ticket.id,
        "number": ticket.number,
        "service": ticket.service,
        "state": ticket.state,
        "counter": {"id": ticket.counter, "label": ticket.counter_label} if ticket.counter_label else None,
        "ahead": ticket.ahead,
        "near": ticket.near,
        "wait": wait_pair(ticket.wait),
        "version": view.version,
        "visit": ticket.visit,
        "rating": rating_body(rating),
    }


def staff_body(view: BoardView, ticket: TicketView, rating: Rating | None) -> Body:
    """The same, with what an agent needs to know besides."""
    return ticket_body(view, ticket, rating) | {
        "name": ticket.name,
        "need": ticket.need,
        "note": ticket.note,
        "priority": ticket.priority,
        "priority_confirmed": ticket.priority_confirmed,
        "language": ticket.language,
        "channel": ticket.channel,
        "joined_at": ticket.joined_at,
        "called_at": ticket.called_at,
    }


def rating_body(rating: Rating | None) -> Body | None:
    if rating is None:
        return None
    return {"score": rating.score, "good": rating.good, "not": rating.not_good, "comment": rating.comment}


def branch_body(view: BoardView, language: str, kept: int | None) -> Body:
    """What a customer may choose from. `kept`: of ten waits told here, those that came true."""
    return {
        "id": view.branch.id,
        "name": view.branch.name,
        "time_zone": view.branch.time_zone,
        "open": view.branch.open,
        "kept": kept,
        "services": [
            {
                "id": service.id,
                "name": words.pick(service.name, language, view.branch.languages[0]),
                "letter": service.letter,
                "open": service.open,
                "waiting": service.waiting,
                "wait": wait_pair(service.wait),
            }
            for service in view.services
        ],
    }


def _prospect(view: BoardView | None, answer: Body) -> tuple[bool, list[int] | None]:
    """near and wait of whoever stands behind `ahead` others for that service."""
    ahead, service = answer["ahead"], answer["service"]
    if view is None or ahead is None:
        return False, None
    line = [t for t in view.tickets if t.service == service and t.state == State.WAITING and not _bound(t)]
    if ahead < len(line):
        return line[ahead].near, wait_pair(line[ahead].wait)
    return _last_is_near(view, service, answer["ticket"]), next(
        (wait_pair(s.wait) for s in view.services if s.id == service), None
    )


def _last_is_near(view: BoardView, service: str, ticket_id: str) -> bool:
    """Whether the end of this queue is near: at most two others wait for the counters on duty for it."""
    duties = [counter.duty for counter in view.counters if counter.duty and service in counter.duty.services]
    worked = {each for duty in duties for each in duty.services}
    others = (t for t in view.tickets if t.state == State.WAITING and t.service in worked and t.id != ticket_id)
    return bool(duties) and sum(1 for _ in others) <= NEAR


def _bound(ticket: TicketView) -> bool:
    return ticket.bound_counter is not None or ticket.bound_staff is not None
