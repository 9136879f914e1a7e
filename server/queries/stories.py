"""One ticket as its holder may see it: how it stands, what its branch's rules still allow, and what happened so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.domain.base import Words
from server.domain.branch import Branch, Outcome, Service
from server.domain.feedback import Rating
from server.domain.moves import Move, State, TicketEvent
from server.domain.ticket import Ticket
from server.queries import branches, tickets

CHANGE_SERVICE_WITHIN = timedelta(minutes=2)  # as actions.joining refuses it later


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the diary: no agent's name and no free text, so it may be shown to whoever holds the ticket."""

    at: datetime
    move: str
    counter: str | None  # its label
    service: Words
    outcome: Words | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the holder said after the visit."""

    score: int
    good: tuple[str, ...]
    not_good: tuple[str, ...]
    comment: str | None
    contact: str | None
    change_until: datetime
    changeable: bool


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket, as of `at`.

    `until`: how long it is kept as it is (away, missed, expected), else None. `ahead`: None unless it is in a queue.
    `promised`: the "at most" said at joining; `waited`: from joining to its first call; both in minutes.
    """

    id: str
    branch_id: str
    generation: int
    at: datetime
    number: str
    letter: str
    digits: str
    state: str
    moved: int
    is_open: bool
    service_id: str
    service: Words
    bring: Words | None
    name: str | None
    counter: str | None
    called_at: datetime | None
    acknowledged: bool
    ready: bool
    missed_at: datetime | None
    closed_at: datetime | None
    until: datetime | None
    change_until: datetime
    ahead: int | None
    postponements_left: int
    may_return: bool
    may_rate: bool
    visit_goes_on: bool
    promised: int | None
    waited: int | None
    lines: tuple[Line, ...]
    rating: Answered | None


@dataclass(frozen=True, slots=True)
class Own:
    """An open ticket that this visitor already has here."""

    id: str
    number: str
    state: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a visitor at the door. `room`: whether the branch's rule lets them take one more number."""

    own: tuple[Own, ...]
    room: bool
    pass_used: bool


def arrival(session: Session, branch_id: str, visitor: str, pass_id: str | None) -> Arrival:
    """`pass_id`: of the pass they hold, None without one."""
    own = tickets.open_of_visitor(session, branch_id, visitor)
    return Arrival(
        own=tuple(Own(ticket.id, ticket.number, str(ticket.state)) for ticket in own),
        room=len(own) < branches.branch(session, branch_id).open_tickets_per_visitor,
        pass_used=pass_id is not None and tickets.with_pass(session, branch_id, pass_id) is not None,
    )


def numbered(session: Session, branch_id: str, number: str) -> tuple[tuple[str, int], ...]:
    """Id and generation of every ticket of that number, the newest business day first."""
    return tuple((ticket.id, ticket.generation) for ticket in tickets.numbered(session, branch_id, number))


def story(session: Session, now: datetime, ticket_id: str) -> Story:
    """Everything a phone is told about one ticket; NotFound when there is none."""
    branch = branches.branch(session, tickets.branch_of_ticket(session, ticket_id))
    ticket = tickets.ticket(session, branch.id, ticket_id)
    service = session.get_one(Service, (branch.id, ticket.service_id))
    diary = tickets.diary(session, ticket_id)
    visit = tickets.visit(session, ticket.visit_id)
    rating = tickets.rating_of(session, ticket.visit_id)
    digits = ticket.number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    goes_on = any(other.is_open for other in visit)
    calls = [line.at for line in diary if line.move == Move.CALL]
    return Story(
        id=ticket.id, branch_id=branch.id, generation=ticket.generation, at=now,
        number=ticket.number, letter=ticket.number.removesuffix(digits), digits=digits,
        state=str(ticket.state), moved=ticket.moved, is_open=ticket.is_open,
        service_id=service.id, service=service.name, bring=service.bring, name=ticket.name,
        counter=branches.counter_label(session, ticket.counter_id),
        called_at=ticket.called_at or (calls[-1] if calls else None), acknowledged=ticket.acknowledged_at is not None,
        ready=ticket.ready, missed_at=ticket.missed_at, closed_at=ticket.closed_at,
        until=_until(branch, ticket), change_until=ticket.joined_at + CHANGE_SERVICE_WITHIN,
        ahead=_ahead(session, ticket),
        postponements_left=_postponements_left(session, branch, ticket),
        may_return=ticket.state == State.MISSED and ticket.returns == 0 and now <= (_until(branch, ticket) or now),
        may_rate=ticket.state == State.SERVED and not goes_on and now <= _rated_until(branch, visit),
        visit_goes_on=goes_on, promised=ticket.promised_at_most,
        waited=int((calls[0] - ticket.joined_at).total_seconds() // 60) if calls else None,
        lines=_lines(session, branch, diary), rating=_answered(rating, now),
    )  # fmt: skip


def _ahead(session: Session, ticket: Ticket) -> int | None:
    if ticket.state not in (State.WAITING, State.EXPECTED):
        return None
    return tickets.count_ahead(session, ticket.branch_id, ticket.service_id, ticket.id, ticket.key)


def _until(branch: Branch, ticket: Ticket) -> datetime | None:
    if ticket.state == State.AWAY and ticket.away_since:
        return ticket.away_since + timedelta(minutes=branch.away_limit)
    if ticket.state == State.MISSED and ticket.missed_at:
        return ticket.missed_at + timedelta(minutes=branch.return_grace)
    if ticket.state == State.EXPECTED:
        return ticket.appointment_at or ticket.joined_at + timedelta(minutes=branch.arrive_by)
    return None


def _postponements_left(session: Session, branch: Branch, ticket: Ticket) -> int:
    """How often "more time" may still be asked for; none while nobody waits behind."""
    if not ticket.can(Move.POSTPONE):
        return 0
    if ticket.state == State.WAITING and not tickets.behind(session, ticket, 1):
        return 0
    return max(branch.postponements - ticket.postponements, 0)


def _rated_until(branch: Branch, visit: list[Ticket]) -> datetime:
    return max(other.closed_at for other in visit if other.closed_at) + timedelta(days=branch.rating_days)


def _lines(session: Session, branch: Branch, diary: list[TicketEvent]) -> tuple[Line, ...]:
    counters = {counter.id: counter for counter in branches.counters(session, branch.id)}
    services = {service.id: service.name for service in branches.services(session, branch.id)}
    outcomes = {(o.service_id, o.id): o for o in branches.outcomes(session, branch.id)}
    return tuple(
        Line(
            at=line.at,
            move=line.move,
            counter=counters[line.counter_id].label if line.counter_id in counters else None,
            service=services.get(line.service_id, {}),
            outcome=_outcome(outcomes, line),
        )
        for line in diary
    )


def _outcome(outcomes: dict[tuple[str, str], Outcome], line: TicketEvent) -> Words | None:
    _, chosen = line.changes.get("outcome_id", (None, None))
    found = outcomes.get((line.service_id, chosen)) if line.move == Move.FINISH else None
    return found.name if found else None


def _answered(rating: Rating | None, now: datetime) -> Answered | None:
    if rating is None:
        return None
    return Answered(
        score=rating.score,
        good=tuple(rating.good),
        not_good=tuple(rating.not_good),
        comment=rating.comment,
        contact=rating.contact,
        change_until=rating.change_until(),
        changeable=now <= rating.change_until(),
    )
