"""What the floor shows, worked out from the board: queues against their targets, counters, and what comes first."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from server import words
from server.live.views import BoardView, CounterView, ServiceView, TicketView

IDLE = timedelta(minutes=1)  # a free counter while somebody waits for it: longer than a glance at the screen takes
LONG = 2.0  # times the usual: a service that takes longer may want help
LONG_AT_LEAST = 5  # minutes above the usual
MANY_MISSED, ONE_IN = 3, 4  # within the hour: so many, and one in four of those who were called
HOUR = timedelta(hours=1)
ENOUGH = 3  # services within the hour that say what is usual
SCALE = 5 / 3  # a bar is as long as its target times this, or as the wait where that is longer


@dataclass(frozen=True, slots=True)
class Queue:
    """One service's queue against its target. `longest`: minutes that who waits longest has waited, None for nobody."""

    service: ServiceView
    longest: int | None
    longest_number: str
    usual: int  # minutes one service takes

    @property
    def over(self) -> bool:
        return self.longest is not None and self.longest > self.service.target_wait

    @property
    def state(self) -> str:
        """Slug of `floor.state.*`, and what the mark beside it says."""
        if self.over:
            return "over"
        if not self.service.open:
            return "paused" if self.service.paused else "closed"
        return "on-target" if self.service.counters or not self.service.waiting else "unstaffed"

    @property
    def scale(self) -> float:
        """Minutes at the bar's end."""
        return max(self.service.target_wait * SCALE, (self.longest or 0) * 1.1, 1.0)


@dataclass(frozen=True, slots=True)
class Place:
    """One counter. `state`: off, break, free, called or serving; `since`: when that began."""

    counter: CounterView
    state: str
    since: datetime | None
    ticket: TicketView | None
    service: ServiceView | None
    usual: int
    idle: bool
    long: bool

    @property
    def late_from_break(self) -> bool:
        return self.idle and self.state == "break"


@dataclass(frozen=True, slots=True)
class Need:
    """What needs somebody: slug of `floor.need.*`; `queue` or `place` is whose; `numbers`: of who waits there."""

    kind: str
    queue: Queue | None = None
    place: Place | None = None
    n: int = 0
    of: int = 0
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Floor:
    view: BoardView
    now: datetime
    queues: tuple[Queue, ...]
    places: tuple[Place, ...]
    needs: tuple[Need, ...]

    def called(self, subject: str, language: str) -> str:
        """What a line of the trail is about: a service by its name, a counter by its label."""
        found = next((q.service.name for q in self.queues if q.service.id == subject), None)
        return words.pick(found, language) if found else subject

    @property
    def waiting(self) -> int:
        return sum(queue.service.waiting for queue in self.queues)

    @property
    def longest(self) -> int | None:
        return max((queue.longest for queue in self.queues if queue.longest is not None), default=None)

    @property
    def on_duty(self) -> int:
        return sum(1 for place in self.places if place.state != "off")

    @property
    def over(self) -> int:
        return sum(1 for queue in self.queues if queue.over)

    @property
    def help(self) -> Queue | None:
        """The queue that staff are called to help with."""
        wanted = self.view.branch.help
        return next((q for q in self.queues if wanted and q.service.id == wanted.service), None)

    @property
    def helpers(self) -> tuple[CounterView, ...]:
        """The counters whose agents have come."""
        coming = self.view.branch.help.coming if self.view.branch.help else ()
        return tuple(p.counter for p in self.places if p.counter.duty and p.counter.duty.staff_id in coming)


def floor(view: BoardView) -> Floor:
    """The floor as it is at the view's moment."""
    usual = _usual(view)
    queues = tuple(_queue(view, service, usual) for service in view.services)
    places = tuple(_place(view, counter, usual) for counter in view.counters)
    return Floor(view, view.at, queues, places, tuple(_needs(view, queues, places)))


def minutes_since(then: datetime, now: datetime) -> int:
    return max(int((now - then).total_seconds() // 60), 0)


def _usual(view: BoardView) -> dict[str, int]:
    """By service, how long one takes: the median of the last hour, or what was set up while there were few."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for ticket in view.by_ticket.values():
        if ticket.state == "served" and ticket.served_since and ticket.closed_at:
            took[ticket.service].append((ticket.closed_at - ticket.served_since).total_seconds() / 60)
    return {
        service.id: max(round(median(took[service.id])), 1)
        if len(took[service.id]) >= ENOUGH
        else service.typical_service
        for service in view.services
    }


def _queue(view: BoardView, service: ServiceView, usual: dict[str, int]) -> Queue:
    waiting = [t for t in view.tickets if t.service == service.id and t.state == "waiting"]
    first = min(waiting, key=lambda t: t.waiting_since, default=None)
    longest = minutes_since(first.waiting_since, view.at) if first else None
    return Queue(service, longest, first.number if first else "", usual[service.id])


def _place(view: BoardView, counter: CounterView, usual: dict[str, int]) -> Place:
    ticket, duty = view.by_ticket.get(counter.current or ""), counter.duty
    service = next((s for s in view.services if ticket and s.id == ticket.service), None)
    normal = usual.get(service.id, 0) if service else 0
    if duty is None:
        return Place(counter, "off", None, None, None, 0, idle=False, long=False)
    if ticket is not None:
        since = ticket.served_since if ticket.state == "serving" else ticket.called_at
        spent = minutes_since(since, view.at) if since else 0
        long = ticket.state == "serving" and spent > max(normal * LONG, normal + LONG_AT_LEAST)
        return Place(counter, str(ticket.state), since, ticket, service, normal, idle=False, long=long)
    if duty.on_break:
        late = duty.back_at is not None and duty.back_at + IDLE < view.at
        return Place(counter, "break", duty.break_since, None, None, 0, idle=late, long=False)
    return Place(counter, "free", counter.free_since, None, None, 0, idle=_is_idle(view, counter), long=False)


def _is_idle(view: BoardView, counter: CounterView) -> bool:
    """Free while somebody it could call has been waiting, for a minute of both."""
    queue = view.waiting_for(counter)
    if not queue or counter.free_since is None:
        return False
    both = max(counter.free_since, min(t.waiting_since for t in queue))
    return view.at - both >= IDLE


def _needs(view: BoardView, queues: tuple[Queue, ...], places: tuple[Place, ...]) -> Iterator[Need]:
    """The worst first: who waits and for whom nobody is there, then who waits too long, then who could serve them."""
    yield from (Need("unstaffed", queue=q) for q in queues if q.service.waiting and not q.service.counters)
    yield from _left_ready(view, places)
    over = [q for q in queues if q.over and q.service.counters]
    over.sort(key=lambda q: (q.longest or 0) - q.service.target_wait, reverse=True)
    yield from (Need("over", queue=q) for q in over)
    yield from (Need("late-from-break" if p.state == "break" else "idle", place=p) for p in places if p.idle)
    yield from (Need("long", place=p) for p in places if p.long)
    missed, called = _missed(view)
    if missed >= MANY_MISSED and missed * ONE_IN >= called:
        yield Need("missed", n=missed, of=called)


def _left_ready(view: BoardView, places: tuple[Place, ...]) -> Iterator[Need]:
    """Parked, ready again, and kept for a counter where nobody is: no other counter ever calls them."""
    for place in places:
        if place.counter.duty is None:
            parked = (t for t in view.tickets if t.state == "parked" and t.counter == place.counter.id)
            if ready := tuple(t.number for t in parked if t.ready):
                yield Need("ready", place=place, n=len(ready), numbers=ready)


def _missed(view: BoardView) -> tuple[int, int]:
    """Within the hour: how many did not come when they were called and have not come back, and how many were called."""
    since = view.at - HOUR
    lately = [t for t in view.by_ticket.values() if (t.missed_at or t.called_at or since) > since]
    return sum(1 for t in lately if t.missed_at), len(lately)
