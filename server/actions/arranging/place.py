"""The branch itself: its name and notice, its hours and its closed days."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record
from server.db import Unchanged
from server.domain.base import Words
from server.domain.branch import Branch
from server.domain.errors import Invalid
from server.domain.people import Actor

Answer = dict[str, Any]


def describe(
    session: Session, branch: Branch, now: datetime, *, by: Actor, name: str, notice: Words | None
) -> Answer | Unchanged:
    """What people read of the branch; no notice takes it down."""
    before = {"name": branch.name, "notice": branch.notice}
    branch.name, branch.notice = name, notice or None
    return _changed(session, branch, now, by, "branch.describe", before, {"name": branch.name, "notice": branch.notice})


def set_hours(
    session: Session, branch: Branch, now: datetime, *, by: Actor, hours: dict[str, list[str]] | None
) -> Answer | Unchanged:
    """Openings by weekday as `checks.week` gives them; None: always open."""
    before = {"hours": branch.hours}
    branch.hours = hours
    return _changed(session, branch, now, by, "branch.hours", before, {"hours": hours})


def close_on(session: Session, branch: Branch, now: datetime, *, by: Actor, day: date) -> Answer:
    """A day without visitors; Invalid when it is one already."""
    if day.isoformat() in branch.closures:
        raise Invalid("invalid-input", {"day": "day-twice"})
    before = {"closures": list(branch.closures)}
    branch.closures = sorted([*branch.closures, day.isoformat()])
    record(session, branch, now, by, "branch.close-on", branch.id, before, {"closures": branch.closures})
    return {"id": branch.id}


def open_on(session: Session, branch: Branch, now: datetime, *, by: Actor, day: date) -> Answer | Unchanged:
    """The day has its usual hours after all."""
    before = {"closures": list(branch.closures)}
    branch.closures = [closed for closed in branch.closures if closed != day.isoformat()]
    return _changed(session, branch, now, by, "branch.open-on", before, {"closures": branch.closures})


def _changed(
    session: Session, branch: Branch, now: datetime, by: Actor, what: str, before: dict[str, Any], after: dict[str, Any]
) -> Answer | Unchanged:
    if before == after:
        return Unchanged({"id": branch.id})
    record(session, branch, now, by, what, branch.id, before, after)
    return {"id": branch.id}
