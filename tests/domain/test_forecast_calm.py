"""What is told is calm: it follows what is known, and rises by much only for a reason that a page can name."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.forecast import Calm, Closed, Forecast, Forecaster, Open, QueueState, Reason, Standing, Told
from server.domain.forecast.calm import HALF_LIFE, RISE
from server.domain.ordering import MS_PER_MINUTE
from tests.domain.queues import ALL, CONFIGURED, states

SHORT, LONG = 4, 12  # people before the one we look at
BO = "bo"


def test_the_first_time_what_is_known_is_told() -> None:
    forecast = foreseen(ahead=LONG)
    assert Calm().tell(forecast).waits[BO] == forecast.waits[BO]


def test_who_was_told_nothing_while_nobody_served_is_told_once_somebody_does() -> None:
    calm = Calm()
    assert calm.tell(foreseen(ahead=SHORT, counters=0)).waits[BO] is None
    assert calm.tell(foreseen(ahead=SHORT, now=0.5)).waits[BO] == foreseen(ahead=SHORT, now=0.5).waits[BO]
    assert calm.tell(foreseen(ahead=SHORT, counters=0, now=1.0)).waits[BO] is None


def test_it_follows_half_way_in_two_minutes_however_often_it_is_drawn() -> None:
    once, often = Calm(), Calm()
    for calm in (once, often):
        calm.tell(foreseen(ahead=LONG))
    for n in range(1, 9):
        often.tell(foreseen(ahead=SHORT, now=n * HALF_LIFE / 8))
    after = once.tell(foreseen(ahead=SHORT, now=HALF_LIFE)).waits[BO]
    assert after == often.tell(foreseen(ahead=SHORT, now=HALF_LIFE)).waits[BO]
    assert after is not None
    assert known(ahead=SHORT) + 10 < after.likely < known(ahead=LONG) - 10


def test_who_is_next_in_line_is_told_what_is_known() -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=LONG))
    now = foreseen(ahead=0, now=0.1)
    assert calm.tell(now).waits[BO] == now.waits[BO]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=6), st.floats(0.1, 3.0))
def test_without_a_reason_nothing_rises_by_more_than_five_minutes(lengths: Sequence[int], passed: float) -> None:
    """Within two minutes, as it is told raw; rounding for show comes after it."""
    calm, told = Calm(), list[float]()
    for n, length in enumerate(lengths):
        assert calm.tell(foreseen(ahead=length, now=n * passed)).why == {}
        told.append(float(calm._told[-1, 1]) - n * passed)
    rises = [after - before for before, after in pairwise(told)]
    assert max(rises) <= RISE * min(passed / HALF_LIFE, 1) + 1e-3


@pytest.mark.parametrize("reason", Reason)
def test_a_rise_with_a_reason_is_told_at_once_and_named(reason: Reason) -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=SHORT, counters=2))
    after = because(reason)
    told = calm.tell(after)
    assert told.waits[BO] == after.waits[BO]
    assert told.why[BO] is reason


def test_a_reason_is_named_for_five_minutes() -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=SHORT, counters=2))
    calm.tell(because(Reason.CLOSED))
    assert calm.tell(foreseen(ahead=SHORT, now=5.0)).why[BO] is Reason.CLOSED
    assert calm.tell(foreseen(ahead=SHORT, now=6.1)).why == {}


def test_where_nothing_rises_no_reason_is_named() -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=LONG))
    closed = replace(foreseen(ahead=SHORT, now=1.0).state, closed=[Closed(0.9, ALL)])
    assert calm.tell(Forecaster().forecast(closed)).why == {}


def test_a_counter_that_never_served_it_is_no_reason() -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=SHORT))
    other = replace(foreseen(ahead=LONG, now=1.0).state, closed=[Closed(0.9, frozenset({"visas"}))])
    assert calm.tell(Forecaster().forecast(other)).why == {}


def test_who_chose_another_place_is_told_of_that_place() -> None:
    """Who asked for more time, or was sent to another service, does not wait for what was said before."""
    calm = Calm()
    calm.tell(foreseen(ahead=SHORT))
    state = foreseen(ahead=LONG, now=0.1).state
    moved = replace(state.standing[-1], key=(state.standing[-1].key[0], 99))
    now = Forecaster().forecast(replace(state, standing=[*state.standing[:-1], moved]))
    assert calm.tell(now).waits[BO] == now.waits[BO]


def test_a_clock_set_back_begins_anew() -> None:
    calm = Calm()
    calm.tell(foreseen(ahead=LONG, now=60.0))
    now = foreseen(ahead=SHORT, now=0.0)
    assert calm.tell(now).waits[BO] == now.waits[BO]


def test_a_restart_goes_on_from_what_was_told_last() -> None:
    """Told at minute 2, drawn again at 3: the same as by who went on, but for the rounding of what was stored."""
    running = Calm()
    running.tell(foreseen(ahead=SHORT, counters=4))
    stored = running.tell(foreseen(ahead=LONG, now=2.0, counters=4)).waits[BO]
    assert stored is not None
    then = foreseen(ahead=LONG, now=3.0, counters=4)
    after = Calm().tell(then, {BO: Told(2.0, 2.0 + stored.likely, 2.0 + stored.at_most)}).waits[BO]
    told = running.tell(then).waits[BO]
    assert after is not None
    assert told is not None
    assert abs(after.likely - told.likely) <= 1 < (then.waits[BO] or after).likely - told.likely
    assert abs(after.at_most - told.at_most) <= 1


@given(states)
def test_everybody_in_the_queue_is_told_what_is_known_and_nobody_else(now: QueueState) -> None:
    forecast, calm = Forecaster().forecast(now), Calm()
    for _ in range(2):
        told = calm.tell(forecast)
        assert told.waits == {ticket.id: forecast.waits[ticket.id] for ticket in now.standing}


def foreseen(ahead: int, now: float = 0.0, counters: int = 1, free: float = 0.0) -> Forecast:
    """Bo waits for a passport behind so many others, all of whom joined long ago."""
    line = [Standing(f"guest {n}", "passports", (n, n), since=-60.0) for n in range(ahead)]
    bo = Standing(BO, "passports", (60 * MS_PER_MINUTE, 60), since=-50.0)
    working = [Open(str(n), "ken", ALL, since=now - free) for n in range(counters)]
    return Forecaster().forecast(QueueState([*line, bo], working, CONFIGURED, now))


def known(ahead: int) -> int:
    wait = foreseen(ahead).waits[BO]
    assert wait is not None
    return wait.likely


def because(reason: Reason) -> Forecast:
    """A minute later Bo waits longer, for that reason."""
    state = foreseen(ahead=SHORT, counters=2, now=1.0).state
    first, second = state.counters
    line = state.standing
    hurried = [
        Standing(f"hurried {n}", "passports", (n, 61 + n), since=0.5, head_start=60.0) for n in range(LONG)
    ]  # fmt: skip
    busy = replace(first, serving="passports", since=-120.0, ticket="slow")
    changed = {
        Reason.CLOSED: replace(state, counters=[first], closed=[Closed(0.5, ALL)]),
        Reason.BREAK: replace(state, counters=[first, replace(second, on_break=True, since=0.5, back_at=90.0)]),
        Reason.PRIORITY: replace(state, standing=sorted([*line, *hurried], key=lambda ticket: ticket.key)),
        Reason.SLOW: replace(state, counters=[busy, replace(busy, counter="1", ticket="slower")]),
    }
    return Forecaster().forecast(changed[reason])
