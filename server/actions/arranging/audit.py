"""The audit trail: who changed what, before and after."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import AuditLine, Branch
from server.domain.people import Actor


def record(
    session: Session, branch: Branch | None, now: datetime, by: Actor, what: str, subject: str,
    before: dict[str, Any] | None, after: dict[str, Any] | None,
) -> None:  # fmt: skip
    """One line in the action's own transaction; the board is told to read the arrangement again."""
    record_in(session, branch.id if branch else None, now, by, what, subject, before, after)
    if branch is not None:
        branch.arranged = branch.version


def record_in(
    session: Session, branch_id: str | None, now: datetime, by: Actor, what: str, subject: str,
    before: dict[str, Any] | None, after: dict[str, Any] | None,
) -> None:  # fmt: skip
    """A line in the trail of another branch than the action's own: only its own actions may touch its row."""
    session.add(
        AuditLine(
            branch_id=branch_id, at=now, actor_kind=by.kind, actor_id=by.id, what=what, subject=subject,
            before=before, after=after,
        )
    )  # fmt: skip


def snapshot(row: Any, *leave_out: str) -> dict[str, Any]:
    """A stored row as JSON, for "before" and "after"; secrets are never taken."""
    hidden = {"password", "key_hash", "cookie_hash", "token_hash", *leave_out}
    columns = (column.key for column in row.__table__.columns if column.key not in hidden)
    return {key: value.isoformat() if isinstance(value := getattr(row, key), date) else value for key in columns}
