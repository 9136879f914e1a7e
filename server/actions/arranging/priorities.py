"""Priority classes: add, change, archive, bring back, put in order. Tickets that have one keep it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record, snapshot
from server.actions.arranging.checks import free_id
from server.actions.arranging.order import step
from server.branch_file import PrioritySection
from server.db import Unchanged
from server.domain.branch import Branch, Priority
from server.domain.errors import Invalid, NotFound
from server.domain.people import Actor
from server.queries import branches

Answer = dict[str, Any]
MOST = 20  # as many as a branch file may name


def add(session: Session, branch: Branch, now: datetime, *, by: Actor, section: PrioritySection) -> Answer:
    """A class at the end of the list; the branch's file may name as many as this lets in."""
    known = branches.priorities(session, branch.id)
    _fits(known, section.name)
    priority = Priority(
        branch_id=branch.id,
        id=free_id(section.id, [other.id for other in known]),
        archived=False,
        position=max((other.position for other in known), default=-1) + 1,
    )
    _fill(priority, section)
    session.add(priority)
    record(session, branch, now, by, "priority.add", priority.id, None, snapshot(priority))
    return {"id": priority.id}


def change(
    session: Session, branch: Branch, now: datetime, *, by: Actor, priority_id: str, section: PrioritySection
) -> Answer | Unchanged:
    """Name, head start, who confirms it. Places already given stay: nobody is overtaken by a change of the rules."""
    priority = _priority(session, branch, priority_id)
    before = snapshot(priority)
    _is_new([other for other in branches.priorities(session, branch.id) if other is not priority], section.name)
    _fill(priority, section)
    if snapshot(priority) == before:
        return Unchanged({"id": priority.id})
    record(session, branch, now, by, "priority.change", priority.id, before, snapshot(priority))
    return {"id": priority.id}


def archive(session: Session, branch: Branch, now: datetime, *, by: Actor, priority_id: str) -> Answer | Unchanged:
    """Nobody new can choose it."""
    priority = _priority(session, branch, priority_id)
    if priority.archived:
        return Unchanged({"id": priority.id})
    priority.archived = True
    record(session, branch, now, by, "priority.archive", priority.id, {"archived": False}, {"archived": True})
    return {"id": priority.id}


def restore(session: Session, branch: Branch, now: datetime, *, by: Actor, priority_id: str) -> Answer | Unchanged:
    """Back at the end of the list."""
    priority = _priority(session, branch, priority_id)
    if not priority.archived:
        return Unchanged({"id": priority.id})
    known = branches.priorities(session, branch.id)
    _fits([other for other in known if other is not priority], priority.name)
    priority.archived, priority.position = False, max(other.position for other in known) + 1
    record(session, branch, now, by, "priority.restore", priority.id, {"archived": True}, {"archived": False})
    return {"id": priority.id}


def move(
    session: Session, branch: Branch, now: datetime, *, by: Actor, priority_id: str, up: bool
) -> Answer | Unchanged:
    """One place up or down in the order that people see."""
    shown = [priority for priority in branches.priorities(session, branch.id) if not priority.archived]
    before, order = step(shown, priority_id, up=up)
    if order == before:
        return Unchanged({"order": before})
    record(session, branch, now, by, "priority.move", priority_id, {"order": before}, {"order": order})
    return {"order": order}


def _priority(session: Session, branch: Branch, priority_id: str) -> Priority:
    priority = session.get(Priority, (branch.id, priority_id))
    if priority is None:
        raise NotFound
    return priority


def _fill(priority: Priority, section: PrioritySection) -> None:
    priority.name, priority.head_start, priority.confirm = dict(section.name), section.head_start, section.confirm


def _fits(known: list[Priority], name: dict[str, str]) -> None:
    _is_new(known, name)
    if sum(not priority.archived for priority in known) >= MOST:
        raise Invalid("invalid-input", {"name": "priorities-full"})


def _is_new(others: list[Priority], name: dict[str, str]) -> None:
    """Invalid when a class in use is called the same in one of the languages."""
    for other in others:
        if not other.archived and any(other.name.get(language) == text for language, text in name.items()):
            raise Invalid("invalid-input", {"name": "priority-twice"})
