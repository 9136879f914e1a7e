"""A day that is drawn: the same again for its seed, within the opening hours, in the numbers that its kind names."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from math import exp, log, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.demo.kinds import KINDS, Kind
from server.demo.plan import SLOT, log_normal, plan_day, true_minutes
from server.demo.simulated import A_MONDAY
from server.demo.staged import opening, staged
from server.domain.branch import Branch

FILES = {name: staged(kind) for name, kind in KINDS.items()}
SIGMAS = 5  # one draw in two million lies further out, and the seeds are fixed
SEEDS = range(25)
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def drawn(test: Callable[[Kind, int, int], None]) -> Callable[[], None]:
    """Any kind, seed and day; a day has some hundred people to look at."""
    of_any = given(st.sampled_from(list(KINDS.values())), st.integers(), st.integers(0, 1000))
    return settings(max_examples=25)(of_any(test))


@drawn
def test_a_seed_and_a_day_make_the_same_day_again(kind: Kind, seed: int, day: int) -> None:
    assert plan_day(kind, FILES[kind.name], seed, day) == plan_day(kind, FILES[kind.name], seed, day)


@drawn
def test_another_seed_and_another_day_bring_other_people(kind: Kind, seed: int, day: int) -> None:
    planned = plan_day(kind, FILES[kind.name], seed, day).people
    assert planned != plan_day(kind, FILES[kind.name], seed + 1, day).people
    assert planned != plan_day(kind, FILES[kind.name], seed, day + 1).people


@drawn
def test_everybody_joins_while_the_branch_is_open(kind: Kind, seed: int, day: int) -> None:
    file = FILES[kind.name]
    branch = Branch(hours=file.branch.week(), closures=[], time_zone=file.branch.time_zone)
    begins = opening(kind, file, A_MONDAY)
    people = plan_day(kind, file, seed, day).people
    assert [person.comes for person in people] == sorted(person.comes for person in people)
    assert all(branch.is_open(begins + timedelta(minutes=person.comes)) for person in people)


@drawn
def test_everybody_wants_what_the_branch_has(kind: Kind, seed: int, day: int) -> None:
    file = FILES[kind.name]
    outcomes = {service.id: {outcome.id for outcome in service.outcomes} for service in file.services}
    for person in plan_day(kind, file, seed, day).people:
        legs = [errand.service for errand in person.errands]
        assert len(legs) == len(set(legs))
        assert all(errand.outcome in outcomes[errand.service] for errand in person.errands)
        assert all(0 < errand.minutes <= 90 and errand.gap >= 0 for errand in person.errands)
        assert person.patience > 0
        assert person.priority is None or person.priority in kind.priorities


@drawn
def test_appointments_are_slots_that_were_booked_before(kind: Kind, seed: int, day: int) -> None:
    for person in plan_day(kind, FILES[kind.name], seed, day).people:
        if person.appointment is not None:
            assert person.appointment % SLOT == 0
            assert person.comes < person.appointment < kind.closes


@every_kind
def test_every_service_is_worked_and_one_counter_is_left_to_people(kind: Kind) -> None:
    file = FILES[kind.name]
    shifts = plan_day(kind, file, 1).shifts
    able = {counter.label: counter.services for counter in file.counters}
    assert {service for shift in shifts for service in shift.services} == {service.id for service in file.services}
    assert able.keys() - {shift.counter for shift in shifts} == {kind.free}
    assert able[kind.free] is None
    for shift in shifts:
        assert set(shift.services) <= set(able[shift.counter] or shift.services)


@every_kind
def test_as_many_come_as_the_kind_says(kind: Kind) -> None:
    """Poisson numbers: their variance is their mean, for each piece of the day and for the whole of it."""
    planned = [plan_day(kind, FILES[kind.name], seed).people for seed in SEEDS]
    comes = [person.comes for people in planned for person in people if person.appointment is None]
    for flow in kind.flows:
        crowd = kind.crowd if flow.begins == 0 else 0
        expected = (flow.expected + crowd) * len(SEEDS)
        found = sum(flow.begins <= minute < flow.ends for minute in comes)
        assert abs(found - expected) <= SIGMAS * sqrt(expected), (flow, found, expected)
    everybody = (kind.crowd + sum(flow.expected for flow in kind.flows)) * len(SEEDS)
    assert abs(len(comes) - everybody) <= SIGMAS * sqrt(everybody)


@every_kind
def test_they_want_what_the_kind_says(kind: Kind) -> None:
    people = [p for seed in SEEDS for p in plan_day(kind, FILES[kind.name], seed).people if p.appointment is None]
    wanted = Counter(person.errands[0].service for person in people)
    everything = sum(wish.share for wish in kind.wishes.values())
    for service, wish in kind.wishes.items():
        share = wish.share / everything
        bound = SIGMAS * sqrt(len(people) * share * (1 - share))
        assert abs(wanted[service] - len(people) * share) <= bound, service


def test_a_service_time_has_the_mean_that_was_asked_for() -> None:
    """The variance of a log-normal number is (exp(spread²) − 1) · mean²."""
    mean, spread, draws, chance = 8.0, 0.6, 20_000, Random(1)
    found = sum(log_normal(mean, spread, chance) for _ in range(draws)) / draws
    assert abs(found - mean) <= SIGMAS * mean * sqrt((exp(spread**2) - 1) / draws)


@every_kind
def test_configured_durations_are_wrong_in_another_way_for_every_seed(kind: Kind) -> None:
    file = FILES[kind.name]
    told = {service.id: service.typical_service for service in file.services}
    errors = [log(minutes / told[id]) for seed in SEEDS for id, minutes in true_minutes(kind, file, seed).items()]
    spread = sqrt(sum(error**2 for error in errors) / len(errors))
    assert abs(spread / kind.misjudged - 1) <= SIGMAS / sqrt(2 * len(errors))
    assert true_minutes(kind, file, 1) == true_minutes(kind, file, 1)
