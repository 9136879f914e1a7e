"""What a branch looks like at one version: plain, frozen values that every screen is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

from server.domain.forecast import Forecast, Promise, Raw, Reason, Wait, WhatIf, with_one_more
from server.domain.ordering import in_turn

Words = Mapping[str, str]
"""One text in several languages: {"en": "New passport", "fr": "Nouveau passeport"}."""


@dataclass(frozen=True, slots=True)
class OutcomeView:
    id: str
    name: Words


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service as a customer sees it.

    `open`: joins are taken now. `opens_at`: when it opens next, if closed and known.
    `full`: the branch takes no more people today. `wait`: for somebody joining now; None when nobody serves it.
    """

    id: str
    name: Words
    letter: str
    open: bool
    full: bool
    opens_at: datetime | None
    waiting: int
    wait: Wait | None
    counters: int  # counters on duty for it, breaks counted as open
    target_wait: int  # minutes
    bring: Words | None
    outcomes: tuple[OutcomeView, ...]
    outcome_required: bool
    now_serving: tuple[str, ...]  # numbers called last for it, newest first, at most 3
    foreseen: Raw | None = None  # what `wait` was made from
    typical_service: int = 8  # minutes, as it was set up
    closed_words: Words | None = None  # what is said while it is closed
    paused: bool = False  # closed by staff, whatever the branch's hours say


@dataclass(frozen=True, slots=True)
class PriorityView:
    id: str
    name: Words
    head_start: int  # minutes
    confirm: bool


@dataclass(frozen=True, slots=True)
class DutyView:
    id: str
    staff_id: str
    staff_name: str
    services: tuple[str, ...]  # ids of the services worked there
    since: datetime
    on_break: bool
    break_since: datetime | None
    break_wanted: bool  # starts when the current ticket is finished
    back_at: datetime | None
    break_reason: str | None = None  # one of domain.people.BREAK_REASONS


@dataclass(frozen=True, slots=True)
class DayView:
    """An agent's day so far."""

    served: int
    typical: int  # minutes, the median
    thanks: int  # ratings of the two best faces


@dataclass(frozen=True, slots=True)
class HelpView:
    """Staff are called to help with a service."""

    service: str
    since: datetime
    until: datetime
    coming: tuple[str, ...]  # staff ids


@dataclass(frozen=True, slots=True)
class UndoView:
    """The newest move of a counter's agent, wherever made, that can still be taken back. `move`: a Move's value."""

    ticket: str
    number: str
    move: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CounterView:
    id: str
    label: str
    services: tuple[str, ...]  # what the counter can do
    duty: DutyView | None
    current: str | None  # ticket id, called or serving here
    undo: UndoView | None = None
    missed_at: datetime | None = None  # when the call is missed by itself
    free_since: datetime | None = None  # on duty, with nobody, not on a break

    @property
    def on_duty(self) -> "OnDuty | None":
        """The duty as the order sees it."""
        return OnDuty(self.id, self.duty.staff_id, self.duty.services) if self.duty else None


@dataclass(frozen=True, slots=True)
class OnDuty:
    counter_id: str
    staff_id: str
    services: tuple[str, ...]


class TicketView(NamedTuple):
    """One open ticket (or one that closed within the last hour) with everything staff may see of it.

    A tuple, because thousands get another place at once: `placed` copies one ten times as fast as a dataclass would.
    """

    id: str
    number: str  # "A042"
    letter: str  # "A"
    digits: str  # "042"
    service: str  # service id
    state: str  # domain.ticket.State value
    moved: int  # version of its own last move ("m" of the phone frame)
    key: tuple[int, int]  # (place, version at which it was given)
    joined_at: datetime
    waiting_since: datetime  # when the present leg began
    called_since: datetime | None  # the call that brought it to the counter
    called_at: datetime | None  # the last call or recall
    acknowledged_at: datetime | None
    served_since: datetime | None  # as if it had never been parked
    parked_at: datetime | None
    missed_at: datetime | None
    away_since: datetime | None
    closed_at: datetime | None
    counter: str | None  # counter id: called, serving or parked there
    counter_label: str | None
    bound_counter: str | None  # transferred to this counter
    bound_staff: str | None  # transferred to this agent
    agent: str | None  # staff id of who called or serves it
    recalls: int
    ready: bool  # parked and ready again
    postponements: int  # used so far
    returns: int  # used so far
    promised: Wait | None  # what was said at joining
    name: str | None
    need: str | None
    note: str | None
    language: str
    priority: str | None  # priority class id
    priority_confirmed: bool
    head_start: int  # minutes that count in its place
    channel: str  # phone, kiosk, agent, api
    appointment_at: datetime | None
    visit: str
    outcome: str | None
    device: str | None  # the device whose code it joined with
    ahead: int | None  # None unless waiting, expected or away
    near: bool
    wait: Wait | None
    why: Reason | None  # for which the wait rose of late

    def placed(self, ahead: int, near: bool, wait: Wait | None, why: Reason | None) -> "TicketView":
        """With its place as it is now: the last four fields."""
        return TicketView._make((*self[:-4], ahead, near, wait, why))

    @property
    def service_id(self) -> str:
        return self.service

    @property
    def bound_counter_id(self) -> str | None:
        return self.bound_counter

    @property
    def bound_staff_id(self) -> str | None:
        return self.bound_staff


@dataclass(frozen=True, slots=True)
class CallView:
    """One call as the lobby shows it; `id` is new at each recall."""

    id: str
    ticket: str
    number: str
    letter: str
    digits: str
    service: str
    counter: str  # the label that is shown and spoken
    at: datetime
    active: bool  # still called or being served there


@dataclass(frozen=True, slots=True)
class BranchView:
    id: str
    name: str
    time_zone: str
    languages: tuple[str, ...]
    open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    notice: Words | None
    undo_seconds: int
    return_behind: int
    recall_gap: int  # seconds
    recall_limit: int
    away_limit: int  # minutes
    rating_days: int
    remote_joining: str  # "refuse" or "expected"
    miss_after: int = 0  # minutes; 0 = off
    help: HelpView | None = None
    colour: str | None = None  # "#1e2c7a" under white words; None: the house's own
    logo: str | None = None  # the address of its picture

    @property
    def notice_mark(self) -> int:
        """A number that is another for other words, the same in every process; 0 for none."""
        return crc32(repr(sorted(self.notice.items())).encode()) or 1 if self.notice else 0


@dataclass(frozen=True, slots=True)
class BoardView:
    """The whole of one branch at `version`. Order of `tickets`: as they will be served, then the others.

    `true_until`: from then on it would be drawn otherwise though nothing moves: a notice begins or ends, doors open.
    `earlier`: by visit that goes on, what of it closed too long ago for `by_ticket`.
    """

    epoch: int
    version: int
    at: datetime
    branch: BranchView
    services: tuple[ServiceView, ...]
    priorities: tuple[PriorityView, ...]
    counters: tuple[CounterView, ...]
    tickets: tuple[TicketView, ...]
    calls: tuple[CallView, ...]  # the last eight, newest first
    by_ticket: Mapping[str, TicketView] = field(repr=False, compare=False)
    forecast: Forecast | None = field(default=None, repr=False, compare=False)
    days: Mapping[str, DayView] = field(default_factory=dict, repr=False)  # staff id → their day
    true_until: datetime | None = None
    earlier: Mapping[str, tuple[TicketView, ...]] = field(default_factory=dict, repr=False, compare=False)

    def is_over(self, now: datetime) -> bool:
        """Whether the clock alone has made it another."""
        return self.true_until is not None and now >= self.true_until

    def service(self, id: str) -> ServiceView:
        """The service with this id; KeyError when there is none."""
        return next(s for s in self.services if s.id == id)

    def counter(self, id: str) -> CounterView | None:
        return next((c for c in self.counters if c.id == id), None)

    def promise(self, service_id: str) -> Promise | None:
        """What is said to who joins for this service now; None when nobody serves it, or there is none of that id."""
        service = next((s for s in self.services if s.id == service_id), None)
        if service is None or service.wait is None:
            return None
        return Promise(service.wait.likely, service.wait.at_most, *(service.foreseen or ()))

    def what_if(self) -> list[WhatIf]:
        """What one more counter would change, for each service that somebody waits for; computed when it is asked."""
        every = frozenset(service.id for service in self.services)
        closed = {c.id: every.intersection(c.services) for c in self.counters if c.duty is None}
        return with_one_more(self.forecast, closed) if self.forecast else []

    def waiting_for(self, counter: CounterView) -> tuple[TicketView, ...]:
        """Who this counter would call, in order: ready parked ones, those sent to it, then its queues."""
        duty = counter.on_duty
        if duty is None:
            return ()
        ready = [t for t in self.tickets if t.state == "parked" and t.ready and t.counter == counter.id]
        return tuple(in_turn([t for t in self.tickets if t.state == "waiting"], ready, duty))
