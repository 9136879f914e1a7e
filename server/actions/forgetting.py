"""What a branch forgets: what people told it, once its retention is over. The diary stays; it never held any of it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.feedback import Rating
from server.domain.ticket import Ticket

TOLD_AT_THE_DOOR = (Ticket.name, Ticket.need, Ticket.note, Ticket.reason, Ticket.visitor, Ticket.pass_id)
TOLD_AFTERWARDS = (Rating.comment, Rating.contact)


def forget(session: Session, branch: Branch, now: datetime) -> dict[str, int] | Unchanged:
    """Empty every personal field that is older than the branch's retention; of how many tickets and ratings."""
    over = now - timedelta(days=branch.retention_days)
    tickets = _empty(session, Ticket, TOLD_AT_THE_DOOR, Ticket.branch_id == branch.id, Ticket.closed_at < over)
    ratings = _empty(session, Rating, TOLD_AFTERWARDS, Rating.branch_id == branch.id, Rating.changed_at < over)
    answer = {"tickets": tickets, "ratings": ratings}
    return answer if any(answer.values()) else Unchanged(answer)


def _empty(
    session: Session, kind: type[Any], fields: tuple[InstrumentedAttribute[Any], ...], *which: ColumnElement[bool]
) -> int:
    filled = or_(*(field.is_not(None) for field in fields))
    emptied = update(kind).where(*which, filled).values(dict.fromkeys(fields)).returning(kind.branch_id)
    return len(session.execute(emptied, execution_options={"synchronize_session": False}).all())
