"""The branch itself: its name and notice, its hours and its closed days."""

from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record
from server.db import Unchanged
from server.domain.base import Words, is_planned
from server.domain.branch import Branch, Logo
from server.domain.errors import Invalid
from server.domain.people import Actor
from server.domain.picture import Picture

Answer = dict[str, Any]
NOTICE = "branch.notice"  # how the trail calls it


def describe(
    session: Session, branch: Branch, now: datetime, *, by: Actor, name: str, notice: Words | None
) -> Answer | Unchanged:
    """What people read of the branch; no notice takes it down.

    Other words keep the times of a notice that is up or still to come: mending a slip must not put it up at once.
    """
    before = {"name": branch.name, **_notice_of(branch)}
    over = branch.notice_until is not None and branch.notice_until <= now
    if not notice or (over and notice != branch.notice):
        branch.notice_from = branch.notice_until = None
    branch.name, branch.notice = name, notice or None
    return _changed(session, branch, now, by, "branch.describe", before, {"name": branch.name, **_notice_of(branch)})


def put_up(
    session: Session, branch: Branch, now: datetime, *, by: Actor, notice: Words | None,
    begins: datetime | None = None, ends: datetime | None = None,
) -> Answer | Unchanged:  # fmt: skip
    """A notice for phones and walls, from `begins` (None: at once) until `ends` (None: until it is taken down)."""
    if unclear := [field for field, at in (("from", begins), ("until", ends)) if not is_planned(at)]:
        raise Invalid("invalid-input", dict.fromkeys(unclear, "moment-far"))
    if ends is not None and ends <= max(begins or now, now):
        raise Invalid("invalid-input", {"until": "until-past"})
    before = _notice_of(branch)
    branch.notice = notice or None
    branch.notice_from, branch.notice_until = (begins, ends) if notice else (None, None)
    return _changed(session, branch, now, by, NOTICE, before, _notice_of(branch))


def set_colour(session: Session, branch: Branch, now: datetime, *, by: Actor, colour: str | None) -> Answer | Unchanged:
    """The field under white words, as `BranchSection` lets it in; None: the house's own."""
    before = {"colour": branch.colour}
    branch.colour = colour
    return _changed(session, branch, now, by, "branch.look", before, {"colour": colour})


def set_logo(
    session: Session, branch: Branch, now: datetime, *, by: Actor, picture: Picture | None
) -> Answer | Unchanged:
    """The picture beside the branch's name; None takes it down."""
    before, known = {"logo": branch.logo is not None}, session.get(Logo, branch.id)
    digest = sha256(picture.content).hexdigest()[:10] if picture else None
    if digest == branch.logo:
        return Unchanged({"id": branch.id})
    if known is not None:
        session.delete(known)
        session.flush()
    if picture is not None:
        session.add(Logo(branch_id=branch.id, kind=picture.kind, content=picture.content))
    branch.logo = digest
    record(session, branch, now, by, "branch.look", branch.id, before, {"logo": digest is not None})
    return {"id": branch.id}


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


def _notice_of(branch: Branch) -> Answer:
    begins, ends = branch.notice_from, branch.notice_until
    return {
        "notice": branch.notice,
        "from": begins.isoformat() if begins else None,
        "until": ends.isoformat() if ends else None,
    }


def _changed(
    session: Session, branch: Branch, now: datetime, by: Actor, what: str, before: dict[str, Any], after: dict[str, Any]
) -> Answer | Unchanged:
    if before == after:
        return Unchanged({"id": branch.id})
    record(session, branch, now, by, what, branch.id, before, after)
    return {"id": branch.id}
