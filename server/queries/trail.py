"""What was done from the floor of a branch, newest first: who, what, to whom, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.branch import AuditLine
from server.domain.people import StaffMember


class Done(NamedTuple):
    at: datetime
    who: str
    what: str
    subject: str
    after: dict[str, Any] | None


def lately(session: Session, branch_id: str, since: datetime, whats: Sequence[str], limit: int) -> list[Done]:
    """The newest audit lines of these kinds; `who` is "" for who is no person."""
    found = (
        select(AuditLine.at, StaffMember.name, AuditLine.what, AuditLine.subject, AuditLine.after)
        .join(StaffMember, StaffMember.id == AuditLine.actor_id, isouter=True)
        .where(AuditLine.branch_id == branch_id, AuditLine.at >= since, AuditLine.what.in_(whats))
        .order_by(AuditLine.id.desc())
        .limit(limit)
    )
    return [Done(at, who or "", what, subject, after) for at, who, what, subject, after in session.execute(found)]
