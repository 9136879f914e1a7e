"""Questions about the audit trail: who changed what of a branch, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.domain.branch import AuditLine
from server.domain.people import StaffMember
from server.queries import branches, people

PAGE = 50  # lines
NOBODY = "system"  # whoever ran `setup`, and what happens by itself


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for; `thing`: the part of `what` before the dot. `before`: only lines older than this one."""

    person: str = ""
    thing: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class TrailLine:
    """`who`: a name, None for nobody in person. `name`: of the thing, in its languages; None where it has none."""

    id: int
    at: datetime
    who: str | None
    what: str
    name: Mapping[str, str] | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of lines; `more`: the id to ask on from, None at the end. `people`: (id, name) of all who stand in it."""

    lines: tuple[TrailLine, ...]
    more: int | None
    people: tuple[tuple[str, str], ...]


def trail(session: Session, branch_id: str, sought: Sought) -> Trail:
    """One page of the branch's trail. Names are those of today: it is the same person, the same counter."""
    wanted = select(AuditLine).where(_of(branch_id), *_narrowed(sought)).order_by(AuditLine.id.desc())
    rows = list(session.scalars(wanted.limit(PAGE + 1)))
    names = _names(session, branch_id)
    staff = {id: words["*"] for (kind, id), words in names.items() if kind == "person"}
    lines = tuple(
        TrailLine(
            row.id, row.at, staff.get(row.actor_id or ""), row.what,
            names.get((row.what.partition(".")[0], row.subject)), row.before, row.after,
        )
        for row in rows[:PAGE]
    )  # fmt: skip
    return Trail(lines, lines[-1].id if len(rows) > PAGE else None, _people(session, branch_id, staff))


def _of(branch_id: str) -> Any:
    """Its own lines, and the one of the installation that says when it was added."""
    added = and_(AuditLine.branch_id.is_(None), AuditLine.what.startswith("branch."), AuditLine.subject == branch_id)
    return or_(AuditLine.branch_id == branch_id, added)


def _narrowed(sought: Sought) -> list[Any]:
    found: list[Any] = []
    if sought.person:
        by_nobody = AuditLine.actor_kind != "staff"
        found.append(by_nobody if sought.person == NOBODY else AuditLine.actor_id == sought.person)
    if sought.thing:
        found.append(AuditLine.what.startswith(f"{sought.thing}.", autoescape=True))
    if sought.since is not None:
        found.append(AuditLine.at >= sought.since)
    if sought.until is not None:
        found.append(AuditLine.at < sought.until)
    if sought.before is not None:
        found.append(AuditLine.id < sought.before)
    return found


def _people(session: Session, branch_id: str, staff: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    actors = session.scalars(select(AuditLine.actor_id).where(_of(branch_id)).distinct())
    return tuple(sorted(((id, staff[id]) for id in actors if id and id in staff), key=lambda each: each[1].casefold()))


def _names(session: Session, branch_id: str) -> dict[tuple[str, str], Mapping[str, str]]:
    """(kind, subject) → what it is called now, the archived and the revoked too."""
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for service in branches.services(session, branch_id):
        found["service", service.id] = service.name
    for outcome in branches.outcomes(session, branch_id):
        found["outcome", f"{outcome.service_id}/{outcome.id}"] = outcome.name
    for priority in branches.priorities(session, branch_id):
        found["priority", priority.id] = priority.name
    for counter in branches.counters(session, branch_id):
        found["counter", counter.id] = {"*": counter.label}
    for device in people.devices(session, branch_id):
        found["device", device.id] = {"*": device.name}
    for member in session.scalars(select(StaffMember)):
        found["person", member.id] = {"*": member.name}
    return found
