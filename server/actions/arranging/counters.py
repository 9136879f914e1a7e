"""Counters: add, change, archive, bring back."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.answers import stamp
from server.actions.arranging.audit import record, snapshot
from server.actions.arranging.profiles import follow
from server.branch_file import CounterSection
from server.db import Unchanged
from server.domain.branch import Branch, Counter
from server.domain.errors import Conflict, CounterOccupied, Invalid, NotFound
from server.domain.moves import OPEN
from server.domain.people import Actor
from server.queries import branches, tickets

Answer = dict[str, Any]


def add(
    session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str, section: CounterSection
) -> Answer:
    """A counter at the end of the list."""
    known = branches.counters(session, branch.id)
    _label_is_free(known, section.label)
    position = max((counter.position for counter in known), default=-1) + 1
    counter = Counter(id=counter_id, branch_id=branch.id, position=position, archived=False)
    _fill(session, counter, section)
    session.add(counter)
    record(session, branch, now, by, "counter.add", counter.id, None, snapshot(counter))
    return {"id": counter.id}


def change(
    session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str, section: CounterSection
) -> Answer | Unchanged:
    """Its label and the services worked there; whoever stands there goes on with what is left of their choice."""
    counter = _counter(session, branch, counter_id)
    if not counter.archived:
        _label_is_free(
            [other for other in branches.counters(session, branch.id) if other is not counter], section.label
        )
    before = snapshot(counter)
    with follow(session, branch):
        _fill(session, counter, section)
    if snapshot(counter) == before:
        return Unchanged({"id": counter.id})
    record(session, branch, now, by, "counter.change", counter.id, before, snapshot(counter))
    return {"id": counter.id}


def archive(session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str) -> Answer | Unchanged:
    """Nobody can take it; refused as `vacate` refuses."""
    counter = _counter(session, branch, counter_id)
    if counter.archived:
        return Unchanged({"id": counter.id})
    vacate(session, branch, now, by, counter)
    record(session, branch, now, by, "counter.archive", counter.id, {"archived": False}, {"archived": True})
    return {"id": counter.id}


def vacate(session: Session, branch: Branch, now: datetime, by: Actor, counter: Counter) -> None:
    """Archive it; numbers parked there go back to their queues.

    CounterOccupied while somebody is there, Conflict while numbers that were sent there are open: who is away, missed
    or even called elsewhere may wait for it again, and then nobody would call them.
    """
    if (duty := branches.duty_at(session, counter.id)) is not None:
        raise CounterOccupied(counter=counter.label, name=branches.staff_name(session, duty.staff_id))
    parked = tickets.parked_at(session, branch.id, counter.id)
    if sent := [each for each in tickets.bound_to(session, branch.id, counter.id, None, OPEN) if each not in parked]:
        raise Conflict("counter-awaited", n=len(sent), counter=counter.label)
    for ticket in parked:
        ticket.transfer(stamp(by, branch, now), ticket.service_id, None, None, ticket.key)
    counter.archived = True


def restore(session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str) -> Answer | Unchanged:
    """Invalid when its label has been given to another meanwhile."""
    counter = _counter(session, branch, counter_id)
    if not counter.archived:
        return Unchanged({"id": counter.id})
    _label_is_free(branches.counters(session, branch.id), counter.label)
    counter.archived = False
    record(session, branch, now, by, "counter.restore", counter.id, {"archived": True}, {"archived": False})
    return {"id": counter.id}


def next_label(labels: list[str]) -> str:
    """The number after the highest: "5" beside "1", "2" and "4"."""
    return str(max((int(label) for label in labels if label.isascii() and label.isdigit()), default=0) + 1)


def _counter(session: Session, branch: Branch, counter_id: str) -> Counter:
    counter = session.get(Counter, counter_id)
    if counter is None or counter.branch_id != branch.id:
        raise NotFound
    return counter


def _fill(session: Session, counter: Counter, section: CounterSection) -> None:
    live = [service.id for service in branches.services(session, counter.branch_id) if not service.archived]
    if section.services is not None and set(section.services) - set(live):
        raise Invalid("invalid-input", {"services": "services-needed"})
    chosen = None if section.services is None else [id for id in live if id in section.services]
    counter.label, counter.services = section.label, chosen


def _label_is_free(others: list[Counter], label: str) -> None:
    if any(other.label.casefold() == label.casefold() and not other.archived for other in others):
        raise Invalid("invalid-input", {"label": "label-taken"})
