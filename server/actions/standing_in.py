"""A manager acts from the floor: for a counter, with a reason, or for who has no phone; the trail says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.answers import stamp
from server.actions.arranging.audit import record
from server.actions.counters import freed, must_be_free
from server.actions.joining import Joining, join
from server.actions.serving import finish_with
from server.domain.branch import Branch
from server.domain.errors import Conflict, Invalid
from server.domain.moves import Stamp
from server.domain.people import Actor, Duty
from server.domain.presence import Presence
from server.domain.ticket import Ticket
from server.queries import branches, tickets

Answer = dict[str, Any]
ACTED, WALK_IN = "acting.for-counter", "service.walk-in"  # how the trail calls it
REASONS = ("away", "ill", "stuck", "asked", "other")
"""Why somebody acts for a counter: slugs of the sentences `floor.reason.*`."""


@dataclass(frozen=True, slots=True)
class Place:
    """The counter acted for: who is on duty there, and with whom; what came of it and a note, where it ends a visit."""

    session: Session
    branch: Branch
    now: datetime
    stamp: Stamp
    duty: Duty
    ticket: Ticket | None
    outcome: str | None
    note: str | None

    def current(self) -> Ticket:
        if self.ticket is None:
            raise Conflict("counter-free")
        return self.ticket


def walk_in(
    session: Session, branch: Branch, now: datetime, *, by: Actor, joining: Joining, presence: Presence
) -> Answer:
    """A number for somebody without a phone, from no counter."""
    given = join(session, branch, now, by=by, joining=joining, presence=presence)
    record(session, branch, now, by, WALK_IN, given["service"], None, {"number": given["number"]})
    return given


def act_for(
    session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str, move: str, reason: str,
    shown: str | None = None, outcome: str | None = None, note: str | None = None,
) -> Answer:  # fmt: skip
    """One of `MOVES` at a counter where somebody is on duty; a finish with an outcome where its service requires one.

    `shown`: the ticket that the manager saw there: the move is made to no other.
    """
    if reason not in REASONS:
        raise Invalid("reason-needed", {"reason": "reason-needed"})
    if move not in MOVES:
        raise Invalid
    counter = branches.counter(session, branch.id, counter_id)
    duty, ticket = branches.duty_at(session, counter_id), tickets.current_at(session, counter_id)
    if duty is None:
        raise Conflict("counter-unstaffed", counter=counter.label)
    if shown and ticket is not None and ticket.id != shown:
        raise Conflict("counter-moved-on", counter=counter.label)
    MOVES[move](Place(session, branch, now, stamp(by, branch, now), duty, ticket, outcome, note))
    if ticket is not None and not ticket.is_current:
        freed(session, duty.id, branch, now)
    duty.changed = branch.version
    done = {"move": move, "reason": reason, "agent": duty.staff_id} | ({"number": ticket.number} if ticket else {})
    if move == "finish" and outcome:
        done["outcome"] = outcome
    record(session, branch, now, by, ACTED, counter.label, None, done)
    return {"counter": counter_id, "ticket": ticket.id if ticket else None}


def _put_back(place: Place) -> None:
    """To their old place: whoever is called, and whoever is being served and was left alone."""
    ticket = place.current()
    if ticket.started_at is None:
        ticket.put_back(place.stamp)
    else:
        ticket.transfer(place.stamp, ticket.service_id, None, None, ticket.key)


def _miss(place: Place) -> None:
    place.current().miss(place.stamp)


def _finish(place: Place) -> None:
    finish_with(place.session, place.current(), place.stamp, place.outcome, place.note)


def _pause(place: Place) -> None:
    place.duty.take_break(place.now, None, busy=place.ticket is not None)


def _resume(place: Place) -> None:
    place.duty.end_break(place.now)


def _end(place: Place) -> None:
    """Nobody is on duty there any more; who is parked there goes back to their queues."""
    must_be_free(place.session, place.duty.counter_id)
    for parked in tickets.parked_at(place.session, place.branch.id, place.duty.counter_id):
        parked.transfer(place.stamp, parked.service_id, None, None, parked.key)
    place.duty.end(place.now)


MOVES: Mapping[str, Callable[[Place], None]] = {
    "put-back": _put_back, "miss": _miss, "finish": _finish, "pause": _pause, "resume": _resume, "end": _end,
}  # fmt: skip
"""What can be done for a counter."""
