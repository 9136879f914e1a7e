"""Who stands at which counter: take it, take a break, end."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.answers import stamp
from server.actions.counters import must_be_free
from server.db import Unchanged
from server.domain.base import is_planned
from server.domain.branch import Branch
from server.domain.errors import Conflict, CounterOccupied, Invalid
from server.domain.people import BREAK_REASONS, Actor, Duty
from server.domain.ticket import Ticket
from server.queries import branches, tickets

Answer = dict[str, Any]
PARKED_CHOICES = ("keep", "transfer")


def take(
    session: Session,
    branch: Branch,
    now: datetime,
    *,
    by: Actor,
    counter_id: str,
    duty_id: str,
    services: list[str] | None = None,
) -> Answer | Unchanged:
    """Stand at a counter. Again: the work profile is replaced. A free counter elsewhere is left for this one."""
    counter = branches.counter(session, branch.id, counter_id)
    if branch.archived:
        raise Conflict("branch-archived")
    here = branches.duty_at(session, counter_id)
    if here is not None and here.staff_id != by.id:
        raise CounterOccupied(counter=counter.label, name=branches.staff_name(session, here.staff_id))
    worked = _profile(session, branch, counter.services, services)
    if here is not None:
        if here.services == worked:
            return Unchanged(_answer(here))
        here.services, here.changed = worked, branch.version
        return _answer(here)
    _leave_other_counter(session, branch, now, by)
    assert by.id is not None
    duty = Duty(
        id=duty_id,
        branch_id=branch.id,
        counter_id=counter_id,
        staff_id=by.id,
        services=worked,
        break_wanted=False,
        breaks=[],
        started_at=now,
        changed=branch.version,
    )
    session.add(duty)
    return _answer(duty)


def change_break(
    session: Session,
    branch: Branch,
    now: datetime,
    *,
    by: Actor,
    counter_id: str,
    on_break: bool,
    back_at: datetime | None = None,
    reason: str | None = None,
) -> Answer:
    """On or off a break; while somebody is current it begins when they have gone."""
    if reason is not None and reason not in BREAK_REASONS:
        raise Invalid("break-reason", {"reason": "break-reason"})
    if not is_planned(back_at):
        raise Invalid("moment-far", {"back_at": "moment-far"})
    duty = branches.duty_here(session, counter_id, by.id)
    if on_break:
        duty.take_break(now, back_at, busy=tickets.current_at(session, counter_id) is not None, reason=reason)
    else:
        duty.end_break(now)
    duty.changed = branch.version
    return _answer(duty)


def end(
    session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str, parked: str | None = None
) -> Answer:
    """Leave the counter. With people parked there it asks: "keep" them for it, or "transfer" them to their queues."""
    if parked is not None and parked not in PARKED_CHOICES:
        raise Invalid("parked-choice", {"parked": "parked-choice"})
    duty = branches.duty_here(session, counter_id, by.id)
    must_be_free(session, counter_id)
    waiting_here = tickets.parked_at(session, branch.id, counter_id)
    if waiting_here and parked is None:
        raise Conflict("parked-remain", n=len(waiting_here))
    if parked == "transfer":
        for ticket in waiting_here:
            _to_its_queue(ticket, branch, now, by)
    _close(duty, branch, now)
    return _answer(duty)


def _profile(session: Session, branch: Branch, able: list[str] | None, wanted: list[str] | None) -> list[str]:
    """The services worked: what was asked for, as far as the counter can do it."""
    possible = [
        s.id for s in branches.services(session, branch.id) if not s.archived and (able is None or s.id in able)
    ]
    if wanted is None:
        return possible
    unknown = set(wanted) - set(possible)
    if unknown or not wanted:
        raise Invalid("services-not-here", {"services": "services-not-here"})
    return [service for service in possible if service in wanted]


def _leave_other_counter(session: Session, branch: Branch, now: datetime, by: Actor) -> None:
    other = branches.duty_of(session, by.id or "")
    if other is None:
        return
    if other.branch_id != branch.id:  # only that branch's own lock may change it
        raise Conflict("on-duty-elsewhere")
    must_be_free(session, other.counter_id)
    if left := tickets.parked_at(session, branch.id, other.counter_id):  # ending the duty there asks what becomes of it
        raise Conflict("parked-behind", n=len(left), counter=branches.counter_label(session, other.counter_id) or "")
    _close(other, branch, now)
    session.flush()  # the index of one open duty per agent must see this end before the next begin


def _to_its_queue(ticket: Ticket, branch: Branch, now: datetime, by: Actor) -> None:
    ticket.transfer(stamp(by, branch, now), ticket.service_id, None, None, ticket.key)


def _close(duty: Duty, branch: Branch, now: datetime) -> None:
    duty.end(now)
    duty.changed = branch.version


def _answer(duty: Duty) -> Answer:
    return {
        "id": duty.id,
        "counter": duty.counter_id,
        "staff": duty.staff_id,
        "services": duty.services,
        "on_break": duty.on_break,
        "break_wanted": duty.break_wanted,
        "back_at": duty.back_at.isoformat() if duty.back_at else None,
        "ended": duty.ended_at is not None,
    }
