"""What a customer does: join, arrive, step away, come back, wait longer, acknowledge a call, return, leave."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from server.actions import day
from server.actions.answers import Answer, joined_answer, stamp, ticket_answer
from server.actions.counters import freed
from server.domain.base import to_ms
from server.domain.branch import Branch, Priority, ticket_number
from server.domain.errors import Conflict, PassRefused
from server.domain.forecast import Promise
from server.domain.joined import join as joined_rows
from server.domain.moves import Move, Stamp, State
from server.domain.ordering import behind_next, place_of
from server.domain.people import Actor
from server.domain.presence import Pass, Presence
from server.queries import branches, tickets
from server.queries.branches import InUse

CHANGE_SERVICE_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody asks for a number.

    `proof`: a fresh code or a pass. `here`: proven present without one (an agent's walk-in, a kiosk's own key).
    `admit` is asked once the request is known not to be a replay; it raises TooMany.
    """

    ticket_id: str
    service: str
    channel: str  # one of ticket.CHANNELS
    language: str
    visitor: str | None = None
    proof: str | None = None
    here: bool = False
    device_id: str | None = None
    name: str | None = None
    need: str | None = None
    note: str | None = None
    priority: str | None = None
    appointment_at: datetime | None = None  # booked for then, from afar: expected until they arrive
    promised: Promise | None = None
    visit_of: str | None = None  # "another service, please": the ticket whose visit this one belongs to
    admit: Callable[[], None] = lambda: None


def join(session: Session, branch: Branch, now: datetime, *, by: Actor, joining: Joining, presence: Presence) -> Answer:
    """A new ticket, waiting when its holder is proven present, else expected where the branch allows it."""
    proof = _prove(branch, joining, presence, now)
    day.turn(session, branch, now)
    visitor = joining.visitor or (proof.visitor if proof else None)
    service = _joinable(session, branch, joining, now)
    _one_ticket_only(session, branch, proof, visitor)
    priority = branches.priority(session, branch.id, joining.priority) if joining.priority else None
    assert branch.business_day is not None
    visit = tickets.ticket(session, branch.id, joining.visit_of).visit_id if joining.visit_of else joining.ticket_id
    number = _number(session, branch, service, branch.business_day)
    arrival = branch.next_place(now)
    here = proof is not None or joining.here
    likely, at_most, p50, p90 = joining.promised or (None,) * 4
    head_start = _head_start(priority, by)
    joined = joined_rows(
        Stamp(_diarist(by, joining.ticket_id), now, branch.version), State.WAITING if here else State.EXPECTED,
        id=joining.ticket_id, branch_id=branch.id, visit_id=visit, business_day=branch.business_day,
        visitor=visitor, pass_id=proof.id if proof and proof.id else None, channel=joining.channel,
        device_id=proof.device if proof else joining.device_id, language=joining.language, generation=1,
        promised_likely=likely, promised_at_most=at_most, foreseen_p50=p50, foreseen_p90=p90, name=joining.name,
        need=joining.need, note=joining.note, appointment_at=joining.appointment_at,
        number=number, service_id=service.id, arrival=arrival, place=place_of(arrival, head_start),
        head_start=head_start, priority_id=priority.id if priority else None, priority_confirmed=_counts(priority, by),
    )  # fmt: skip
    tickets.add(session, joined)
    return joined_answer(session, branch, joined)


def change_service(
    session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str, service: str
) -> Answer:
    """Within two minutes of joining: a new number and place in the other queue."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    if now > ticket.joined_at + CHANGE_SERVICE_WITHIN:
        raise Conflict("change-too-late", number=ticket.number)
    new = branches.service(session, branch.id, service)
    if new.id == ticket.service_id:
        raise Conflict("same-service", number=ticket.number)
    if not (new.open and branch.is_open(now)):
        raise Conflict("service-closed")
    number = _number(session, branch, new, ticket.business_day)
    arrival, head_start = branch.next_place(now), tickets.head_start(session, ticket)
    place = place_of(arrival, head_start)
    ticket.change_service(stamp(by, branch, now), new.id, number, arrival, place, head_start)
    return ticket_answer(session, branch, ticket)


def arrive(
    session: Session,
    branch: Branch,
    now: datetime,
    *,
    by: Actor,
    ticket_id: str,
    proof: str | None,
    presence: Presence,
    here: bool = False,
) -> Answer:
    """An expected ticket whose holder shows the door's fresh code, a pass, or (`here`) is seen by an agent."""
    if not here:
        presence.read_proof(branch.id, proof or "", now)
    ticket = tickets.ticket(session, branch.id, ticket_id)
    arrival, place, head_start = ticket.arrival, ticket.place, ticket.head_start
    appointment = ticket.appointment_at
    late = now > (appointment or ticket.joined_at + timedelta(minutes=branch.arrive_by))
    if late or appointment:
        arrival = branch.next_place(now) if late or appointment is None else to_ms(appointment)
        head_start = tickets.head_start(session, ticket)
        place = place_of(arrival, head_start)
    ticket.arrive(stamp(by, branch, now), arrival, place, head_start)
    return ticket_answer(session, branch, ticket)


def step_away(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket = tickets.ticket(session, branch.id, ticket_id)
    ticket.step_away(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def come_back(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket = tickets.ticket(session, branch.id, ticket_id)
    ticket.come_back(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def postpone(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """ "More time": behind the next k; as often as the branch allows."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    if ticket.can(Move.POSTPONE) and ticket.postponements >= branch.postponements:
        raise Conflict("no-postponements-left", number=ticket.number)
    if ticket.state == State.WAITING:
        others = tickets.behind(session, ticket, branch.return_behind)
        if not others:
            raise Conflict("nobody-behind", number=ticket.number)
    else:
        others = tickets.queue(session, branch.id, ticket.service_id, branch.return_behind)
    duty_id = ticket.duty_id
    ticket.postpone(stamp(by, branch, now), behind_next(branch.return_behind, others, ticket.key, branch.version))
    freed(session, duty_id, branch, now)
    return ticket_answer(session, branch, ticket)


def acknowledge(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """ "I'm coming": the agent sees it at once."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    ticket.acknowledge(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def come_again(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """The move "return", after a miss: behind the next k; a customer once and within the grace, an agent always."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    if by.kind == "customer" and ticket.state == State.MISSED:
        if ticket.returns >= 1:
            raise Conflict("return-used", number=ticket.number)
        if ticket.missed_at is not None and now > ticket.missed_at + timedelta(minutes=branch.return_grace):
            raise Conflict("return-too-late", number=ticket.number)
    others = tickets.queue(session, branch.id, ticket.service_id, branch.return_behind)
    ticket.come_again(stamp(by, branch, now), behind_next(branch.return_behind, others, ticket.key, branch.version))
    return ticket_answer(session, branch, ticket)


def get_ready(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    """Parked and ready again: the counter's next call takes it first."""
    ticket = tickets.ticket(session, branch.id, ticket_id)
    ticket.get_ready(stamp(by, branch, now))
    return ticket_answer(session, branch, ticket)


def leave(session: Session, branch: Branch, now: datetime, *, by: Actor, ticket_id: str) -> Answer:
    ticket = tickets.ticket(session, branch.id, ticket_id)
    duty_id = ticket.duty_id if ticket.is_current else None
    ticket.leave(stamp(by, branch, now))
    freed(session, duty_id, branch, now)
    return ticket_answer(session, branch, ticket)


def _diarist(by: Actor, ticket_id: str) -> Actor:
    """A customer is their ticket in its diary: the visitor is forgotten one day, the diary is kept."""
    return Actor(by.kind, ticket_id) if by.kind == "customer" else by


def _number(session: Session, branch: Branch, service: InUse, day: date) -> str:
    return ticket_number(service.letter, branches.next_in_series(session, branch.id, service.id, day))


def _prove(branch: Branch, joining: Joining, presence: Presence, now: datetime) -> Pass | None:
    if joining.here:
        joining.admit()
        return None
    if not joining.proof:
        joining.admit()
        if branch.remote_joining == "refuse":
            raise PassRefused("pass-needed")
        return None
    proof = presence.read_proof(branch.id, joining.proof, now)
    joining.admit()
    return proof


def _joinable(session: Session, branch: Branch, joining: Joining, now: datetime) -> InUse:
    service = branches.service(session, branch.id, joining.service)
    if branch.archived:
        raise Conflict("branch-archived")
    if joining.channel == "agent":  # staff decide themselves whom they still take
        return service
    if not branch.is_open(now):
        raise Conflict("branch-closed")
    if not service.open:
        raise Conflict("service-closed")
    if branch.full_at and tickets.count_open(session, branch.id) >= branch.full_at:
        raise Conflict("branch-full")
    return service


def _one_ticket_only(session: Session, branch: Branch, proof: Pass | None, visitor: str | None) -> None:
    if visitor:
        mine = tickets.open_of_visitor(session, branch.id, visitor)
        if len(mine) >= branch.open_tickets_per_visitor:
            raise Conflict("one-ticket-only", number=mine[-1].number, ticket=mine[-1].id)
    if proof and proof.id and tickets.with_pass(session, branch.id, proof.id):
        raise PassRefused("pass-used")


def _head_start(priority: Priority | None, by: Actor) -> int:
    return priority.head_start if priority is not None and _counts(priority, by) else 0


def _counts(priority: Priority | None, by: Actor) -> bool:
    """A class that needs confirming counts at once only when staff give it."""
    return priority is not None and (not priority.confirm or by.kind == "staff")
