"""Services: add, change, pause, archive, bring back, put in order."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record, snapshot
from server.actions.arranging.checks import free_id
from server.actions.arranging.order import step
from server.actions.arranging.profiles import follow
from server.branch_file import ServiceSection
from server.branch_file.sections import DAY
from server.db import Unchanged
from server.domain.base import Words
from server.domain.branch import Branch, NumberSeries, Outcome, Service
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.people import Actor
from server.queries import branches
from server.queries.arrangement import last_number, waiting_for

Answer = dict[str, Any]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def add(session: Session, branch: Branch, now: datetime, *, by: Actor, section: ServiceSection) -> Answer:
    """A service at the end of the list, with its outcomes. Its id is the section's, or the next free one like it."""
    known = branches.services(session, branch.id)
    _letter_is_free(session, branch, now, section.letter)
    service = Service(
        branch_id=branch.id,
        id=free_id(section.id, [other.id for other in known]),
        open=True,
        archived=False,
        position=max((other.position for other in known), default=-1) + 1,
    )
    _fill(service, section)
    with follow(session, branch):
        session.add(service)
        session.flush()
    for position, outcome in enumerate(section.outcomes):
        session.add(
            Outcome(
                branch_id=branch.id, service_id=service.id, id=outcome.id, name=dict(outcome.name), position=position
            )
        )
    record(session, branch, now, by, "service.add", service.id, None, snapshot(service))
    return {"id": service.id}


def change(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, section: ServiceSection
) -> Answer | Unchanged:
    """Name, letter, times, what to bring, whether an outcome is asked for. Numbers already given keep their letter."""
    service = _service(session, branch, service_id)
    if section.letter != service.letter and not service.archived:
        _letter_is_free(session, branch, now, section.letter, service)
    before = snapshot(service)
    _fill(service, section)
    if snapshot(service) == before:
        return Unchanged({"id": service.id})
    record(session, branch, now, by, "service.change", service.id, before, snapshot(service))
    return {"id": service.id}


def set_typical(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, minutes: int | None
) -> Answer | Unchanged:
    """How long a visit usually takes, and nothing else of the service: what the waits are reckoned with at first."""
    service = _service(session, branch, service_id)
    if minutes is None or not 1 <= minutes <= DAY:
        raise Invalid("invalid-input", {"typical_service": "typical-service-needed"})
    before = snapshot(service)
    service.typical_service = minutes
    if snapshot(service) == before:
        return Unchanged({"id": service.id})
    record(session, branch, now, by, "service.change", service.id, before, snapshot(service))
    return {"id": service.id}


def pause(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str,
    said: Words | None = None, reopens_at: datetime | None = None,
) -> Answer | Unchanged:  # fmt: skip
    """Nobody new can join, until `reopens_at` or until it is resumed; whoever waits is served. `said`: why."""
    if reopens_at is not None and reopens_at <= now:
        raise Invalid("invalid-input", {"until": "until-past"})
    service = _service(session, branch, service_id)
    before = _openness(service)
    service.close(said, reopens_at)
    return _opened_or_closed(session, branch, now, by, service, before, "service.pause")


def resume(session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str) -> Answer | Unchanged:
    service = _service(session, branch, service_id)
    before = _openness(service)
    service.reopen()
    return _opened_or_closed(session, branch, now, by, service, before, "service.resume")


def archive(session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str) -> Answer | Unchanged:
    """It is offered no more. Conflict while people have a number for it: pause it, archive it when they are served."""
    service = _service(session, branch, service_id)
    if service.archived:
        return Unchanged({"id": service.id})
    must_not_be_awaited(session, service)
    with follow(session, branch):
        service.archived = True
    record(session, branch, now, by, "service.archive", service.id, {"archived": False}, {"archived": True})
    return {"id": service.id}


def must_not_be_awaited(session: Session, service: Service) -> None:
    """Conflict while people have a number for it."""
    if waiting := waiting_for(session, service.branch_id, service.id):
        raise Conflict("service-awaited", n=waiting, service=service.id)


def restore(session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str) -> Answer | Unchanged:
    """Back at the end of the list; Invalid when its letter has been given to another meanwhile."""
    service = _service(session, branch, service_id)
    if not service.archived:
        return Unchanged({"id": service.id})
    _letter_is_free(session, branch, now, service.letter, service)
    with follow(session, branch):
        service.position = max(other.position for other in branches.services(session, branch.id)) + 1
        service.archived = False
        service.reopen()
        session.flush()
    record(session, branch, now, by, "service.restore", service.id, {"archived": True}, {"archived": False})
    return {"id": service.id}


def move(
    session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str, up: bool
) -> Answer | Unchanged:
    """One place up or down in the order that people see."""
    shown = [service for service in branches.services(session, branch.id) if not service.archived]
    before, order = step(shown, service_id, up=up)
    if order == before:
        return Unchanged({"order": before})
    record(session, branch, now, by, "service.move", service_id, {"order": before}, {"order": order})
    return {"order": order}


def was_given(session: Session, branch: Branch, now: datetime, letter: str, mine: Service | None) -> bool:
    """Whether numbers with this letter, that `mine` would give a second time, were given on this business day."""
    day = max(branch.business_day or branch.day_at(now), branch.day_at(now))
    series = session.get(NumberSeries, (branch.id, mine.id, day)) if mine else None
    return last_number(session, branch.id, day, letter) > (series.last if series else 0)


def free_letter(letters: list[str]) -> str:
    """The first letter of the alphabet that no service has; "" when all are taken."""
    return next((letter for letter in LETTERS if letter not in letters), "")


def _openness(service: Service) -> Answer:
    until = service.reopens_at.isoformat() if service.reopens_at else None
    said = {"words": service.closed_words} if service.closed_words else {}
    return {"open": service.open} | said | ({"reopens_at": until} if until else {})


def _opened_or_closed(
    session: Session, branch: Branch, now: datetime, by: Actor, service: Service, before: Answer, what: str
) -> Answer | Unchanged:
    if (after := _openness(service)) == before:
        return Unchanged({"id": service.id})
    record(session, branch, now, by, what, service.id, before, after)
    return {"id": service.id}


def _service(session: Session, branch: Branch, service_id: str) -> Service:
    service = session.get(Service, (branch.id, service_id))
    if service is None:
        raise NotFound
    return service


def _fill(service: Service, section: ServiceSection) -> None:
    service.name, service.letter = dict(section.name), section.letter
    service.bring = dict(section.bring) if section.bring else None
    service.target_wait, service.typical_service = section.target_wait, section.typical_service
    service.outcome_required = section.outcome_required


def _letter_is_free(session: Session, branch: Branch, now: datetime, letter: str, mine: Service | None = None) -> None:
    """Invalid when another service has the letter, or when its numbers would be given a second time on this day."""
    others = (s for s in branches.services(session, branch.id) if not s.archived and s is not mine)
    if any(other.letter == letter for other in others):
        raise Invalid("invalid-input", {"letter": "letter-taken"})
    if was_given(session, branch, now, letter, mine):
        raise Invalid("invalid-input", {"letter": "letter-today"})
