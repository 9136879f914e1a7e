"""What other rules would do at once to who is in the branch now, and to what is kept: asked before they are saved.

It looks with the eyes of what happens by itself (`server.domain.deadlines`, the turn of the day), on a branch as it
would be, and counts what that would do and the rules of today would not.
"""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.domain.base import table_of
from server.domain.branch import Branch
from server.domain.deadlines import is_given_up, is_over
from server.domain.feedback import Rating
from server.domain.moves import Move, State
from server.domain.ticket import Ticket
from server.queries import branches, tickets
from server.queries.held import PERSONAL


@dataclass(frozen=True, slots=True)
class Consequence:
    """`what` is the end of a slug; `n`: how many people, visits or numbers; 1 where nothing is counted."""

    what: str
    n: int


def consequences(session: Session, branch_id: str, wanted: Mapping[str, Any], now: datetime) -> list[Consequence]:
    """Of rules by the names of their columns. Those that begin with the next move (places, undo) have none yet."""
    branch = branches.branch(session, branch_id)
    then = Branch(**{column.key: getattr(branch, column.key) for column in table_of(Branch).columns} | dict(wanted))
    turned_from = branch.business_day if _turns(branch, then, now) else None
    inside = tickets.open_tickets(session, branch_id)
    ends = (_end(then, ticket, now, turned_from) for ticket in inside if not _end(branch, ticket, now, None))
    found = Tally(end for end in ends if end)
    found.update({
        "new-day": turned_from is not None,
        "closed": branch.is_open(now) and not then.is_open(now),
        "opened": then.is_open(now) and not branch.is_open(now),
        "full": len(inside) if _full(then, inside) and not _full(branch, inside) else 0,
        "room": _full(branch, inside) and not _full(then, inside),
        "no-more-time": _used_up(inside, Move.POSTPONE, "postponements", branch.postponements, then.postponements),
        "no-recall": _used_up(inside, Move.RECALL, "recalls", branch.recall_limit, then.recall_limit),
        "language": sum(t.language in branch.languages and t.language not in then.languages for t in inside),
        "unrated": _unrated(session, branch, then, now),
        "emptied": _emptied(session, branch, then, now, Ticket, Ticket.closed_at, PERSONAL),
        "emptied-ratings": _emptied(session, branch, then, now, Rating, Rating.changed_at, ("comment", "contact")),
    })  # fmt: skip
    return [Consequence(what, int(n)) for what, n in found.items() if n]


def _turns(branch: Branch, then: Branch, now: datetime) -> bool:
    """Whether a new business day would begin; that of `then` is turned by it."""
    return branch.business_day is not None and branch.day_at(now) <= branch.business_day and then.turn_day(now)


def _end(branch: Branch, ticket: Ticket, now: datetime, turned_from: date | None) -> str | None:
    """How the ticket would leave the queue by itself, if it would; `turned_from`: the day that ends as it happens."""
    if is_given_up(branch, ticket, now):
        return "given-up"
    if is_over(branch, ticket, now):
        return str(ticket.state)
    over = turned_from is not None and branch.closed_since(turned_from) and ticket.can(Move.EXPIRE)
    return "day-over" if over else None


def _full(branch: Branch, inside: Sequence[Ticket]) -> bool:
    return 0 < branch.full_at <= len(inside)


def _used_up(inside: Sequence[Ticket], move: Move, used: str, before: int, after: int) -> int:
    """How many could still make the move, and could not any more."""
    return sum(ticket.can(move) and after <= getattr(ticket, used) < before for ticket in inside)


def _unrated(session: Session, branch: Branch, then: Branch, now: datetime) -> int:
    """Visits that nobody has rated yet, and nobody could rate any more."""
    since, until = (now - timedelta(days=each.rating_days) for each in (branch, then))
    if until <= since:
        return 0
    over = (
        select(Ticket.visit_id)
        .outerjoin(Rating, Rating.visit_id == Ticket.visit_id)
        .where(Ticket.branch_id == branch.id, Ticket.state == State.SERVED, Ticket.closed_at >= since)
        .where(Rating.visit_id.is_(None))
        .group_by(Ticket.visit_id)
        .having(func.max(Ticket.closed_at) < until)
    )
    return session.scalar(select(func.count()).select_from(over.subquery())) or 0


def _emptied(
    session: Session, branch: Branch, then: Branch, now: datetime, kind: type[Any], at: Any, fields: Sequence[str]
) -> int:
    """Of how many the words would go for good. What is older is on its way out already."""
    since, until = (now - timedelta(days=each.retention_days) for each in (branch, then))
    filled: ColumnElement[bool] = or_(*(getattr(kind, field).is_not(None) for field in fields))
    gone = select(func.count()).where(kind.branch_id == branch.id, at >= since, at < until, filled)
    return session.scalar(gone) or 0 if since < until else 0
