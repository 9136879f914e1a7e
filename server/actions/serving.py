"""What an agent does with a customer: call, recall, start, finish, miss, put back, park, transfer, remove."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.actions.answers import Answer, stamp, ticket_answer
from server.actions.counters import freed, head, lost_race, must_be_free
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.errors import Conflict, Invalid
from server.domain.moves import Move, Stamp, State
from server.domain.ordering import Place, place_of
from server.domain.people import Actor, Duty
from server.domain.ticket import Ticket
from server.queries import branches, people, tickets

NOTE_LENGTH = 500
PLACES = ("arrival", "front", "end")


def call_next(session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str) -> Answer | Unchanged:
    """The head of the declared order, called to this counter; Unchanged(None) when nobody waits for it."""
    duty = _ready_to_call(session, counter_id, by)
    ticket = head(session, branch, duty)
    if ticket is None:
        return Unchanged(None)
    ticket.call(stamp(by, branch, now), duty)
    return ticket_answer(session, branch, ticket)


def call(
    session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str, ticket_id: str, reason: str
) -> Answer:
    """A chosen ticket, out of turn, with a reason."""
    if not reason.strip():
        raise Invalid("reason-needed", {"reason": "reason-needed"})
    duty = _ready_to_call(session, counter_id, by)
    ticket = tickets.ticket(session, branch.id, ticket_id)
    lost_race(session, branch, ticket, duty)
    if ticket.state == State.PARKED and ticket.counter_id != counter_id:
        raise Conflict("parked-elsewhere", number=ticket.number)
    ticket.call(stamp(by, branch, now), duty)
    ticket.reason = reason.strip()[:NOTE_LENGTH]
    return ticket_answer(session, branch, ticket)


def recall(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket, _ = _mine(session, branch, ticket_id, by)
    if ticket.state == State.CALLED and ticket.called_at is not None:
        if ticket.recalls >= branch.recall_limit:
            raise Conflict("recall-limit", number=ticket.number)
        wait = ticket.called_at + timedelta(seconds=branch.recall_gap) - now
        if wait > timedelta(0):
            raise Conflict("recall-too-soon", number=ticket.number, seconds=int(wait.total_seconds()) + 1)
    ticket.recall(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def start(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket, _ = _mine(session, branch, ticket_id, by)
    ticket.start(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def finish(
    session: Session,
    branch: Branch,
    now: datetime,
    *,
    by: Actor,
    ticket_id: str,
    outcome: str | None = None,
    note: str | None = None,
) -> Answer:
    """Served, with an outcome where the service requires one."""
    ticket, duty = _mine(session, branch, ticket_id, by)
    finish_with(session, ticket, stamp(by, branch, now), outcome, note)
    freed(session, duty.id, branch, now)
    return ticket_answer(session, branch, ticket)


def finish_with(session: Session, ticket: Ticket, made: Stamp, outcome: str | None, note: str | None) -> None:
    """The move itself, whoever makes it; Invalid where an outcome is required, or is none of the service's."""
    if outcome:
        branches.outcome(session, ticket.branch_id, ticket.service_id, outcome)
    elif ticket.can(Move.FINISH) and branches.needs_outcome(session, ticket.branch_id, ticket.service_id):
        raise Invalid("outcome-required", {"outcome": "outcome-required"})
    ticket.finish(made, outcome or None)
    if note:
        ticket.note = note.strip()[:NOTE_LENGTH] or ticket.note


def miss(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket, duty = _mine(session, branch, ticket_id, by)
    ticket.miss(stamp(by, branch, now))
    freed(session, duty.id, branch, now)
    return ticket_answer(session, branch, ticket)


def put_back(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket, duty = _mine(session, branch, ticket_id, by)
    ticket.put_back(stamp(by, branch, now))
    freed(session, duty.id, branch, now)
    return ticket_answer(session, branch, ticket)


def park(
    session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str, note: str | None = None
) -> Answer:
    ticket, duty = _mine(session, branch, ticket_id, by)
    ticket.park(stamp(by, branch, now))
    if note:
        ticket.note = note.strip()[:NOTE_LENGTH]
    freed(session, duty.id, branch, now)
    return ticket_answer(session, branch, ticket)


def unpark(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """Back to being served, by the agent of that counter, while nobody is current there, and not on a break."""
    ticket, duty = _mine(session, branch, ticket_id, by)
    if ticket.can(Move.UNPARK):
        _must_be_ready(session, duty)
    ticket.unpark(stamp(by, branch, now), duty)
    return ticket_answer(session, branch, ticket)


def transfer(
    session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str,
    service: str | None = None, counter: str | None = None, agent: str | None = None, place: str = "arrival",
) -> Answer:  # fmt: skip
    """To a service, one counter or one person; same ticket, id, secret and number."""
    if [service, counter, agent].count(None) != 2 or place not in PLACES:
        raise Invalid("transfer-where", {"service": "transfer-where"})
    ticket, duty = _mine(session, branch, ticket_id, by)
    target = branches.service(session, branch.id, service).id if service else ticket.service_id
    if counter:
        branches.counter(session, branch.id, counter)
    if agent and not people.works_in(session, agent, branch.id):
        raise Invalid("agent-unknown", {"agent": "agent-unknown"})
    was_current = ticket.is_current
    key = _placed(session, branch, ticket, now, target, counter, agent, place)
    ticket.transfer(stamp(by, branch, now), target, counter, agent, key)
    if was_current:
        freed(session, duty.id, branch, now)
    return ticket_answer(session, branch, ticket)


def remove(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str, reason: str) -> Answer:
    """Out of the branch, from any open state, with a reason."""
    if not reason.strip():
        raise Invalid("reason-needed", {"reason": "reason-needed"})
    ticket = tickets.ticket(session, branch.id, ticket_id)
    duty_id = ticket.duty_id if ticket.is_current else None
    ticket.remove(stamp(by, branch, now))
    ticket.reason = reason.strip()[:NOTE_LENGTH]
    freed(session, duty_id, branch, now)
    return ticket_answer(session, branch, ticket)


def reclass(
    session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str, priority: str | None
) -> Answer:
    """An agent confirms or changes the priority class, or withdraws it (None)."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    # What its class gives now is for who comes later: taken back is what it was given.
    counted = tickets.head_start(session, ticket) if ticket.head_start is None else ticket.head_start
    head_start = branches.priority(session, branch.id, priority).head_start if priority else 0
    # From where it stands now, not from its arrival: it may have let others go first, or have been sent to the end.
    place = place_of(ticket.place, head_start - counted)
    ticket.reclass(stamp(by, branch, now), priority, priority is not None, place, head_start)
    return ticket_answer(session, branch, ticket)


def _ready_to_call(session: Session, counter_id: str, by: Actor) -> Duty:
    """The agent's duty here, not on a break, with nobody current."""
    duty = branches.duty_here(session, counter_id, by.id)
    _must_be_ready(session, duty)
    return duty


def _must_be_ready(session: Session, duty: Duty) -> None:
    if duty.on_break:
        raise Conflict("on-break")
    must_be_free(session, duty.counter_id)


def _mine(session: Session, branch: Branch, ticket_id: str, by: Actor) -> tuple[Ticket, Duty]:
    """A ticket at the counter where this agent stands; says who won when it is at another one."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    duty = branches.duty_of(session, by.id or "")
    if duty is None or duty.branch_id != branch.id:
        raise Conflict("not-at-counter")
    lost_race(session, branch, ticket, duty)
    if ticket.state == State.PARKED and ticket.counter_id != duty.counter_id:
        raise Conflict("parked-elsewhere", number=ticket.number)
    return ticket, duty


def _placed(
    session: Session,
    branch: Branch,
    ticket: Ticket,
    now: datetime,
    service: str,
    counter: str | None,
    agent: str | None,
    place: str,
) -> Place:
    """Where a transferred ticket comes in the queue it goes to."""
    if place == "end":
        return branch.next_place(now), branch.version
    if place == "arrival":
        return ticket.key
    if counter or agent:
        line = tickets.bound_to(session, branch.id, counter, agent)
    else:
        line = tickets.queue(session, branch.id, service, limit=1)
    return (line[0].place - 1, branch.version) if line and line[0].key < ticket.key else ticket.key
