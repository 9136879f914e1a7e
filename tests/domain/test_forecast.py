"""The honest wait: what must hold of every answer, whatever the queue."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from server.domain.forecast import (
    Came,
    Fact,
    Forecaster,
    Joined,
    Left,
    Missed,
    Open,
    QueueState,
    Served,
    Standing,
    Wait,
)
from server.domain.ordering import MS_PER_MINUTE
from tests.domain.queues import ALL, CONFIGURED, counters, histories, services, state, states

ROUNDING = 1  # minutes


@given(states, histories)
def test_a_wait_is_never_negative_and_its_upper_end_never_below_the_likely_one(
    now: QueueState, history: list[Fact]
) -> None:
    for wait in Forecaster(history).waits(now).values():
        assert wait is None or 0 <= wait.likely <= wait.at_most


@given(states)
def test_nothing_is_said_exactly_where_no_counter_on_duty_works_it(now: QueueState) -> None:
    worked = {service for counter in now.counters for service in counter.services}
    waits = Forecaster().waits(now)
    assert set(waits) == {ticket.id for ticket in now.standing} | set(CONFIGURED)
    for ticket in now.standing:
        assert (waits[ticket.id] is None) == (ticket.service not in worked)
    for service in CONFIGURED:
        assert (waits[service] is None) == (service not in worked)


@given(states, histories)
def test_nobody_waits_less_than_who_is_before_them_in_the_queue(now: QueueState, history: list[Fact]) -> None:
    waits = Forecaster(history).waits(now)
    for service in CONFIGURED:
        here = [ticket for ticket in now.standing if ticket.service == service and ticket.due is None]
        queue = [waits[ticket.id] for ticket in here] + [waits[service]]
        said = [(wait.likely, wait.at_most) for wait in queue if wait]
        assert [likely for likely, _ in said] == sorted(likely for likely, _ in said)
        assert [most for _, most in said] == sorted(most for _, most in said)


@given(states, services)
def test_one_more_ahead_never_makes_it_shorter_where_all_counters_work_everything(now: QueueState, more: str) -> None:
    same = replace(
        now,
        counters=[replace(counter, services=ALL) for counter in now.counters],
        standing=[replace(ticket, due=None) for ticket in now.standing],  # who is due only later may be overtaken
    )
    longer = replace(same, standing=[Standing("first", more, (-1, 0)), *same.standing])
    before, after = Forecaster().forecast(same).raw(), Forecaster().forecast(longer).raw()
    for id, raw in before.items():
        assert raw.p50 <= after[id].p50 + ROUNDING
        assert raw.p90 <= after[id].p90 + ROUNDING


@given(states, services)
def test_one_more_counter_for_everything_never_makes_the_newcomer_wait_longer(now: QueueState, service: str) -> None:
    same = replace(now, counters=[replace(counter, services=ALL) for counter in now.counters])
    more = replace(same, counters=[*same.counters, Open("new", "somebody", ALL)])
    before, after = Forecaster().waits(same)[service], Forecaster().waits(more)[service]
    assume(before is not None)
    assert before is not None
    assert after is not None
    assert after.likely <= before.likely + ROUNDING


@given(states, histories)
def test_equal_states_get_equal_answers(now: QueueState, history: list[Fact]) -> None:
    forecaster = Forecaster(history)
    first = forecaster.waits(now)
    Forecaster([Served("visas", 3.0)]).waits(state("visas"))  # whatever another branch asked in between
    assert forecaster.waits(now) == first == Forecaster(history).waits(now)


@given(states)
def test_it_does_not_matter_what_time_it_is(now: QueueState) -> None:
    def later(instant: float | None) -> float | None:
        return None if instant is None else instant + 1440

    moved = replace(
        now,
        now=now.now + 1440,
        counters=[replace(c, since=later(c.since), back_at=later(c.back_at)) for c in now.counters],
        standing=[
            replace(t, key=(t.key[0] + 1440 * MS_PER_MINUTE, t.key[1]), since=later(t.since), due=later(t.due))
            for t in now.standing
        ],
    )
    here, then = Forecaster().forecast(now).raw(), Forecaster().forecast(moved).raw()
    for id, raw in here.items():
        assert then[id] == pytest.approx(raw, abs=0.1)


def test_with_nothing_ahead_and_a_free_counter_it_is_straight_away() -> None:
    assert Forecaster().forecast(state()).raw()["passports"] == (0, 0)
    assert (Forecaster().waits(state())["passports"] or Wait(9, 9)).likely == 0


def test_work_ahead_is_shared_by_the_counters_that_do_it() -> None:
    alone = Forecaster().forecast(state(*["passports"] * 8)).raw()["passports"].p50
    shared = Forecaster().forecast(state(*["passports"] * 8, open_counters=2)).raw()["passports"].p50
    assert 8 * 8 * 0.8 < alone < 8 * 8 * 1.4
    assert 0.4 < shared / alone < 0.55


def test_who_waits_for_what_these_counters_do_not_work_costs_nothing() -> None:
    only = frozenset({"passports"})
    assert Forecaster().forecast(state("visas", "visas", works=only)).raw()["passports"] == (0, 0)


@pytest.mark.parametrize("waiting", [40, 59, 60, 61, 99, 100, 101, 102])
def test_a_long_queue_is_told_as_a_short_one_would_be(waiting: int) -> None:
    """Where the walk ends and the sum of many services takes over, nobody sees a step."""
    raw = Forecaster().forecast(state(*["passports"] * waiting, open_counters=3)).raw()
    longer = Forecaster().forecast(state(*["passports"] * (waiting + 1), open_counters=3)).raw()
    for before, after in zip(raw["passports"], longer["passports"], strict=True):
        assert abs(after - before) < 3 + 0.07 * before


def test_two_thousand_are_told_in_order_and_none_too_much() -> None:
    raw = Forecaster().forecast(state(*["passports"] * 2000, open_counters=8)).raw()
    starts = [raw[f"t{n}"].p50 for n in range(2000)]
    assert starts == sorted(starts)
    assert starts[-1] < 2000 * 9 / 8  # some will have left


def test_a_running_service_counts_for_what_is_left_of_it() -> None:
    begun = QueueState([], [Open("1", "ken", ALL, "visas", since=100.0)], CONFIGURED, now=100.0)
    waits = [Forecaster().forecast(replace(begun, now=100.0 + passed)).raw()["visas"].p50 for passed in (0, 3, 6, 10)]
    assert waits == sorted(waits, reverse=True)
    assert 9 < waits[0] < 17


def test_a_service_that_outran_everything_gives_no_false_hope() -> None:
    """The longer it has taken, the longer it will: nobody is told "any moment now" for an hour."""
    late = QueueState([], [Open("1", "ken", ALL, "visas", since=0.0)], CONFIGURED, now=300.0)
    assert Forecaster().forecast(late).raw()["visas"].p50 > 10


def test_a_known_time_of_return_is_used_and_an_unknown_one_guessed() -> None:
    away = Open("1", "ken", ALL, since=98.0, on_break=True, back_at=125.0)
    known = Forecaster().forecast(QueueState([], [away], CONFIGURED, 100.0)).raw()["passports"]
    assert known == pytest.approx((25, 25), abs=0.1)
    unknown = Forecaster().forecast(QueueState([], [replace(away, back_at=None)], CONFIGURED, 100.0)).raw()["passports"]
    assert unknown.p50 < 15 < unknown.p90
    overdue = Forecaster().forecast(QueueState([], [replace(away, back_at=99.0)], CONFIGURED, 100.0)).raw()["passports"]
    assert 0 < overdue.p50 < 5


def test_a_break_that_is_wanted_begins_after_the_current_one() -> None:
    busy = Open("1", "ken", ALL, "renewals", since=99.0)
    working, leaving = (
        Forecaster().forecast(QueueState([], [counter], CONFIGURED, 100.0)).raw()["passports"].p50
        for counter in (busy, replace(busy, break_wanted=True))
    )
    assert leaving > working + 5


def test_an_idle_counter_is_trusted_less_and_less_while_somebody_waits() -> None:
    waiting = [Standing("t", "passports", (0, 0))]
    p90 = [
        Forecaster().forecast(QueueState(waiting, [Open("1", "ken", ALL, since=100.0 - idle)], CONFIGURED, 100.0)).raw()
        for idle in (0, 2, 5, 15)
    ]
    assert p90[0]["t"].p90 <= p90[1]["t"].p90 <= p90[2]["t"].p90 <= p90[3]["t"].p90
    assert p90[3]["t"].p50 > 3


def test_somebody_called_long_ago_is_thought_to_miss_it() -> None:
    def free(elapsed: float) -> float:
        counter = Open("1", "ken", ALL, "visas", since=100.0 - elapsed, called=True, waited=20)
        return Forecaster().forecast(QueueState([], [counter], CONFIGURED, 100.0)).raw()["visas"].p50

    assert free(0) > 8
    assert free(8) < 4


def test_who_was_sent_to_one_counter_waits_for_that_one_alone() -> None:
    busy = [Open("1", "ken", ALL, "visas", since=100.0), Open("2", "lola", ALL)]
    to_one, to_lola = (
        Standing("one", "passports", (0, 0), counter="1"),
        Standing("two", "passports", (1, 0), staff="lola"),
    )
    nobody = Standing("none", "passports", (2, 0), counter="7")
    waits = Forecaster().waits(QueueState([to_one, to_lola, nobody], busy, CONFIGURED, 100.0))
    assert (waits["one"] or Wait(0, 0)).likely > 8
    assert (waits["two"] or Wait(9, 9)).likely == 0
    assert waits["none"] is None


def test_who_is_parked_and_ready_goes_first_and_is_told_nothing() -> None:
    ready = Standing("form", "visas", (5, 0), counter="1", ready=True)
    before = Forecaster().forecast(state("passports")).raw()
    line = state("passports")
    after = Forecaster().forecast(
        replace(line, counters=[replace(line.counters[0], counter="1")], standing=[*line.standing, ready])
    )
    assert "form" not in after.waits
    assert after.raw()["t0"].p50 > before["t0"].p50 + 5


def test_who_is_expected_counts_less_and_only_once_due() -> None:
    line = state("passports", "passports")
    first, second = line.standing
    here = Forecaster().forecast(line).raw()["t1"].p50
    expected = Forecaster().forecast(replace(line, standing=[replace(first, due=0.0), second])).raw()["t1"].p50
    later = Forecaster().forecast(replace(line, standing=[replace(first, due=180.0), second])).raw()["t1"].p50
    assert here >= expected > later == 0


def test_a_head_start_to_come_makes_those_wait_longer_whom_it_can_still_overtake() -> None:
    usual, hurried = Forecaster([Joined(0.0)] * 400), Forecaster([Joined(15.0), Joined(0.0)] * 200)
    fresh = state(*["passports"] * 10)  # all joined now
    assert hurried.forecast(fresh).raw()["t5"].p50 > usual.forecast(fresh).raw()["t5"].p50 + 2
    old = replace(fresh, now=20.0)
    assert hurried.forecast(old).raw()["t5"] == usual.forecast(old).raw()["t5"]


def test_who_comes_early_to_an_appointment_is_overtaken_until_then() -> None:
    line = state("passports", "passports")
    early = replace(line.standing[1], key=(30 * MS_PER_MINUTE, 1), booked=True)
    now = Forecaster().forecast(line).raw()["t1"].p50
    then = Forecaster().forecast(replace(line, standing=[line.standing[0], early])).raw()["t1"].p50
    assert then > now + 3


def test_whose_appointment_is_later_stands_behind_a_newcomer() -> None:
    line = state("passports")
    later = Standing("later", "visas", (40 * MS_PER_MINUTE, 1), booked=True, due=40.0)
    before, after = (
        Forecaster().forecast(replace(line, standing=standing)).raw()
        for standing in (line.standing, [*line.standing, later])
    )
    assert after["passports"] == before["passports"]
    assert after["later"].p50 >= 40


@settings(max_examples=30)
@given(counters)
def test_leavers_and_no_shows_make_it_shorter_for_those_behind(open_counters: list[Open]) -> None:
    queue = replace(state(*["passports"] * 30), counters=[replace(c, services=ALL) for c in open_counters])
    assume(queue.counters)
    steady = Forecaster([Came(20.0)] * 300)
    fickle = Forecaster([Left(10.0)] * 100 + [Missed(20.0, 1.0)] * 100)
    assert fickle.forecast(queue).raw()["passports"].p50 < steady.forecast(queue).raw()["passports"].p50
