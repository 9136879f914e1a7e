"""Made-up branches of three kinds: a bank, a clinic, a public office; each seed another one."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

HOURS = 8 * 60.0  # minutes a day is open
PROFILE = (0.6, 1.1, 1.35, 1.25, 0.8, 0.95, 1.2, 0.75)  # arrivals in each hour, relative


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    mu: float  # of ln(minutes)
    sigma: float
    share: float  # of the arrivals
    configured: float  # minutes, as the manager believes
    booked: float  # share of its customers that have an appointment


@dataclass(frozen=True, slots=True)
class Counter:
    name: str
    services: frozenset[str]
    pace: float  # factor on all its service times
    opens: float  # minutes after opening
    closes: float


@dataclass(frozen=True, slots=True)
class Branch:
    kind: str
    seed: int
    services: Mapping[str, Service]
    counters: Sequence[Counter]
    rate: float  # arrivals per minute, on average
    priority: float  # share with a head start
    head_start: float  # minutes
    patience: float  # minutes, mean
    no_show: float  # share of the called, after no wait; grows by a tenth of a percent per minute
    gap: float  # minutes, mean, between customers
    walk: float  # minutes, mean, from the call to the counter
    says_return: float  # share of breaks whose end is told


@dataclass(frozen=True, slots=True)
class Kind:
    """`services`: mean minutes, spread, share, booked."""

    services: Mapping[str, tuple[float, float, float, float]]
    counters: tuple[int, int]
    priority: float
    head_start: float
    patience: float
    no_show: float
    load: tuple[float, float]


KINDS: Mapping[str, Kind] = {
    "bank": Kind(
        {"cash": (3.5, 0.6, 0.55, 0), "cards": (7, 0.6, 0.25, 0), "accounts": (17, 0.6, 0.2, 0.3)},
        (4, 6), 0.12, 10, 70, 0.03, (0.92, 1.04),
    ),
    "clinic": Kind(
        {"nurse": (6, 0.5, 0.4, 0.3), "doctor": (14, 0.55, 0.45, 0.6), "laboratory": (5, 0.5, 0.15, 0)},
        (4, 7), 0.15, 15, 150, 0.05, (0.9, 1.02),
    ),
    "office": Kind(
        {"enquiry": (4, 0.7, 0.3, 0), "passport": (9, 0.55, 0.35, 0.2), "permit": (14, 0.65, 0.2, 0.1),
         "registry": (7, 0.6, 0.15, 0)},
        (5, 9), 0.08, 10, 110, 0.06, (0.94, 1.06),
    ),
}  # fmt: skip


def branch(kind: str, seed: int) -> Branch:
    chance, made = random.Random(f"{kind} {seed}"), KINDS[kind]
    wrong = chance.gauss(0, 0.35)  # the whole branch believes itself faster, or slower
    services = {
        name: Service(name, log(mean) - spread**2 / 2, spread, share, mean * exp(wrong + chance.gauss(0, 0.25)), booked)
        for name, (mean, spread, share, booked) in made.services.items()
    }
    counters = _counters(list(services), chance.randint(*made.counters), chance)
    gap, walk = chance.uniform(0.2, 0.8), chance.uniform(0.3, 0.8)
    work = sum(made.services[name][0] * service.share for name, service in services.items()) + gap + walk
    staffed = sum(counter.closes - counter.opens for counter in counters) / HOURS * 0.86  # the rest are breaks
    return Branch(
        kind, seed, services, counters, chance.uniform(*made.load) * staffed / work, made.priority, made.head_start,
        made.patience, made.no_show, gap, walk, chance.choice([0.0, 0.5, 1.0]),
    )  # fmt: skip


def _counters(services: list[str], many: int, chance: random.Random) -> list[Counter]:
    """Some work everything, some a part; each service is worked by two at least, one of them all day."""
    found = []
    for n in range(many):
        works = services if n < 2 or chance.random() < 0.35 else chance.sample(services, max(1, len(services) - 2))
        late, early = (0.0, HOURS) if n < 2 else (chance.choice([0, 0, 0, 60, 120]), HOURS - chance.choice([0, 0, 90]))
        found.append(Counter(str(n + 1), frozenset(works), exp(chance.gauss(0, 0.15)), late, early))
    return found
