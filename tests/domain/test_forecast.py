"""The honest wait: what must hold of any forecaster, and what this one learns."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain.forecast import LEARN_FROM, Open, QueueState, Standing, Wait, WorkAhead

CONFIGURED = {"passports": 8.0, "renewals": 4.0, "visas": 15.0}
services = st.sampled_from(sorted(CONFIGURED))
minutes = st.floats(0, 240)
counters = st.lists(
    st.builds(
        Open,
        st.integers(1, 9).map(str),
        st.just("somebody"),
        st.frozensets(services, min_size=1),
        st.one_of(st.none(), services),
        minutes,
    ),
    max_size=5,
    unique_by=lambda counter: counter.counter,
)
lines = st.lists(services, max_size=15).map(
    lambda wanted: [Standing(f"t{n}", service, (n, n)) for n, service in enumerate(wanted)]
)
states = st.builds(QueueState, lines, counters, st.just(CONFIGURED))
histories = st.lists(st.tuples(services, minutes), max_size=30)


def told(history: list[tuple[str, float]]) -> WorkAhead:
    forecaster = WorkAhead()
    for service, took in history:
        forecaster.observe(service, took)
    return forecaster


def state(*line: str, open_counters: int = 1, works: frozenset[str] = frozenset(CONFIGURED)) -> QueueState:
    standing = [Standing(f"t{n}", service, (n, n)) for n, service in enumerate(line)]
    return QueueState(standing, [Open(str(n), "somebody", works) for n in range(open_counters)], CONFIGURED)


@given(states, histories)
def test_a_wait_is_never_negative_and_its_upper_end_never_below_the_likely_one(
    now: QueueState, history: list[tuple[str, float]]
) -> None:
    for wait in told(history).waits(now).values():
        assert wait is None or 0 <= wait.likely <= wait.at_most


@given(states)
def test_nothing_is_said_exactly_where_no_counter_on_duty_works_it(now: QueueState) -> None:
    worked = {service for counter in now.counters for service in counter.services}
    waits = WorkAhead().waits(now)
    assert set(waits) == {ticket.id for ticket in now.standing} | set(CONFIGURED)
    for ticket in now.standing:
        assert (waits[ticket.id] is None) == (ticket.service not in worked)
    for service in CONFIGURED:
        assert (waits[service] is None) == (service not in worked)


@given(states, histories)
def test_nobody_waits_less_than_who_is_before_them_in_the_queue(
    now: QueueState, history: list[tuple[str, float]]
) -> None:
    waits = told(history).waits(now)
    for service in CONFIGURED:
        queue = [waits[ticket.id] for ticket in now.standing if ticket.service == service] + [waits[service]]
        said = [(wait.likely, wait.at_most) for wait in queue if wait]
        assert [likely for likely, _ in said] == sorted(likely for likely, _ in said)
        assert [most for _, most in said] == sorted(most for _, most in said)


@given(states, histories, services)
def test_one_more_ahead_never_makes_it_shorter(now: QueueState, history: list[tuple[str, float]], more: str) -> None:
    first = Standing("first", more, (-1, 0))
    longer = replace(now, standing=[first, *now.standing])
    before, after = told(history).waits(now), told(history).waits(longer)
    for id, wait in before.items():
        then = after[id]
        assert (wait is None) == (then is None)
        assert wait is None or then is None or (wait.likely <= then.likely and wait.at_most <= then.at_most)


@given(states, histories, services)
def test_one_more_counter_for_everything_never_makes_the_newcomer_wait_longer(
    now: QueueState, history: list[tuple[str, float]], service: str
) -> None:
    same = replace(now, counters=[Open(str(n), "somebody", frozenset(CONFIGURED)) for n in range(len(now.counters))])
    more = replace(same, counters=[*same.counters, Open("new", "somebody", frozenset(CONFIGURED))])
    before, after = told(history).waits(same)[service], told(history).waits(more)[service]
    assume(before is not None)
    assert before is not None
    assert after is not None
    assert after.likely <= before.likely


@given(states, histories)
def test_equal_states_get_equal_answers(now: QueueState, history: list[tuple[str, float]]) -> None:
    forecaster = told(history)
    first = forecaster.waits(now)
    assert forecaster.waits(now) == first == told(history).waits(now)


@given(st.lists(minutes, max_size=LEARN_FROM + 40))
def test_a_restart_says_the_same(history: list[float]) -> None:
    """It reads the newest finished services again, and those are all that count."""
    before = told([("passports", took) for took in history])
    after = told([("passports", took) for took in history[-LEARN_FROM:]])
    assert before.mean("passports", 8) == after.mean("passports", 8)


def test_with_nothing_ahead_and_a_free_counter_it_is_straight_away() -> None:
    assert WorkAhead().waits(state())["passports"] == Wait(0, 0)


def test_work_ahead_is_shared_by_the_counters_that_do_it() -> None:
    four = ["passports"] * 4
    assert (WorkAhead().waits(state(*four))["passports"] or Wait(0, 0)).likely == 32
    assert (WorkAhead().waits(state(*four, open_counters=2))["passports"] or Wait(0, 0)).likely == 16


def test_who_waits_for_what_these_counters_do_not_work_costs_nothing() -> None:
    only = frozenset({"passports"})
    assert WorkAhead().waits(state("visas", "visas", works=only))["passports"] == Wait(0, 0)


def test_a_running_service_counts_for_what_is_left_of_it() -> None:
    just_begun = QueueState([], [Open("1", "ken", frozenset(CONFIGURED), "visas", 0)], CONFIGURED)
    nearly_done = replace(just_begun, counters=[replace(just_begun.counters[0], elapsed=14)])
    early, late = WorkAhead().waits(just_begun)["visas"], WorkAhead().waits(nearly_done)["visas"]
    assert early is not None
    assert late is not None
    assert early.likely > late.likely


@pytest.mark.parametrize(("took", "moves"), [(20.0, 1), (2.0, -1)])
def test_what_is_seen_moves_what_is_said_from_what_was_configured(took: float, moves: int) -> None:
    learning, means = WorkAhead(), [8.0]
    for _ in range(200):
        learning.observe("passports", took)
        means.append(learning.mean("passports", 8.0))
    assert all((later - sooner) * moves >= 0 for sooner, later in pairwise(means[:101]))
    assert abs(means[-1] - took) < 0.15 * took + 0.5
    assert learning.mean("renewals", 4.0) == 4.0


def test_the_newest_services_count_most() -> None:
    slower = told([("passports", 5.0)] * 50 + [("passports", 15.0)] * 50)
    faster = told([("passports", 15.0)] * 50 + [("passports", 5.0)] * 50)
    assert slower.mean("passports", 8) > faster.mean("passports", 8)
