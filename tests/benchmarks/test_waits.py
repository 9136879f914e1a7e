"""The judgement of the honest wait: a seed is always the same day, and a bad forecast is seen to be one."""

from functools import cache
from statistics import mean

from benchmarks.waits.branches import branch
from benchmarks.waits.day import Day
from benchmarks.waits.judge import SIMPLE, Judge, Sample


def test_the_same_seed_is_the_same_day_and_the_same_forecasts() -> None:
    assert judged("bank", 5) == judged.__wrapped__("bank", 5)


def test_everybody_judged_was_called_and_told_a_range() -> None:
    samples = judged("clinic", 5)
    assert len(samples) > 100
    for sample in samples:
        assert sample.actual >= 0
        assert 0 <= sample.likely <= sample.at_most


def test_a_formula_that_knows_less_is_seen_to_err_more() -> None:
    samples = [sample for kind in ("bank", "clinic") for sample in judged(kind, 5)]
    last_ten = SIMPLE.index("last ten waits")
    ours = mean(abs(s.likely - s.actual) for s in samples)
    assert ours < mean(abs(s.simple[last_ten] - s.actual) for s in samples)


@cache
def judged(kind: str, seed: int) -> list[Sample]:
    judge = Judge()
    Day(branch(kind, seed), 0, judge, "test").run()
    return judge.samples
