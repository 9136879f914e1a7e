"""Made-up queues and histories for the tests of the forecast."""

import random
from dataclasses import replace

from hypothesis import strategies as st

from server.domain.forecast import (
    Break,
    Called,
    Came,
    Fact,
    Foreseen,
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

CONFIGURED = {"passports": 8.0, "renewals": 4.0, "visas": 15.0}
ALL = frozenset(CONFIGURED)
NOW = 1000.0
RARE = 0.2  # who misses a call or leaves, and breaks, beside everything else that happens

services = st.sampled_from(sorted(CONFIGURED))
minutes = st.floats(0, 240)
_instants = st.floats(NOW - 240, NOW + 60)
_working = st.builds(
    Open, st.just("?"), st.just("somebody"), st.frozensets(services, min_size=1), st.one_of(st.none(), services),
    since=st.one_of(st.none(), _instants), called=st.just(False), break_wanted=st.booleans(),
)  # fmt: skip
_calling = st.builds(
    Open, st.just("?"), st.just("somebody"), st.frozensets(services, min_size=1), services, since=_instants,
    called=st.just(True), waited=minutes,
)  # fmt: skip
_resting = st.builds(
    Open, st.just("?"), st.just("somebody"), st.frozensets(services, min_size=1), st.none(), since=_instants,
    on_break=st.just(True), back_at=st.one_of(st.none(), _instants),
)  # fmt: skip
counters = st.lists(st.one_of(_working, _calling, _resting), max_size=5).map(
    lambda found: [_named(counter, str(n)) for n, counter in enumerate(found)]
)
_tickets = st.tuples(services, minutes, st.sampled_from([0.0, 0.0, 10.0]), st.one_of(st.none(), st.none(), _instants))
lines = st.lists(_tickets, max_size=15).map(
    lambda wanted: [
        Standing(f"t{n}", service, (n, n), since=NOW - waited, head_start=head_start, due=due)
        for n, (service, waited, head_start, due) in enumerate(wanted)
    ]
)
states = st.builds(QueueState, lines, counters, st.just(CONFIGURED), st.just(NOW))
_foreseen = st.builds(lambda p50, wide, actual: Foreseen(p50, p50 + wide, actual), minutes, minutes, minutes)
histories = st.lists(
    st.one_of(
        st.builds(Served, services, minutes),
        st.builds(Gap, minutes),
        st.builds(Joined, st.sampled_from([0.0, 10.0])),
        st.builds(Came, minutes),
        st.builds(Missed, minutes, minutes),
        st.builds(Left, minutes),
        st.builds(Worked, minutes),
        st.builds(Break, minutes),
        st.builds(Called, minutes, st.booleans(), st.tuples(_foreseen)),
    ),
    max_size=40,
)


def state(*line: str, open_counters: int = 1, works: frozenset[str] = ALL) -> QueueState:
    """These services are waited for, at so many free counters; the first counter's name is "0"."""
    standing = [Standing(f"t{n}", service, (n, n)) for n, service in enumerate(line)]
    return QueueState(standing, [Open(str(n), "somebody", works) for n in range(open_counters)], CONFIGURED)


def lived(facts: int) -> list[Fact]:
    """A long history, always the same one."""
    chance = random.Random(7)

    def one() -> Fact:
        waited = chance.expovariate(0.1)
        foreseen = Foreseen(
            waited * chance.uniform(0.5, 1.2), waited * chance.uniform(1.3, 1.8), waited, chance.random() < 0.5
        )
        possible: list[Fact] = [
            Served(chance.choice(sorted(CONFIGURED)), chance.lognormvariate(1.5, 0.6)),
            Served(chance.choice(sorted(CONFIGURED)), chance.lognormvariate(1.5, 0.6)),
            Gap(chance.expovariate(1)),
            Joined(chance.choice([0.0, 10.0])),
            Came(waited),
            Came(waited),
            Missed(waited, chance.expovariate(0.5)),
            Left(waited),
            Worked(chance.expovariate(0.2)),
            Break(chance.expovariate(0.1)),
            Called(waited, foreseen=(foreseen,)),
        ]
        return chance.choices(possible, [RARE if isinstance(fact, (Missed, Left, Break)) else 1 for fact in possible])[
            0
        ]

    return [one() for _ in range(facts)]


def _named(counter: Open, name: str) -> Open:
    return replace(counter, counter=name)
