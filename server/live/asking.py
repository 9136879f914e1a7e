"""From rows to what the forecast is asked: who stands where, what each counter does, and what was told before."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from server.domain.forecast import Open, QueueState, Standing, Told
from server.domain.moves import State
from server.live.views import CounterView, DutyView, TicketView

if TYPE_CHECKING:
    from server.live.board import Rows

REMEMBERED = timedelta(hours=1)  # closed tickets on a board
PARKED, EXPECTED = str(State.PARKED), str(State.EXPECTED)
HAS_PLACE = frozenset({str(State.WAITING), EXPECTED, str(State.AWAY)})
_key = attrgetter("key")


def queue_state(rows: "Rows", kept: list[TicketView], counters: tuple[CounterView, ...], now: datetime) -> QueueState:
    head_starts = {priority.id: float(priority.head_start) for priority in rows.priorities}
    rows.standing = {
        t.id: rows.standing.get(t.id) or _standing(t, head_starts)
        for t in kept
        if t.state in HAS_PLACE or (t.state == PARKED and t.ready)
    }
    finished = finished_at(kept, now)
    opened = [
        _open(rows, counter.id, duty, counter.current, finished) for counter in counters if (duty := counter.duty)
    ]
    configured = {service.id: float(service.typical_service) for service in rows.services}
    return QueueState(sorted(rows.standing.values(), key=_key), opened, configured, minutes(now), rows.closed)


def _standing(t: TicketView, head_starts: Mapping[str, float]) -> Standing:
    return Standing(
        t.id, t.service, t.key, t.counter if t.state == PARKED else t.bound_counter, t.bound_staff,
        since=minutes(t.waiting_since), head_start=head_starts.get(t.priority or "", 0.0) * t.priority_confirmed,
        booked=t.appointment_at is not None,
        due=minutes(t.appointment_at or t.waiting_since) if t.state == EXPECTED else None, ready=t.state == PARKED,
    )  # fmt: skip


def finished_at(kept: list[TicketView], now: datetime) -> dict[str, datetime]:
    """By counter, when it was done with its last one, if that was within the hour that is remembered."""
    closed = [(t.counter, t.closed_at) for t in kept if t.counter and t.closed_at and now - t.closed_at < REMEMBERED]
    return dict(sorted(closed, key=itemgetter(1)))


def _open(rows: "Rows", id: str, duty: DutyView, current: str | None, finished: Mapping[str, datetime]) -> Open:
    ticket = rows.tickets.get(current or "")
    called = ticket is not None and ticket.started_at is None
    since: datetime | None = duty.break_since or max(finished.get(id, duty.since), duty.since)
    if ticket is not None:
        since = ticket.served_since or ticket.called_at
    called_at = (ticket.called_since or ticket.called_at) if ticket and called else None
    waited = minutes(called_at) - minutes(ticket.leg_since) if ticket and called_at else 0.0
    return Open(
        id, duty.staff_id, frozenset(duty.services), ticket.service_id if ticket else None,
        since=minutes(since) if since else None, ticket=current, called=called, waited=waited,
        on_break=duty.on_break, back_at=minutes(duty.back_at) if duty.back_at else None,
        break_wanted=duty.break_wanted,
    )  # fmt: skip


def told_before(rows: "Rows") -> dict[str, Told]:
    """What those were told last whom this board has not told anything yet: at joining, if they wait as they did then.

    Newer samples, which a board finds when it is made, go before.
    """
    found = {}
    for id in rows.standing.keys() - rows.known:
        ticket = rows.tickets[id]
        if id in rows.samples:
            found[id] = rows.samples[id]
        elif ticket.promised_likely is not None and ticket.promised_at_most is not None and ticket.excused_at is None:
            at = minutes(ticket.joined_at)
            found[id] = Told(at, at + ticket.promised_likely, at + ticket.promised_at_most)
    rows.known = set(rows.standing)
    return found


def minutes(at: datetime) -> float:
    """An instant as the forecast counts: since 1970."""
    return at.timestamp() / 60
