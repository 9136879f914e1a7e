"""What the lobby shows of a branch: choices made from one board, without words, storage or a clock of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.moves import State
from server.live.views import BoardView, CallView, CounterView, ServiceView, TicketView

TOGETHER = timedelta(seconds=8)  # calls this close to the newest share the large plates with it
LARGE_PLATES = 3  # more would be smaller than a tenth of the screen's height
BEFORE = 4  # rows of "called before"
WHILE_COMING = timedelta(minutes=3)  # how long a call stays lit while its customer is on the way …
WHEN_THERE = timedelta(seconds=45)  # … and once they have arrived at the counter
SERVICES_AT_A_TIME = 4
COUNTERS_AT_A_TIME = 12
PAGES = 9  # as many as lobby.css knows

CALLED_HERE = frozenset({State.CALLED, State.SERVING, State.SERVED, State.PARKED, State.MISSED})
"""States in which a call is still a true sentence: whoever is back in the queue will be called anew."""


@dataclass(frozen=True, slots=True)
class AtCounter:
    """A counter somebody works at, and the ticket there: None while it is free."""

    counter: CounterView
    ticket: TicketView | None

    @property
    def on_break(self) -> bool:
        return self.ticket is None and self.counter.duty is not None and self.counter.duty.on_break


@dataclass(frozen=True, slots=True)
class Showing:
    """One moment of the lobby.

    `called`: the calls on the large plates, in the order they were made; empty when the lobby is idle.
    `until`: when they go out by themselves. `before`: newest first.
    `aloud`: every call that may be spoken, oldest first. `lines`: services with a line of their own: the paused say why
    and when, the open ones what to have ready. `closed`: nobody comes in, and nobody is here any more.
    """

    called: tuple[CallView, ...]
    until: datetime | None
    before: tuple[CallView, ...]
    aloud: tuple[CallView, ...]
    counters: tuple[AtCounter, ...]
    lines: tuple[ServiceView, ...]
    closed: bool

    @property
    def idle(self) -> str:
        """What has the stage while nobody is called."""
        return "closed" if self.closed else "counters"

    @property
    def stage(self) -> str:
        return "calls" if self.called else self.idle


def showing(view: BoardView) -> Showing:
    """What a lobby shows of `view`, as of the moment the view was made."""
    standing = _standing(view)
    lit = [call for call in standing if _lit_until(call, view) > view.at]
    called = tuple(reversed([call for call in lit if call.at > lit[0].at - TOGETHER][:LARGE_PLATES]))
    return Showing(
        called=called,
        until=max((_lit_until(call, view) for call in called), default=None),
        before=tuple(call for call in standing if call not in called)[:BEFORE],
        aloud=tuple(reversed(standing)),
        counters=_at_counters(view),
        lines=_lines(view.services),
        closed=not view.branch.open and not any(c.duty or c.current for c in view.counters),
    )


def _lines(services: tuple[ServiceView, ...]) -> tuple[ServiceView, ...]:
    """The paused first: who has come for one of them wants to know before anything else."""
    paused = [service for service in services if service.paused and service.closed_words]
    return (*paused, *(service for service in services if service.open and service.bring))[:PAGES]


def _standing(view: BoardView) -> list[CallView]:
    """The newest call of each ticket that is still where it was called to, newest first."""
    newest: dict[str, CallView] = {}
    for call in view.calls:
        ticket = view.by_ticket.get(call.ticket)
        if ticket is not None and ticket.state in CALLED_HERE:
            newest.setdefault(call.ticket, call)
    return list(newest.values())


def _lit_until(call: CallView, view: BoardView) -> datetime:
    state = view.by_ticket[call.ticket].state
    if state == State.CALLED:
        return call.at + WHILE_COMING
    return call.at + (WHEN_THERE if state in (State.SERVING, State.SERVED) else timedelta())


def _at_counters(view: BoardView) -> tuple[AtCounter, ...]:
    places = (AtCounter(c, view.by_ticket.get(c.current) if c.current else None) for c in view.counters)
    return tuple(place for place in places if place.ticket or place.counter.duty)
