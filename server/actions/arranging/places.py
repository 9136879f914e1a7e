"""Branches of the installation: add, archive, bring back; an admin's work."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record
from server.branch_file import BranchSection
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.errors import Conflict, CounterOccupied, Forbidden, Invalid
from server.domain.people import EVERYWHERE, Actor, Role, may
from server.queries import branches, people, tickets

Answer = dict[str, Any]


def add(session: Session, _: None, now: datetime, *, by: Actor, section: BranchSection) -> Answer:
    """A branch that has nothing yet but a name, languages and a clock; Forbidden for who is no admin of all."""
    _must_be_admin(session, by, EVERYWHERE)
    if session.get(Branch, section.id) is not None:
        raise Invalid("invalid-input", {"id": "id-taken"})
    branch = Branch(
        id=section.id, name=section.name, version=0, time_zone=section.time_zone, languages=list(section.languages)
    )
    session.add(branch)
    record(session, None, now, by, "branch.add", section.id, None, {"name": section.name})
    return {"id": section.id}


def archive(session: Session, branch: Branch, now: datetime, *, by: Actor) -> Answer | Unchanged:
    """Closed for good, and on no list; its history stays. Refused while somebody waits or stands at a counter."""
    _must_be_admin(session, by, branch.id)
    if branch.archived:
        return Unchanged({"id": branch.id})
    if waiting := tickets.open_tickets(session, branch.id):
        raise Conflict("branch-awaited", n=len(waiting))
    for duty in branches.open_duties(session, branch.id):
        label = branches.counter_label(session, duty.counter_id) or ""
        raise CounterOccupied(counter=label, name=branches.staff_name(session, duty.staff_id))
    branch.archived = True
    record(session, branch, now, by, "branch.archive", branch.id, {"archived": False}, {"archived": True})
    return {"id": branch.id}


def restore(session: Session, branch: Branch, now: datetime, *, by: Actor) -> Answer | Unchanged:
    _must_be_admin(session, by, branch.id)
    if not branch.archived:
        return Unchanged({"id": branch.id})
    branch.archived = False
    record(session, branch, now, by, "branch.restore", branch.id, {"archived": True}, {"archived": False})
    return {"id": branch.id}


def _must_be_admin(session: Session, by: Actor, branch_id: str) -> None:
    if not may(people.grants(session, by.id or ""), Role.ADMIN, branch_id):
        raise Forbidden
