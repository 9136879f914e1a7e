"""From rows to a view: positions, waits, calls and what is open, drawn in one pass."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from server.domain.branch import Counter, Service
from server.domain.forecast import Forecaster, Open, QueueState, Standing, Wait
from server.domain.moves import CURRENT, UNDOABLE, State, TicketEvent
from server.domain.ordering import Positions
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.live.views import (
    BoardView,
    BranchView,
    CallView,
    CounterView,
    DutyView,
    OnDuty,
    OutcomeView,
    PriorityView,
    ServiceView,
    TicketView,
    UndoView,
)

if TYPE_CHECKING:
    from server.live.board import Rows

CALLS_SHOWN = 8
NOW_SERVING = 3
HAS_PLACE = (State.WAITING, State.EXPECTED, State.AWAY)
TAKEN_BACK = (State.WAITING, State.EXPECTED, State.AWAY)  # a call whose ticket waits again is no call any more


def draw(rows: "Rows", forecaster: Forecaster, now: datetime) -> BoardView:
    """The whole branch at `now`. Pure: reads the rows, asks the forecaster."""
    counters = _counters(rows, now)
    waits = forecaster.waits(_queue_state(rows, counters, now))
    drawn = _tickets(rows, counters, waits)
    calls = _calls(rows)
    return BoardView(
        epoch=rows.epoch,
        version=rows.branch.version,
        at=now,
        branch=_branch(rows, now),
        services=_services(rows, counters, waits, calls, now),
        priorities=tuple(
            PriorityView(p.id, p.name, p.head_start, p.confirm) for p in rows.priorities if not p.archived
        ),
        counters=counters,
        tickets=tuple(ticket for ticket in drawn if ticket.closed_at is None),
        calls=tuple(calls[:CALLS_SHOWN]),
        by_ticket={ticket.id: ticket for ticket in drawn},
    )


def _branch(rows: "Rows", now: datetime) -> BranchView:
    branch = rows.branch
    return BranchView(
        id=branch.id, name=branch.name, time_zone=branch.time_zone, languages=tuple(branch.languages),
        open=branch.is_open(now), opens_at=branch.opens_at(now), closes_at=branch.closes_at(now), notice=branch.notice,
        undo_seconds=branch.undo_seconds, return_behind=branch.return_behind, recall_gap=branch.recall_gap,
        recall_limit=branch.recall_limit, away_limit=branch.away_limit, rating_days=branch.rating_days,
        remote_joining=branch.remote_joining,
    )  # fmt: skip


def _counters(rows: "Rows", now: datetime) -> tuple[CounterView, ...]:
    duties = {duty.counter_id: duty for duty in rows.duties}
    current = {t.counter_id: t.id for t in rows.tickets.values() if t.state in CURRENT}
    services = tuple(service.id for service in rows.services if not service.archived)

    def drawn(counter: Counter) -> CounterView:
        duty = duties.get(counter.id)
        return CounterView(
            id=counter.id,
            label=counter.label,
            services=tuple(counter.services) if counter.services is not None else services,
            duty=DutyView(
                duty.id, duty.staff_id, rows.names.get(duty.staff_id, ""), tuple(duty.services), duty.started_at,
                duty.on_break, duty.break_wanted, duty.back_at,
            ) if duty else None,
            current=current.get(counter.id),
            undo=_undo(rows, duty, now) if duty else None,
        )  # fmt: skip

    return tuple(drawn(counter) for counter in rows.counters if not counter.archived)


def _undo(rows: "Rows", duty: Duty, now: datetime) -> UndoView | None:
    """What the agent of a duty did last there, while it can be taken back."""
    undo_for = timedelta(seconds=rows.branch.undo_seconds)
    mine = [
        line
        for line in rows.lines.values()
        if line.counter_id == duty.counter_id and line.actor_id == duty.staff_id and line.move in UNDOABLE
    ]
    last = max(mine, key=lambda line: line.version, default=None)
    ticket = rows.tickets.get(last.ticket_id) if last else None
    if last is None or ticket is None or now > last.at + undo_for:
        return None
    return UndoView(ticket.id, ticket.number, last.move, last.at + undo_for)


def _queue_state(rows: "Rows", counters: tuple[CounterView, ...], now: datetime) -> QueueState:
    standing = [
        Standing(t.id, t.service_id, t.key, t.bound_counter_id, t.bound_staff_id)
        for t in rows.tickets.values()
        if t.state in HAS_PLACE
    ]
    open_counters = []
    for counter in counters:
        if counter.duty is None:
            continue
        ticket = rows.tickets.get(counter.current or "")
        since = (ticket.started_at or ticket.called_at) if ticket else None
        open_counters.append(
            Open(
                counter.id, counter.duty.staff_id, frozenset(counter.duty.services),
                ticket.service_id if ticket else None, (now - since).total_seconds() / 60 if since else 0.0,
            )
        )  # fmt: skip
    configured = {service.id: float(service.typical_service) for service in rows.services}
    return QueueState(sorted(standing, key=lambda s: s.key), open_counters, configured)


def _tickets(rows: "Rows", counters: tuple[CounterView, ...], waits: dict[str, Wait | None]) -> list[TicketView]:
    """In the order they will be served, then the others as they joined."""
    labels = {counter.id: counter.label for counter in rows.counters}
    _forget_gone(rows)
    found = [_kept(rows, ticket, labels) for ticket in rows.tickets.values()]
    found.sort(key=_serving_order)
    positions = Positions(
        (t for t in found if t.state == State.WAITING),
        (t.counter for t in found if t.state == State.PARKED and t.ready),
        [duty for counter in counters if (duty := counter.on_duty)],
    )
    return [_placed(rows, t, positions, waits) if t.state in HAS_PLACE else t for t in found]


def _serving_order(ticket: TicketView) -> tuple[bool, tuple[int, int]]:
    return ticket.state != State.WAITING, ticket.key


def _kept(rows: "Rows", ticket: Ticket, labels: dict[str, str]) -> TicketView:
    """The view of a row, drawn once for each version of it: most of a board is as it was."""
    known = rows.drawn.get(ticket.id)
    if known is None or known[0] != ticket.changed:
        known = rows.drawn[ticket.id] = (ticket.changed, _ticket(ticket, labels))
    return known[1]


def _placed(rows: "Rows", t: TicketView, positions: Positions, waits: dict[str, Wait | None]) -> TicketView:
    """With its place as it is now."""
    ahead, wait = positions.ahead(t), waits.get(t.id)
    near = t.state == State.WAITING and positions.near(t)
    if (ahead, near, wait) == (t.ahead, t.near, t.wait):
        return t
    placed = replace(t, ahead=ahead, near=near, wait=wait)
    rows.drawn[t.id] = (rows.drawn[t.id][0], placed)
    return placed


def _forget_gone(rows: "Rows") -> None:
    if len(rows.drawn) > 2 * len(rows.tickets):
        rows.drawn = {id: known for id, known in rows.drawn.items() if id in rows.tickets}


def _ticket(t: Ticket, labels: dict[str, str]) -> TicketView:
    letter = t.number.rstrip("0123456789")
    promised = (
        Wait(t.promised_likely, t.promised_at_most)
        if t.promised_likely is not None and t.promised_at_most is not None
        else None
    )
    return TicketView(
        id=t.id, number=t.number, letter=letter, digits=t.number[len(letter):], service=t.service_id,
        state=str(t.state), moved=t.moved, key=t.key, joined_at=t.joined_at, waiting_since=t.leg_since,
        called_at=t.called_at, acknowledged_at=t.acknowledged_at, started_at=t.started_at, parked_at=t.parked_at,
        missed_at=t.missed_at, away_since=t.away_since, closed_at=t.closed_at, counter=t.counter_id,
        counter_label=labels.get(t.counter_id or ""), bound_counter=t.bound_counter_id, bound_staff=t.bound_staff_id,
        agent=t.staff_id, recalls=t.recalls, ready=t.ready, postponements=t.postponements, returns=t.returns,
        ahead=None, near=False, wait=None, promised=promised, name=t.name, need=t.need, note=t.note,
        language=t.language, priority=t.priority_id, priority_confirmed=t.priority_confirmed, channel=t.channel,
        appointment_at=t.appointment_at, visit=t.visit_id, outcome=t.outcome_id, device=t.device_id,
    )  # fmt: skip


def _calls(rows: "Rows") -> list[CallView]:
    """The last call of each ticket, newest first; calls that were taken back are not among them."""
    labels = {counter.id: counter.label for counter in rows.counters}
    seen, calls = set(), []
    for line, then in rows.calls:
        ticket = rows.tickets.get(line.ticket_id, then)
        if ticket.id not in seen and ticket.state not in TAKEN_BACK:
            calls.append(_call(line, ticket, labels))
        seen.add(ticket.id)
    return calls


def _call(line: TicketEvent, ticket: Ticket, labels: dict[str, str]) -> CallView:
    letter = ticket.number.rstrip("0123456789")
    return CallView(
        id=f"{line.ticket_id}-{line.version}", ticket=ticket.id, number=ticket.number, letter=letter,
        digits=ticket.number[len(letter):], service=line.service_id, counter=labels.get(line.counter_id or "", ""),
        at=line.at, active=ticket.state in CURRENT and ticket.counter_id == line.counter_id,
    )  # fmt: skip


def _services(
    rows: "Rows", counters: tuple[CounterView, ...], waits: dict[str, Wait | None], calls: list[CallView], now: datetime
) -> tuple[ServiceView, ...]:
    branch = rows.branch
    is_open, opens_at = branch.is_open(now), branch.opens_at(now)
    full = bool(branch.full_at) and sum(1 for t in rows.tickets.values() if t.is_open) >= branch.full_at
    waiting: defaultdict[str, int] = defaultdict(int)
    for ticket in rows.tickets.values():
        waiting[ticket.service_id] += ticket.state == State.WAITING
    duties = [duty for counter in counters if (duty := counter.on_duty)]

    def drawn(service: Service) -> ServiceView:
        return ServiceView(
            id=service.id, name=service.name, letter=service.letter, open=is_open and service.open, full=full,
            opens_at=opens_at if not is_open else None, waiting=waiting[service.id], wait=waits.get(service.id),
            counters=_on_duty_for(service.id, duties), target_wait=service.target_wait, bring=service.bring,
            outcomes=tuple(
                OutcomeView(o.id, o.name) for o in rows.outcomes if o.service_id == service.id and not o.archived
            ),
            outcome_required=service.outcome_required,
            now_serving=tuple(call.number for call in calls if call.service == service.id)[:NOW_SERVING],
        )  # fmt: skip

    return tuple(drawn(service) for service in rows.services if not service.archived)


def _on_duty_for(service_id: str, duties: list[OnDuty]) -> int:
    return sum(1 for duty in duties if service_id in duty.services)
