"""One day of a branch, drawn from a seed: when everybody comes, what for, how long it will take, what they will do.

Nothing here depends on how the queue turns out: the plan says what people are going to do, the product decides what
becomes of it. So the same day can be lived under other rules and be compared. Times are minutes after opening.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp, log
from random import Random

from server.branch_file import BranchFile
from server.demo.kinds import Kind, Post

SPREAD = (
    0.6  # standard deviation of ln(service time), as Brown et al. 2005 found it in a bank's call centre (0.5 – 0.9)
)
GAP = 0.5  # minutes between two customers, mean: files are put away, the next one comes
SLOT = 15  # minutes between two appointments
BOOKED_BEFORE = 45  # minutes before their time in which nobody books any more
BOOKED_COME = 0.88  # share of the booked who come
AFAR_COME = 0.85
SAYS_SO = 0.6  # share of those who give up who tap "leave"; the others are simply gone
COMES_BACK = 0.6  # share of those who missed their call
ON_THE_PHONE = 0.8  # share who join by their own phone; the others at the kiosk
SAYS_COMING = 0.65  # share of the phones that answer a call
CONFIRMED = 0.8  # share of the claims to a class that an agent believes
RATES = 0.35
SCORES = (5, 5, 5, 4, 4, 3, 2, 1)
TOLD = 0.6  # share of breaks that name their return time
SHORTEST, LONGEST = 0.4, 90.0  # minutes of one service


@dataclass(frozen=True, slots=True)
class Errand:
    """One leg: its service, how long it takes, the agent's gap after it, and what comes of it (None: no outcomes)."""

    service: str
    minutes: float
    gap: float
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody is going to do."""

    comes: float  # when they join
    errands: tuple[Errand, ...]
    channel: str
    language: str
    priority: str | None
    confirmed: float | None  # when an agent believes that they are of this class, where one has to
    appointment: float | None
    arrives: float | None  # when they stand in the hall; None: never
    patience: float  # of waiting, until they give up
    says_so: bool
    stroll: tuple[float, float] | None  # steps away after so long, for so long
    misses: bool  # the first call
    returns: float | None  # so long after a missed call
    says_coming: bool  # answers a call on their phone
    walks: float  # from the seat to the counter
    form: float | None  # minutes it takes them to fill one in
    rates: tuple[int, float] | None  # score, and how long after


@dataclass(frozen=True, slots=True)
class Pause:
    begins: float
    minutes: float
    told: bool  # says when they will be back


@dataclass(frozen=True, slots=True)
class Shift:
    """An agent's day. `ends` None: stays until nobody is left."""

    counter: str
    services: tuple[str, ...]
    begins: float
    ends: float | None
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """Everybody of one day; `people` in order of `comes`."""

    people: tuple[Person, ...]
    shifts: tuple[Shift, ...]
    closes: float


def plan_day(kind: Kind, file: BranchFile, seed: int, day: int = 0) -> Day:
    """Day number `day` of the branch that `seed` makes: the same again for the same arguments, on every machine."""
    chance = Random(f"{kind.name} {seed} {day}")
    drawn = _Drawn(kind, file, true_minutes(kind, file, seed), chance)
    people = sorted(drawn.people(), key=lambda person: person.comes)
    return Day(tuple(people), tuple(_shift(post, file, chance) for post in kind.posts), kind.closes)


def true_minutes(kind: Kind, file: BranchFile, seed: int) -> Mapping[str, float]:
    """Service → its true mean in minutes; what stands in the file is somebody's guess, wrong by kind.misjudged."""
    chance = Random(f"{kind.name} {seed} truth")
    return {s.id: s.typical_service * exp(chance.gauss(0, kind.misjudged)) for s in file.services}


def log_normal(mean: float, spread: float, chance: Random) -> float:
    """One draw; `spread`: standard deviation of its logarithm."""
    return exp(chance.gauss(log(mean) - spread * spread / 2, spread))


class _Drawn:
    """The draws of one day, in one fixed order."""

    def __init__(self, kind: Kind, file: BranchFile, minutes: Mapping[str, float], chance: Random) -> None:
        self._kind, self._file, self._minutes, self._chance = kind, file, minutes, chance
        self._to_confirm = {priority.id for priority in file.priorities if priority.confirm}
        self._outcomes = {service.id: [o.id for o in service.outcomes] for service in file.services}

    def people(self) -> Iterator[Person]:
        for comes in self._arrivals():
            yield self._walk_in(comes, self._one_of({id: wish.share for id, wish in self._kind.wishes.items()}))
        for service, wish in self._kind.wishes.items():
            for at in self._appointments(wish.booked):
                yield self._booked(at, service)

    def _arrivals(self) -> Iterator[float]:
        """The crowd before the door, then a Poisson stream with a rate that changes through the day."""
        for _ in range(self._count(self._kind.crowd)):
            yield self._chance.uniform(0.1, 3)
        for flow in self._kind.flows:
            at = flow.begins + self._chance.expovariate(flow.per_hour / 60)
            while at < flow.ends:
                yield at
                at += self._chance.expovariate(flow.per_hour / 60)

    def _count(self, mean: float) -> int:
        """A Poisson number: as many exponential gaps as fit."""
        number, left = 0, self._chance.expovariate(1)
        while left < mean:
            number, left = number + 1, left + self._chance.expovariate(1)
        return number

    def _appointments(self, per_hour: float) -> Iterator[float]:
        """Taken slots of the opening hours; the first ones are left to those who wait at the door."""
        chance_of_one = per_hour * SLOT / 60
        for flow in self._kind.flows:
            slot = -(-max(flow.begins, 2 * BOOKED_BEFORE) // SLOT) * SLOT
            while slot < flow.ends - SLOT:
                if self._chance.random() < chance_of_one:
                    yield slot
                slot += SLOT

    def _walk_in(self, comes: float, service: str) -> Person:
        chance = self._chance
        afar = chance.random() < self._kind.from_afar
        travels = comes + log_normal(25, 0.4, chance)
        arrives = comes if not afar else (travels if chance.random() < AFAR_COME else None)
        return self._person(comes, arrives, None, service)

    def _booked(self, at: float, service: str) -> Person:
        chance = self._chance
        comes = self._while_open(chance.uniform(0.5, at - BOOKED_BEFORE))
        arrives = max(comes, at + chance.gauss(-6, 7)) if chance.random() < BOOKED_COME else None
        return self._person(comes, arrives, at, service)

    def _while_open(self, minute: float) -> float:
        """The minute itself, or the last one before it at which the branch was open."""
        return max(min(minute, flow.ends - 0.5) for flow in self._kind.flows if flow.begins < minute)

    def _person(self, comes: float, arrives: float | None, appointment: float | None, service: str) -> Person:
        chance, kind = self._chance, self._kind
        nobody = 1 - sum(kind.priorities.values())
        patience = max(4.0, log_normal(kind.patience, 0.6, chance))
        languages = {code: 1 / (n + 1) for n, code in enumerate(self._file.branch.languages)}
        priority = self._one_of({**kind.priorities, "": nobody}) or None
        on_the_phone = appointment is not None or arrives != comes or self._happens(ON_THE_PHONE)
        return Person(
            comes=comes, arrives=arrives, appointment=appointment,
            errands=tuple(self._errands(service)),
            channel="phone" if on_the_phone else "kiosk",
            language=self._one_of(languages),
            priority=priority, confirmed=self._confirmed(priority),
            patience=patience, says_so=self._happens(SAYS_SO),
            stroll=(chance.uniform(1, 10), log_normal(9, 0.4, chance)) if self._happens(kind.strolls) else None,
            misses=self._happens(kind.no_show),
            returns=log_normal(8, 0.5, chance) if self._happens(COMES_BACK) else None,
            says_coming=on_the_phone and self._happens(SAYS_COMING),
            walks=log_normal(0.4, 0.4, chance),
            form=log_normal(6, 0.4, chance) if self._happens(kind.forms) else None,
            rates=(chance.choice(SCORES), log_normal(2, 0.5, chance)) if self._happens(RATES) else None,
        )  # fmt: skip

    def _confirmed(self, priority: str | None) -> float | None:
        minutes = self._chance.uniform(0.5, 4)
        return minutes if priority in self._to_confirm and self._happens(CONFIRMED) else None

    def _errands(self, service: str) -> Iterator[Errand]:
        """The first service, and where they are sent from there; nobody is sent anywhere twice."""
        been: set[str] = set()
        while service and service not in been:
            been.add(service)
            minutes = log_normal(self._minutes[service], SPREAD, self._chance)
            outcomes = self._outcomes[service]
            yield Errand(
                service,
                min(max(minutes, SHORTEST), LONGEST),
                self._chance.expovariate(1 / GAP),
                self._one_of({id: 1 / (n + 1) for n, id in enumerate(outcomes)}) if outcomes else None,
            )
            then = self._kind.wishes[service].then
            service = self._one_of({**then, "": 1 - sum(then.values())})

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _one_of(self, weights: Mapping[str, float]) -> str:
        return self._chance.choices(list(weights), list(weights.values()))[0]


def _shift(post: Post, file: BranchFile, chance: Random) -> Shift:
    able = next((counter.services for counter in file.counters if counter.label == post.counter), None)
    services = post.services or able or tuple(service.id for service in file.services)
    pauses = [
        Pause(begins + chance.uniform(-4, 4), minutes * chance.uniform(0.8, 1.25), chance.random() < TOLD)
        for begins, minutes in post.pauses
    ]
    return Shift(post.counter, services, post.begins, post.ends, tuple(pauses))
