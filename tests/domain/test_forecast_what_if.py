"""One more counter: what it would change, from the same replay."""

from dataclasses import replace

from hypothesis import given

from server.domain.forecast import Forecaster, QueueState, with_one_more
from tests.domain.queues import ALL, state, states

ROUNDING = 1  # minutes


def test_a_second_counter_brings_a_wait_to_about_half() -> None:
    forecast = Forecaster().forecast(state(*["passports"] * 6))
    (found,) = with_one_more(forecast, {"2": ALL})
    assert (found.service, found.counter, found.now) == ("passports", "2", forecast.waits["passports"])
    assert found.now is not None
    assert 0.3 < found.then.likely / found.now.likely < 0.7


def test_it_is_what_will_be_said_once_that_counter_is_open() -> None:
    line = ["passports", "visas"] * 4
    (passports, _) = with_one_more(Forecaster().forecast(state(*line)), {"1": ALL})
    assert passports.then == Forecaster().waits(state(*line, open_counters=2))["passports"]


def test_the_closed_counter_that_helps_most_is_named() -> None:
    line = state(*["passports"] * 6, *["visas"] * 6)
    found = with_one_more(Forecaster().forecast(line), {"3": frozenset({"visas"}), "2": ALL})
    assert [(row.service, row.counter) for row in found] == [("passports", "2"), ("visas", "3")]


def test_where_no_closed_counter_works_a_service_any_more_is_spoken_of() -> None:
    (found,) = with_one_more(Forecaster().forecast(state(*["passports"] * 6)), {"3": frozenset({"visas"})})
    assert found.counter is None
    assert found.now is not None
    assert found.then.likely < found.now.likely


def test_where_nobody_serves_there_is_only_a_then() -> None:
    (found,) = with_one_more(Forecaster().forecast(state("passports", "passports", open_counters=0)), {})
    assert found.now is None
    assert found.then.likely > 5


def test_nothing_is_said_of_what_nobody_waits_for() -> None:
    assert with_one_more(Forecaster().forecast(state()), {"2": ALL}) == []


@given(states)
def test_one_more_for_everything_makes_no_wait_longer(now: QueueState) -> None:
    same = replace(now, counters=[replace(counter, services=ALL) for counter in now.counters])
    for found in with_one_more(Forecaster().forecast(same), {"new": ALL}):
        assert found.now is None or found.then.likely <= found.now.likely + max(ROUNDING, found.now.likely // 6)
