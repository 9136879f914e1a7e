"""What the forecast learns, and that a restart forgets nothing of it."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from server.domain.forecast import (
    LEARN_FROM,
    Break,
    Called,
    Came,
    Fact,
    Forecaster,
    Foreseen,
    Gap,
    Joined,
    Left,
    Missed,
    Served,
    Worked,
    calibration,
)
from server.domain.forecast.calibration import AT_MOST, Calibration
from server.domain.forecast.display import COARSE_FROM
from server.domain.forecast.durations import Durations
from server.domain.forecast.learning import Learning
from tests.domain.queues import CONFIGURED, lived, state

P50, P90 = np.array([10.0], np.float32), np.array([11.0], np.float32)
ORDINARY, LONG = np.array([False]), np.array([9.0], np.float32)
ROUNDING, COARSE = 0.5, 2.5  # minutes: what is told is whole, and from 30 on in steps of five
QUEUE = state(*["passports", "renewals", "visas"] * 5, open_counters=2)


@pytest.mark.parametrize(("took", "moves"), [(20.0, 1), (2.0, -1)])
def test_what_is_seen_moves_what_is_believed_from_what_was_configured(took: float, moves: int) -> None:
    learning, means = Durations(), []
    for _ in range(400):
        means.append(learning.of(CONFIGURED)["passports"].mean)
        learning.served("passports", took)
    assert all((later - sooner) * moves >= -0.05 for sooner, later in pairwise(means[5:]))
    assert means[0] == pytest.approx(CONFIGURED["passports"], rel=0.1)
    assert means[-1] == pytest.approx(took, rel=0.06)


def test_what_one_service_shows_of_wrong_configuring_is_believed_of_the_others() -> None:
    learning = Durations()
    for _ in range(60):
        learning.served("passports", 2 * CONFIGURED["passports"])
    assert 1.4 < learning.of(CONFIGURED)["visas"].mean / CONFIGURED["visas"] < 2.6
    for _ in range(200):
        learning.served("visas", CONFIGURED["visas"])  # until it has shown its own
    assert learning.of(CONFIGURED)["visas"].mean == pytest.approx(CONFIGURED["visas"], rel=0.1)


def test_the_newest_services_count_most() -> None:
    slower, faster = Durations(), Durations()
    for took in [5.0] * 200 + [15.0] * 200:
        slower.served("passports", took)
    for took in [15.0] * 200 + [5.0] * 200:
        faster.served("passports", took)
    assert slower.of(CONFIGURED)["passports"].mean > faster.of(CONFIGURED)["passports"].mean


def test_a_steady_service_is_told_more_narrowly_than_a_moody_one() -> None:
    steady = Forecaster(Served("passports", 8.0) for _ in range(200))
    moody = Forecaster(Served("passports", minutes) for minutes in [2.0, 20.0] * 100)
    widths = [raw.p90 - raw.p50 for raw in (f.forecast(QUEUE).raw()["passports"] for f in (steady, moody))]
    assert widths[0] < widths[1]


def test_the_other_facts_are_learned_too() -> None:
    learning = Learning()
    before = learning.rates(CONFIGURED)
    told: list[Fact] = [Gap(3.0), Missed(30.0, 4.0), Left(5.0), Break(30.0), Joined(20.0)]
    for fact in told * 100:
        learning.tell(fact)
    after = learning.rates(CONFIGURED)
    assert after.gap == pytest.approx(3.0, rel=0.05)
    assert after.lost > before.lost
    assert after.leaving > before.leaving
    assert after.breaks > before.breaks
    assert after.break_length == pytest.approx(30, rel=0.1)
    assert after.head_start == pytest.approx(20, rel=0.1)
    assert after.hurried > 0.8


def test_who_waited_longer_is_thought_likelier_to_be_gone_where_it_was_so() -> None:
    learning = Learning()
    for _ in range(100):
        learning.tell(Came(5.0))
        learning.tell(Missed(60.0, 1.0))
    short, *_, long = learning.rates(CONFIGURED).no_shows
    assert short < 0.15 < 0.7 < long


def test_what_came_true_widens_and_shifts_what_is_told() -> None:
    def told(*true: float) -> tuple[float, float]:
        said = [Called(10.0, foreseen=(Foreseen(10.0, 15.0, minutes, joining=True),)) for minutes in true]
        return Forecaster(said * 100).forecast(state(*["passports"] * 2)).ranges()["passports"]

    right, late, wild = told(6, 8, 10, 12, 15), told(16, 18, 20, 22, 25), told(0, 3, 10, 25, 40)
    assert late[0] > right[0] + 3
    assert wild[1] > right[1] + 3


def test_what_is_promised_is_kept_once_it_has_seen_how_wrong_it_was() -> None:
    """The control of the calibration: residuals far from normal, and the promise holds all the same."""
    chance, learning = random.Random(3), Calibration()
    kept: list[bool] = []
    for n in range(2000):
        actual = 10 * chance.expovariate(1)
        (_, at_most) = learning.corrections().corrected(P50, P90, ORDINARY, LONG)
        kept += [actual <= float(at_most[0])] if n > 400 else []
        learning.called(Called(actual, foreseen=(Foreseen(10.0, 11.0, actual),)))
    assert sum(kept) / len(kept) == pytest.approx(AT_MOST, abs=0.02)


def test_a_restart_changes_no_wait_by_more_than_rounding() -> None:
    """It reads the newest facts of each kind again."""
    before = lived(40_000)
    newest: list[Fact] = []
    count: Counter[object] = Counter()
    for fact in reversed(before):
        kind = _kind(fact)
        count[kind] += 1
        if count[kind] <= LEARN_FROM:
            newest.append(fact)
    assert len(newest) < len(before)
    running, restarted = Forecaster(before).forecast(QUEUE), Forecaster(reversed(newest)).forecast(QUEUE)
    for id in running.waits:
        for was, is_now in zip(running.ranges()[id], restarted.ranges()[id], strict=True):
            assert is_now == pytest.approx(was, abs=ROUNDING if was < COARSE_FROM else COARSE)


def test_a_restart_that_forgot_would_be_noticed() -> None:
    was, is_now = Forecaster(lived(40_000)).forecast(QUEUE), Forecaster(lived(40_000)[-20:]).forecast(QUEUE)
    assert is_now.ranges()["passports"] != pytest.approx(was.ranges()["passports"], abs=ROUNDING)


def _kind(fact: Fact) -> object:
    if isinstance(fact, Called):
        (told,) = fact.foreseen
        return told.joining, calibration.kind(told.p50, fact.ahead_of_order)
    if isinstance(fact, Served):
        return fact.service
    return next((both for both in ((Came, Missed), (Worked, Break)) if isinstance(fact, both)), type(fact))
