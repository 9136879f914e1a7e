"""From rows to a view: positions, waits, calls and what is open, drawn in one pass."""

from collections import Counter as Counted
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from server.domain.branch import Counter, Service
from server.domain.forecast import Forecast, Forecaster, Reason, Telling, Wait
from server.domain.moves import CURRENT, UNDOABLE, State, TicketEvent, duty_before
from server.domain.ordering import NEAR, Positions
from server.domain.ticket import Ticket
from server.live.asking import HAS_PLACE, PARKED, finished_at, queue_state, told_before
from server.live.attending import free_since, help_wanted, missed_at
from server.live.calling import last_calls, now_serving, shown
from server.live.earlier import by_visit
from server.live.views import (
    BoardView,
    BranchView,
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
WAITING = str(State.WAITING)
_place = attrgetter("key")


def draw(rows: "Rows", forecaster: Forecaster, now: datetime) -> BoardView:
    """The whole branch at `now`. Pure: reads the rows, asks the forecaster."""
    kept = _kept(rows)
    counters = _counters(rows, kept, now)
    forecast = forecaster.forecast(queue_state(rows, kept, counters, now))
    drawn = _tickets(rows, kept, counters, rows.calm.tell(forecast, told_before(rows)))
    branch, calls = _branch(rows, now), last_calls(rows.calls)
    return BoardView(
        epoch=rows.epoch,
        version=rows.version,
        at=now,
        branch=branch,
        services=_services(rows, branch, drawn, counters, forecast, now_serving(calls)),
        priorities=tuple(
            PriorityView(p.id, p.name, p.head_start, p.confirm) for p in rows.priorities if not p.archived
        ),
        counters=counters,
        tickets=tuple(ticket for ticket in drawn if ticket.closed_at is None),
        calls=shown(calls[:CALLS_SHOWN], rows.counters),
        by_ticket={ticket.id: ticket for ticket in drawn},
        earlier=_earlier(rows),
        forecast=forecast,
        days=rows.today.drawn,
        true_until=_true_until(rows, branch, now),
    )


def _true_until(rows: "Rows", branch: BranchView, now: datetime) -> datetime | None:
    """The next moment at which the clock alone changes what people read."""
    row, until = rows.branch, branch.help.until if branch.help else None
    turns = (row.notice_from, row.notice_until, branch.opens_at, branch.closes_at, until)
    return min((at for at in turns if at is not None and at > now), default=None)


def _branch(rows: "Rows", now: datetime) -> BranchView:
    branch = rows.branch
    return BranchView(
        id=branch.id, name=branch.name, time_zone=branch.time_zone, languages=tuple(branch.languages),
        open=branch.is_open(now), opens_at=branch.opens_at(now), closes_at=branch.closes_at(now),
        notice=branch.notice_at(now),
        undo_seconds=branch.undo_seconds, return_behind=branch.return_behind, recall_gap=branch.recall_gap,
        recall_limit=branch.recall_limit, away_limit=branch.away_limit, rating_days=branch.rating_days,
        remote_joining=branch.remote_joining, miss_after=branch.miss_after, help=help_wanted(branch, now),
        colour=branch.colour,
        logo=f"/logo/{branch.id}/{branch.logo}" if branch.logo else None,
    )  # fmt: skip


def _kept(rows: "Rows") -> list[TicketView]:
    """The view of each row, drawn once for each version of it: most of a board is as it was.

    In the order they will be served, then the others as they joined.
    """
    labels = {counter.id: counter.label for counter in rows.counters}
    if len(rows.drawn) > 2 * len(rows.tickets):  # some are gone
        rows.drawn = {id: known for id, known in rows.drawn.items() if id in rows.tickets}
    for id in rows.tickets.keys() - rows.drawn.keys():
        rows.drawn[id] = _ticket(rows.tickets[id], labels)
    kept = [rows.drawn[id] for id in rows.tickets]
    kept.sort(key=_place)
    waiting = [ticket for ticket in kept if ticket.state == WAITING]
    return waiting + [ticket for ticket in kept if ticket.state != WAITING]


def _counters(rows: "Rows", kept: list[TicketView], now: datetime) -> tuple[CounterView, ...]:
    duties = {duty.counter_id: duty for duty in rows.duties}
    current = {t.counter: t.id for t in kept if t.state in CURRENT}
    undoable, finished = _undoable(rows, current), finished_at(kept, now)
    services = tuple(service.id for service in rows.services if not service.archived)

    def drawn(counter: Counter) -> CounterView:
        duty = duties.get(counter.id)
        return CounterView(
            id=counter.id,
            label=counter.label,
            services=tuple(counter.services) if counter.services is not None else services,
            duty=DutyView(
                duty.id, duty.staff_id, rows.names.get(duty.staff_id, ""), tuple(duty.services), duty.started_at,
                duty.on_break, duty.break_since, duty.break_wanted, duty.back_at, duty.break_reason,
            ) if duty else None,
            current=current.get(counter.id),
            missed_at=missed_at(rows.branch, rows.tickets.get(current.get(counter.id, ""))),
            free_since=free_since(duty, current.get(counter.id), finished.get(counter.id)),
            undo=_undo(rows, undoable.get(duty.staff_id), now) if duty else None,
        )  # fmt: skip

    return tuple(drawn(counter) for counter in rows.counters if not counter.archived)


def _undoable(rows: "Rows", current: dict[str | None, str]) -> dict[str | None, TicketEvent]:
    """By agent: what they did last, at a counter or with somebody who waits, of what can be taken back."""
    last: dict[str | None, TicketEvent] = {}
    counters = {duty.id: duty.counter_id for duty in rows.duties}
    for line in rows.lines.values():
        newest = line.actor_id not in last or last[line.actor_id].version < line.version
        if line.move in UNDOABLE and newest and _goes_back(rows.tickets.get(line.ticket_id), line, counters, current):
            last[line.actor_id] = line
    return last


def _goes_back(
    ticket: Ticket | None, line: TicketEvent, counters: dict[str, str], current: dict[str | None, str]
) -> bool:
    """Back to a counter only in the duty it was in, while nobody else is there: all else would be refused."""
    if ticket is None or line.from_state not in CURRENT:
        return ticket is not None
    there = counters.get(duty_before(line, ticket.duty_id) or "")
    return there is not None and current.get(there, ticket.id) == ticket.id


def _undo(rows: "Rows", last: TicketEvent | None, now: datetime) -> UndoView | None:
    """While it can be taken back."""
    undo_for = timedelta(seconds=rows.branch.undo_seconds)
    ticket = rows.tickets.get(last.ticket_id) if last else None
    if last is None or ticket is None or now > last.at + undo_for:
        return None
    return UndoView(ticket.id, ticket.number, last.move, last.at + undo_for)


def _earlier(rows: "Rows") -> dict[str, tuple[TicketView, ...]]:
    labels = {counter.id: counter.label for counter in rows.counters} if rows.earlier else {}
    return {id: tuple(_ticket(t, labels) for t in past) for id, past in by_visit(rows.earlier).items()}


def _tickets(
    rows: "Rows", kept: list[TicketView], counters: tuple[CounterView, ...], told: Telling
) -> list[TicketView]:
    """Each with its place as it is now."""
    positions = Positions(
        (t for t in kept if t.state == WAITING),
        (t.counter for t in kept if t.state == PARKED and t.ready),
        [duty for counter in counters if (duty := counter.on_duty)],
    )
    return [
        _placed(rows, t, positions, told.waits.get(t.id), told.why.get(t.id)) if t.state in HAS_PLACE else t
        for t in kept
    ]


def _placed(rows: "Rows", t: TicketView, positions: Positions, wait: Wait | None, why: Reason | None) -> TicketView:
    ahead = positions.ahead(t)
    near = ahead <= NEAR and t.state == WAITING and positions.near(t)
    if ahead == t.ahead and near == t.near and wait == t.wait and why == t.why:
        return t
    rows.drawn[t.id] = placed = t.placed(ahead, near, wait, why)
    return placed


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
        called_since=t.called_since or t.called_at,  # one that an older version called
        called_at=t.called_at, acknowledged_at=t.acknowledged_at, served_since=t.served_since, parked_at=t.parked_at,
        missed_at=t.missed_at, away_since=t.away_since, closed_at=t.closed_at, counter=t.counter_id,
        counter_label=labels.get(t.counter_id or ""), bound_counter=t.bound_counter_id, bound_staff=t.bound_staff_id,
        agent=t.staff_id, recalls=t.recalls, ready=t.ready, postponements=t.postponements, returns=t.returns,
        promised=promised, name=t.name, need=t.need, note=t.note,
        language=t.language, priority=t.priority_id, priority_confirmed=t.priority_confirmed,
        head_start=t.head_start or 0, channel=t.channel, appointment_at=t.appointment_at, visit=t.visit_id,
        outcome=t.outcome_id, device=t.device_id, ahead=None, near=False, wait=None, why=None,
    )  # fmt: skip


def _services(
    rows: "Rows", branch: BranchView, drawn_tickets: list[TicketView], counters: tuple[CounterView, ...],
    forecast: Forecast, now_serving: dict[str, list[str]],
) -> tuple[ServiceView, ...]:  # fmt: skip
    full_at = rows.branch.full_at
    full = bool(full_at) and sum(1 for t in drawn_tickets if t.closed_at is None) >= full_at
    waiting = Counted(t.service for t in drawn_tickets if t.state == WAITING)
    duties = [duty for counter in counters if (duty := counter.on_duty)]

    def drawn(service: Service) -> ServiceView:
        return ServiceView(
            id=service.id, name=service.name, letter=service.letter, open=branch.open and service.open, full=full,
            opens_at=branch.opens_at if not branch.open else service.reopens_at,
            closed_words=service.closed_words, paused=not service.open, typical_service=service.typical_service,
            waiting=waiting[service.id], wait=forecast.newcomers.get(service.id),
            counters=_on_duty_for(service.id, duties), target_wait=service.target_wait, bring=service.bring,
            outcomes=tuple(
                OutcomeView(o.id, o.name) for o in rows.outcomes if o.service_id == service.id and not o.archived
            ),
            outcome_required=service.outcome_required,
            now_serving=tuple(now_serving.get(service.id, ())),
            foreseen=forecast.starts.newcomers.get(service.id),
        )  # fmt: skip

    return tuple(drawn(service) for service in rows.services if not service.archived)


def _on_duty_for(service_id: str, duties: list[OnDuty]) -> int:
    return sum(1 for duty in duties if service_id in duty.services)
