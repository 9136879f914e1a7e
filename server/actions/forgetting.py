"""What is forgotten: what people told a branch, once its retention is over or when they ask; and doors long closed.

The diary stays; it never held any of it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, inspect, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.db import Unchanged
from server.domain.branch import AuditLine, Branch
from server.domain.feedback import Rating
from server.domain.people import SYSTEM, Actor, OneTimeLink, Revocation, StaffSession
from server.domain.ticket import Ticket
from server.queries import tickets

TOLD_AT_THE_DOOR = (Ticket.name, Ticket.need, Ticket.note, Ticket.reason, Ticket.visitor, Ticket.pass_id)
TOLD_AFTERWARDS = (Rating.comment, Rating.contact)
FORGOTTEN, ERASED = "privacy.forgotten", "privacy.erased"
DOORS_KEPT = timedelta(days=7)
AT_ONCE = 20_000  # rows of a kind: a shortened retention must not hold the branch's lock until years are forgotten


def forget(session: Session, branch: Branch, now: datetime) -> dict[str, int] | Unchanged:
    """Empty the personal fields that are older than the branch's retention; of how many tickets and ratings.

    What is more than AT_ONCE waits for the next time.
    """
    over = now - timedelta(days=branch.retention_days)
    told = _empty(session, Ticket, TOLD_AT_THE_DOOR, Ticket.branch_id == branch.id, Ticket.closed_at < over)
    ratings = _empty(session, Rating, TOLD_AFTERWARDS, Rating.branch_id == branch.id, Rating.changed_at < over)
    answer = {"tickets": told, "ratings": ratings}
    if not any(answer.values()):
        return Unchanged(answer)
    _report(session, branch.id, now, FORGOTTEN, branch.id, answer)
    return answer


def erase(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> dict[str, Any]:
    """At the holder's wish: what was told during the whole visit, at once; its numbers, times and score still count.

    A ticket in the queue keeps its place, and until it is closed the random id that gives one visitor one place.
    """
    visit = tickets.visit(session, tickets.ticket(session, branch.id, ticket_id).visit_id)
    for ticket in visit:
        ticket.name = ticket.need = ticket.note = ticket.reason = None
        if not ticket.is_open:
            ticket.visitor = ticket.pass_id = None
        ticket.changed = branch.version
    rating = tickets.rating_of(session, visit[0].visit_id)
    if rating is not None:
        rating.comment = rating.contact = None
    _report(session, branch.id, now, ERASED, ticket_id, {"tickets": len(visit), "ratings": int(rating is not None)}, by)
    return {"ticket": ticket_id, "version": branch.version}


def forget_doors(session: Session, _: None, now: datetime) -> dict[str, int] | Unchanged:
    """Of the whole installation: sessions that are over, links that open nothing any more, revocations everybody knows.

    Somebody may want to see for a week how a stranger came in.
    """
    over = now - DOORS_KEPT
    gone = {
        "sessions": delete(StaffSession).where(or_(StaffSession.ended_at < over, StaffSession.expires_at < over)),
        "links": delete(OneTimeLink).where(or_(OneTimeLink.used_at < over, OneTimeLink.expires_at < over)),
        "revocations": delete(Revocation).where(Revocation.at < over),
    }
    answer = {what: session.connection().execute(which).rowcount for what, which in gone.items()}
    return answer if any(answer.values()) else Unchanged(answer)


def _report(
    session: Session, branch_id: str, now: datetime, what: str, subject: str, counted: dict[str, int],
    by: Actor = SYSTEM,
) -> None:  # fmt: skip
    """A line of the audit trail, so that a manager can show that it was done. It says how much, never what."""
    session.add(
        AuditLine(
            branch_id=branch_id, at=now, actor_kind=by.kind, actor_id=by.id, what=what, subject=subject, before=None,
            after=dict(counted),
        )
    )  # fmt: skip


def _empty(
    session: Session, kind: type[Any], fields: tuple[InstrumentedAttribute[Any], ...], *which: ColumnElement[bool]
) -> int:
    filled = or_(*(field.is_not(None) for field in fields))
    (key,) = inspect(kind).primary_key
    some = select(key).where(*which, filled).limit(AT_ONCE)
    emptied = update(kind).where(key.in_(some)).values(dict.fromkeys(fields)).returning(kind.branch_id)
    return len(session.execute(emptied, execution_options={"synchronize_session": False}).all())
