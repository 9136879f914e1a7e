"""One day of a made-up branch, event by event; whatever happens is told, and looked at when somebody wants to look."""

import random
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import exp
from typing import Any

from benchmarks.waits.branches import HOURS, PROFILE, Branch, Counter, Service
from server.domain.forecast import (
    Break,
    Came,
    Closed,
    Fact,
    Gap,
    Joined,
    Left,
    Missed,
    Open,
    QueueState,
    Served,
    Standing,
    Worked,
)

DAY = 1440.0
SHOWS_UP = 0.85
LATE, EARLY = 6.0, 8.0  # minutes: spread and mean of coming before an appointment
IN_TIME = 5.0  # minutes after an appointment at which it still counts
TRANSFERRED = 0.04
BREAKS = 1 / 120  # per busy minute
LAST = HOURS + 150  # minutes: whoever still waits then is sent home


@dataclass(slots=True)
class Person:
    id: str
    service: str
    key: tuple[int, int]
    since: float
    head_start: float = 0.0
    booked: float | None = None  # instant of the appointment
    told: list[Any] = field(default_factory=list)  # what the judge remembers of it

    def __lt__(self, other: "Person") -> bool:
        return self.key < other.key

    @property
    def goes_first(self) -> bool:
        return self.head_start > 0 or self.booked is not None


@dataclass(slots=True)
class Desk:
    """A counter as it is; `free_from`: instant of its last finish while somebody waited, or None."""

    counter: Counter
    on_duty: bool = False
    person: Person | None = None
    called: bool = False
    since: float = 0.0
    on_break: bool = False
    wants_break: float = 0.0  # minutes
    back_at: float | None = None
    says: bool = False
    free_from: float | None = None


class Day:
    """`tell` hears facts, `called` each call (person, instant), `joined` each joining; `look` every two minutes."""

    def __init__(self, branch: Branch, number: int, judge: "Any", salt: str) -> None:
        self.branch, self.number, self.judge = branch, number, judge
        self.chance = random.Random(f"{branch.kind} {branch.seed} {number} {salt}")
        self.pace = exp(self.chance.gauss(0, 0.1))
        self.now = self.start = number * DAY + 540
        self.waiting: list[Person] = []
        self.due: dict[str, Person] = {}
        self.desks = [Desk(counter) for counter in branch.counters]
        self.closed: list[Closed] = []
        self.count = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._seq = 0

    def run(self) -> None:
        self._plan()
        while self._events:
            self.now, _, happens = heappop(self._events)
            if self.now > self.start + LAST:
                break
            happens()

    def state(self) -> QueueState:
        """What the product would know."""
        standing = [self._standing(person) for person in self.waiting]
        due = [p for p in self.due.values() if p.booked is not None and self.now - 15 < p.booked < self.now + 45]
        standing += [Standing(p.id, p.service, p.key, since=p.booked, booked=True, due=p.booked) for p in due]
        standing.sort(key=lambda ticket: ticket.key)
        configured = {name: service.configured for name, service in self.branch.services.items()}
        return QueueState(standing, [self._open(d) for d in self.desks if d.on_duty], configured, self.now, self.closed)

    def able(self, service: str) -> list[Desk]:
        return [desk for desk in self.desks if desk.on_duty and service in desk.counter.services]

    # What happens

    def _plan(self) -> None:
        for desk in self.desks:
            self._at(self.start + desk.counter.opens, self._opens, desk)
            self._at(self.start + desk.counter.closes, self._closes, desk)
            if desk.counter.closes - desk.counter.opens > 300:
                lunch = self.start + self.chance.uniform(150, 270)
                self._at(lunch, self._wants_break, desk, self.chance.uniform(20, 35))
        at = 0.0
        while (at := at + self.chance.expovariate(self.branch.rate * max(PROFILE))) < HOURS:
            if self.chance.random() < PROFILE[int(at // 60)] / max(PROFILE):
                self._plan_arrival(self.start + at)
        for n in range(int(HOURS // 2)):
            self._at(self.start + 2.0 * n + 1, self._look)

    def _plan_arrival(self, at: float) -> None:
        services = list(self.branch.services.values())
        (service,) = self.chance.choices(services, [s.share for s in services])
        if self.chance.random() < service.booked:
            self._plan_booked(service, at)
        else:
            head_start = self.branch.head_start if self.chance.random() < self.branch.priority else 0.0
            self._at(at, self._joins, service.name, head_start)

    def _plan_booked(self, service: Service, at: float) -> None:
        appointment = self.start + round((at - self.start) / 10) * 10
        person = Person(self._id(), service.name, (int(appointment * 60000), self.count), appointment)
        person.booked = appointment
        self._at(appointment - 46, self.due.__setitem__, person.id, person)
        arrives = appointment - EARLY + self.chance.gauss(0, LATE)
        if self.chance.random() < SHOWS_UP:
            self._at(max(arrives, self.start), self._arrives, person)
        self._at(appointment + 60, self.due.pop, person.id, None)

    def _arrives(self, person: Person) -> None:
        self.due.pop(person.id, None)
        person.since = self.now
        if person.booked is not None and self.now > person.booked + IN_TIME:
            person.key = (int(self.now * 60000), self.count)
        self._stands(person)

    def _joins(self, service: str, head_start: float) -> None:
        id = self._id()
        key = (int((self.now - head_start) * 60000), self.count)
        self._stands(Person(id, service, key, self.now, head_start))

    def _stands(self, person: Person) -> None:
        insort(self.waiting, person)
        self.judge.tell(Joined(person.head_start))
        self._at(self.now + self.chance.expovariate(1 / self.branch.patience), self._gives_up, person)
        self.judge.joined(self, person)
        for desk in self.able(person.service):
            if desk.person is None and not desk.on_break:
                self._at(self.now + 0.1, self._calls, desk)

    def _gives_up(self, person: Person) -> None:
        if person in self.waiting:
            self.waiting.remove(person)
            self.judge.tell(Left(self.now - person.since))

    def _calls(self, desk: Desk) -> None:
        if not desk.on_duty or desk.person is not None or desk.on_break:
            return
        person = next((p for p in self.waiting if p.service in desk.counter.services), None)
        if person is None:
            desk.free_from = None
            return
        self.waiting.remove(person)
        desk.person, desk.called, desk.since = person, True, self.now
        waited = self.now - person.since
        self.judge.called(self, person)
        if self.chance.random() < self.branch.no_show + 0.001 * waited:
            self._at(self.now + 1 + self.chance.expovariate(1), self._misses, desk, waited)
        else:
            self._at(self.now + self.chance.expovariate(1 / self.branch.walk), self._comes, desk, waited)

    def _misses(self, desk: Desk, waited: float) -> None:
        self.judge.tell(Missed(waited, self.now - desk.since))
        self._free(desk)

    def _comes(self, desk: Desk, waited: float) -> None:
        assert desk.person is not None
        self.judge.tell(Came(waited))
        if desk.free_from is not None:
            self.judge.tell(Gap(self.now - desk.free_from))
        desk.called, desk.since = False, self.now
        service = self.branch.services[desk.person.service]
        minutes = self.pace * desk.counter.pace * exp(self.chance.gauss(service.mu, service.sigma))
        self._at(self.now + minutes, self._finishes, desk, minutes)

    def _finishes(self, desk: Desk, minutes: float) -> None:
        assert desk.person is not None
        self.judge.tell(Served(desk.person.service, minutes))
        self.judge.tell(Worked(minutes))
        if self.chance.random() < TRANSFERRED:
            others = [name for name in self.branch.services if name != desk.person.service and self.able(name)]
            if others:
                self._joins(self.chance.choice(others), 0.0)
        if self.chance.random() < minutes * BREAKS:
            desk.wants_break = max(desk.wants_break, self.chance.gammavariate(4, 2.5))
        self._free(desk)

    def _free(self, desk: Desk) -> None:
        desk.person, desk.called, desk.since, desk.free_from = None, False, self.now, None
        if self.now >= self.start + desk.counter.closes and self._is_spare(desk):
            self._goes_home(desk)
        elif desk.wants_break:
            self._breaks(desk)
        else:
            desk.free_from = self.now if any(p.service in desk.counter.services for p in self.waiting) else None
            self._at(self.now + self.chance.expovariate(1 / self.branch.gap), self._calls, desk)

    def _is_spare(self, desk: Desk) -> bool:
        """Nobody is left who only this counter would serve."""
        return all(any(d is not desk for d in self.able(p.service)) for p in self.waiting)

    def _opens(self, desk: Desk) -> None:
        desk.on_duty, desk.since = True, self.now
        self._calls(desk)

    def _closes(self, desk: Desk) -> None:
        if desk.person is None and self._is_spare(desk):
            self._goes_home(desk)

    def _goes_home(self, desk: Desk) -> None:
        desk.on_duty = False
        self.closed.append(Closed(self.now, desk.counter.services))

    def _wants_break(self, desk: Desk, minutes: float) -> None:
        desk.wants_break, desk.says = minutes, self.chance.random() < self.branch.says_return
        if desk.says:
            desk.back_at = round((self.now + minutes + 5) / 5) * 5
        if desk.person is None and desk.on_duty and not desk.on_break:
            self._breaks(desk)

    def _breaks(self, desk: Desk) -> None:
        desk.on_break, desk.since = True, self.now
        until = self.now + desk.wants_break
        if desk.back_at is not None:
            until = max(desk.back_at + self.chance.gauss(0.5, 1.5), self.now + 3)
        desk.wants_break = 0.0
        self._at(until, self._returns, desk)

    def _returns(self, desk: Desk) -> None:
        self.judge.tell(Break(self.now - desk.since))
        desk.on_break, desk.back_at, desk.since = False, None, self.now
        self._calls(desk)

    def _look(self) -> None:
        self.judge.look(self)

    def _at(self, at: float, what: Callable[..., Any], *given: Any) -> None:
        self._seq += 1
        heappush(self._events, (at, self._seq, lambda: what(*given)))

    def _id(self) -> str:
        self.count += 1
        return f"{self.branch.kind}-{self.branch.seed}-{self.number}-{self.count}"

    def _standing(self, person: Person) -> Standing:
        return Standing(
            person.id, person.service, person.key, since=person.since, head_start=person.head_start,
            booked=person.booked is not None,
        )  # fmt: skip

    def _open(self, desk: Desk) -> Open:
        person = desk.person
        return Open(
            desk.counter.name, desk.counter.name, desk.counter.services, person.service if person else None,
            since=desk.since, ticket=person.id if person else None, called=desk.called,
            waited=desk.since - person.since if person and desk.called else 0.0, on_break=desk.on_break,
            back_at=desk.back_at, break_wanted=desk.wants_break > 0,
        )  # fmt: skip


__all__ = ["Day", "Desk", "Fact", "Person"]
