"""Outcomes of a service: add, rename, archive, bring back."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record, snapshot
from server.actions.arranging.checks import free_id
from server.branch_file import OutcomeSection
from server.db import Unchanged
from server.domain.branch import Branch, Outcome, Service
from server.domain.errors import Invalid, NotFound
from server.domain.people import Actor
from server.queries import branches

Answer = dict[str, Any]
MOST = 9  # one digit each at the counter


def add(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, section: OutcomeSection
) -> Answer:
    """An outcome at the end of the service's list; its digit at the counter is its place."""
    if session.get(Service, (branch.id, service_id)) is None:
        raise NotFound
    known = _of(session, branch, service_id)
    _is_new(known, section.name)
    _one_more_fits(known)
    outcome = Outcome(
        branch_id=branch.id,
        service_id=service_id,
        id=free_id(section.id, [other.id for other in known]),
        name=dict(section.name),
        position=max((other.position for other in known), default=-1) + 1,
    )
    session.add(outcome)
    session.flush()
    record(session, branch, now, by, "outcome.add", f"{service_id}/{outcome.id}", None, snapshot(outcome))
    return {"id": outcome.id}


def rename(
    session: Session,
    branch: Branch,
    now: datetime,
    *,
    by: Actor,
    service_id: str,
    outcome_id: str,
    section: OutcomeSection,
) -> Answer | Unchanged:
    """Past visits show the new name too: it is the same outcome."""
    outcome = _outcome(session, branch, service_id, outcome_id)
    if outcome.name == dict(section.name):
        return Unchanged({"id": outcome.id})
    _is_new([other for other in _of(session, branch, service_id) if other is not outcome], section.name)
    before = snapshot(outcome)
    outcome.name = dict(section.name)
    record(session, branch, now, by, "outcome.rename", f"{service_id}/{outcome.id}", before, snapshot(outcome))
    return {"id": outcome.id}


def archive(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, outcome_id: str
) -> Answer | Unchanged:
    """It cannot be chosen any more; the digits of those behind it move up."""
    outcome = _outcome(session, branch, service_id, outcome_id)
    if outcome.archived:
        return Unchanged({"id": outcome.id})
    outcome.archived = True
    record(
        session,
        branch,
        now,
        by,
        "outcome.archive",
        f"{service_id}/{outcome.id}",
        {"archived": False},
        {"archived": True},
    )
    return {"id": outcome.id}


def restore(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, outcome_id: str
) -> Answer | Unchanged:
    outcome = _outcome(session, branch, service_id, outcome_id)
    if not outcome.archived:
        return Unchanged({"id": outcome.id})
    known = _of(session, branch, service_id)
    _is_new([other for other in known if other is not outcome], outcome.name)
    _one_more_fits(known)
    outcome.archived, outcome.position = False, max(other.position for other in known) + 1
    record(
        session,
        branch,
        now,
        by,
        "outcome.restore",
        f"{service_id}/{outcome.id}",
        {"archived": True},
        {"archived": False},
    )
    return {"id": outcome.id}


def _of(session: Session, branch: Branch, service_id: str) -> list[Outcome]:
    return [outcome for outcome in branches.outcomes(session, branch.id) if outcome.service_id == service_id]


def _outcome(session: Session, branch: Branch, service_id: str, outcome_id: str) -> Outcome:
    outcome = session.get(Outcome, (branch.id, service_id, outcome_id))
    if outcome is None:
        raise NotFound
    return outcome


def _is_new(others: list[Outcome], name: dict[str, str]) -> None:
    """Invalid when a live outcome is called the same in one of the languages."""
    for other in others:
        if not other.archived and any(other.name.get(language) == text for language, text in name.items()):
            raise Invalid("invalid-input", {"name": "outcome-twice"})


def _one_more_fits(known: list[Outcome]) -> None:
    if sum(not outcome.archived for outcome in known) >= MOST:
        raise Invalid("invalid-input", {"name": "outcomes-full"})
