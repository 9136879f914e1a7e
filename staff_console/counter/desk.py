"""What one counter's console shows, worked out from the board: who is here, who is next and why, what can be done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.live.views import BoardView, CounterView, DayView, OutcomeView, ServiceView, TicketView, UndoView, Words

REASONS = ("need", "papers", "early", "together", "other")
"""Why a ticket may be chosen before its turn: slugs of the sentences `counter.reason.*`."""

PLACES = ("arrival", "front", "end")
"""Where a transferred ticket goes: its own place, the front or the end of the queue."""

BREAKS = (5, 10, 15, 30, 45, 60)
"""Minutes an agent on a break may say it will take."""

BREAK_REASONS = (("R", "rest"), ("M", "meal"), ("P", "papers"), ("G", "meeting"), ("O", "other"))
"""What a break may be for, each with its key: domain.people.BREAK_REASONS."""

ROWS = 30
"""Waiting tickets drawn at most: a fragment goes to every watcher at every change, and nobody reads further.

Twice what a screen shows at once. Each row costs the server and the browser time between a press and its card.
"""

MOVES = {
    "off": frozenset[str](),
    "break": frozenset({"walk-in", "break"}),
    "free": frozenset({"next", "walk-in", "break"}),
    "called": frozenset({"start", "recall", "miss", "back", "transfer", "walk-in", "break"}),
    "serving": frozenset({"finish", "park", "transfer", "walk-in", "break"}),
}
"""What each state of a counter lets its agent do; the ticket's own rules may allow less."""

KEYS = {"next": "n", "start": "s", "finish": "f", "recall": "r", "miss": "m", "back": "b", "park": "p", "transfer": "t"}
"""The keys whose buttons come and go; U, W, K and ? always have one."""

BUTTONS = {
    "off": frozenset[str](),
    "break": frozenset[str](),
    "free": frozenset({"next"}),
    "called": frozenset({"start", "recall", "miss", "back", "transfer"}),
    "serving": frozenset({"finish", "recall", "miss", "park", "transfer"}),
}
"""Which of them are drawn in each state, allowed or dashed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One counter at one version. `state`: off (nobody on duty), break, free, called or serving."""

    view: BoardView
    counter: CounterView
    now: datetime
    state: str
    ticket: TicketView | None
    queue: tuple[TicketView, ...]  # who this counter would call, in order, without the parked ones
    next: TicketView | None
    parked: tuple[TicketView, ...]
    missed: tuple[TicketView, ...]
    elsewhere: tuple[TicketView, ...]  # away or expected, of the services worked here

    @property
    def undo(self) -> UndoView | None:
        """The last move made here, while it can be taken back."""
        undo = self.counter.undo
        return undo if undo and undo.until > self.now else None

    @property
    def service(self) -> ServiceView | None:
        """The service of who is here now."""
        return self.service_of(self.ticket) if self.ticket else None

    @property
    def outcomes(self) -> tuple[OutcomeView, ...]:
        """What may come of serving who is here now."""
        return self.service.outcomes if self.service else ()

    def service_of(self, ticket: TicketView) -> ServiceView | None:
        """None for a service that has been archived under who still waits for it."""
        return next((service for service in self.view.services if service.id == ticket.service), None)

    def asked(self, ticket: TicketView) -> Words:
        """What the ticket is for, in the branch's words."""
        service = self.service_of(ticket)
        return service.name if service else {"*": ticket.letter}

    @property
    def day(self) -> DayView | None:
        """What the agent here has done today; None before the first."""
        return self.view.days.get(self.counter.duty.staff_id) if self.counter.duty else None

    @property
    def earlier(self) -> tuple[TicketView, ...]:
        """The other tickets of the visit of who is here now, oldest first."""
        if self.ticket is None:
            return ()
        lately = [t for t in self.view.by_ticket.values() if t.visit == self.ticket.visit and t.id != self.ticket.id]
        return tuple(sorted((*self.view.earlier.get(self.ticket.visit, ()), *lately), key=lambda t: t.joined_at))

    def outcome_of(self, ticket: TicketView) -> Words | None:
        service = self.service_of(ticket)
        return next((o.name for o in service.outcomes if o.id == ticket.outcome), None) if service else None

    @property
    def help(self) -> ServiceView | None:
        """The service that staff are called to help with."""
        wanted = self.view.branch.help
        return next((s for s in self.view.services if wanted and s.id == wanted.service), None)

    @property
    def helps(self) -> bool:
        wanted, duty = self.view.branch.help, self.counter.duty
        return wanted is not None and duty is not None and duty.staff_id in wanted.coming

    @property
    def can_help(self) -> bool:
        return self.help is not None and self.help.id in self.counter.services

    @property
    def colleagues(self) -> tuple[CounterView, ...]:
        """The other counters: where a ticket may be sent."""
        return tuple(c for c in self.view.counters if c.id != self.counter.id)

    def can(self, move: str) -> bool:
        """Whether the button of `move` does something now."""
        if move == "undo":
            return self.undo is not None
        if move == "next":
            return self.state == "free" and self.next is not None
        if move == "recall":
            return self.state == "called" and self.recalls_left > 0
        return move in MOVES[self.state]

    @property
    def silent_keys(self) -> dict[str, str]:
        """Moves without a button in this state, and their keys: pressed, they say why."""
        return {move: key for move, key in KEYS.items() if move not in BUTTONS[self.state]}

    def why_not(self, move: str) -> str:
        """Slug of the sentence why the key of `move` does nothing now: `counter.why-not.*`."""
        if self.state == "break":
            return "on-break"
        if move == "next" and self.state in ("called", "serving"):
            return "next-busy"
        if move == "finish" and self.state == "free":
            return "finish-nobody"
        if move == "start" and self.state == "serving":
            return "start-done"
        if move == "recall" and self.state == "called":
            return "recall-used"
        return move

    @property
    def recalls_left(self) -> int:
        return max(self.view.branch.recall_limit - self.ticket.recalls, 0) if self.ticket else 0

    @property
    def recall_at(self) -> datetime | None:
        """When who is called can be called again, while that is still to come."""
        if self.state != "called" or self.ticket is None or self.ticket.called_at is None or not self.recalls_left:
            return None
        again = self.ticket.called_at + timedelta(seconds=self.view.branch.recall_gap)
        return again if again > self.now else None

    def why(self, ticket: TicketView) -> str:
        """Slug of the reason why `ticket` is the one to be called next: `counter.why.*`."""
        if ticket.state == "parked":
            return "ready"
        if ticket.bound_counter or ticket.bound_staff:
            return "sent"
        if ticket.appointment_at:
            return "appointment"
        if ticket.head_start:
            return "priority"
        longest = min(self.queue, key=lambda t: t.waiting_since, default=ticket)
        return "longest" if longest.id == ticket.id else "order"

    def rows(self, most: int) -> Iterator[tuple[TicketView, Words, bool, int]]:
        """The first of the queue: who, for what, whether longer than its service's target, minutes waited."""
        services = {service.id: service for service in self.view.services}
        for ticket in self.queue[:most]:
            service, waited = services.get(ticket.service), max(self.now - ticket.waiting_since, timedelta(0))
            late = service is not None and waited > timedelta(minutes=service.target_wait)
            yield ticket, service.name if service else {"*": ticket.letter}, late, int(waited.total_seconds() // 60)


def desk(view: BoardView, counter_id: str, now: datetime) -> Desk | None:
    """The desk of one counter of the board; None when the branch has no such counter any more."""
    counter = view.counter(counter_id)
    if counter is None:
        return None
    ticket = view.by_ticket.get(counter.current or "")
    callable_here = view.waiting_for(counter) if counter.duty else ()
    worked = counter.duty.services if counter.duty else counter.services
    return Desk(
        view=view,
        counter=counter,
        now=now,
        state=_state(counter, ticket),
        ticket=ticket,
        queue=tuple(t for t in callable_here if t.state != "parked"),
        next=callable_here[0] if callable_here else None,
        parked=_ready_first(t for t in view.tickets if t.state == "parked" and t.counter == counter.id),
        missed=tuple(t for t in view.tickets if t.state == "missed" and t.service in worked),
        elsewhere=tuple(t for t in view.tickets if t.state in ("away", "expected") and t.service in worked),
    )


def _state(counter: CounterView, ticket: TicketView | None) -> str:
    if counter.duty is None:
        return "off"
    if ticket is not None:
        return ticket.state
    return "break" if counter.duty.on_break else "free"


def _ready_first(parked: Iterable[TicketView]) -> tuple[TicketView, ...]:
    return tuple(sorted(parked, key=lambda t: (not t.ready, t.parked_at or t.joined_at)))
