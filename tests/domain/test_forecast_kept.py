"""What was learned is said as plain values, and whoever resumes it goes on as if it had never stopped."""

import json
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.forecast import FORM, UNFIT, Called, Fact, Forecaster, Foreseen, Joined, QueueState, Served
from server.domain.forecast.calibration import WINDOW
from server.domain.forecast.diary import Diary, Line, Stand
from server.domain.moves import Move, State
from tests.domain.queues import CONFIGURED, histories, lived, state, states

MINUTE = 60_000
FULL = 20_000  # facts: every window of the calibration is full
SMALL = 32_000  # bytes
AFTER = {
    Move.JOIN: State.WAITING, Move.RETURN: State.WAITING, Move.TRANSFER: State.WAITING, Move.PUT_BACK: State.WAITING,
    Move.START: State.SERVING, Move.UNPARK: State.SERVING, Move.PARK: State.PARKED, Move.MISS: State.MISSED,
    Move.FINISH: State.SERVED, Move.LEAVE: State.LEFT, Move.EXPIRE: State.EXPIRED,
}  # fmt: skip
counters = st.sampled_from(["1", "2"])
_moves = st.tuples(
    st.sampled_from(["ada", "bo", "cy"]), st.sampled_from([*AFTER, Move.CALL, Move.CHANGE_SERVICE]), counters,
    st.sampled_from(sorted(CONFIGURED)),
)  # fmt: skip
_stands = st.tuples(counters, st.one_of(st.none(), st.integers(0, 30 * MINUTE)))
diaries = st.lists(st.tuples(st.integers(0, 20 * MINUTE), st.one_of(_moves, _stands)), max_size=60)
AT_FIRST = [20, "…", 0.9874, 1.2356, 1.6823]
FORMS = {
    1: {
        "forecaster": {
            "learning": {
                "durations": {"passports": [1.997692, 1.040121, 0.239949]},
                "gap": [16.35045, 6.8905],
                "lost": [8.478018, 4.986012],
                "leaving": [1.980096, 419.143073],
                "breaks": [1.992012, 125.273447],
                "break_length": [44.928, 3.994],
                "no_shows": [[2.984052, 19.830639], [1.0, 1.0], [0.994012, 2.98204], [0.0, 0.998], [0.0, 0.0]],
                "hurried": [1.0, 25.731277],
                "head_start": [39.94, 3.994],
            },
            "calibration": {
                "joining": [[21, "…", 1.2356, 1.6823, 0.4444], AT_FIRST, AT_FIRST, AT_FIRST, AT_FIRST],
                "later": [[21, "…", 1.2356, 1.6823, -0.6957], AT_FIRST, AT_FIRST, AT_FIRST, AT_FIRST],
            },
        },
        "diary": {
            "visits": {
                "bo": ["passports", 240000, 1320000, None, 2520000, 0, 1],
                "cy": ["passports", 2160000, 2160000, None, None, 0, 1],
                "di": ["passports", 480000, 480000, 2880000, None, 0, 1],
            },
            "free": {"1": 2760000},
        },
    }
}
"""What a short history leaves, by the form it is kept in: see below."""


@given(histories, histories, states)
def test_a_forecaster_goes_on_as_if_it_had_never_stopped(
    before: list[Fact], after: list[Fact], asked: QueueState
) -> None:
    running, resumed = Forecaster(before), resumed_from(Forecaster(before))
    for fact in after:
        running.tell(fact)
        resumed.tell(fact)
    assert resumed.kept() == running.kept()
    assert resumed.forecast(asked).ranges() == running.forecast(asked).ranges()


def test_it_does_so_after_a_long_history_too() -> None:
    facts = lived(FULL)
    running = Forecaster(facts[: FULL // 2])
    resumed, asked = resumed_from(running), state(*["passports", "visas"] * 9, open_counters=2)
    for fact in facts[FULL // 2 :]:
        running.tell(fact)
        resumed.tell(fact)
    assert resumed.forecast(asked).ranges() == running.forecast(asked).ranges()


def test_the_largest_copy_is_small() -> None:
    chance, forecaster = random.Random(5), Forecaster()
    for n in range(10 * WINDOW):
        p50 = (2.0, 10.0, 22.0, 40.0)[n % 4]
        true = Foreseen(p50, p50 * 1.7, p50 * chance.lognormvariate(0.0, 0.5), joining=n % 2 == 0)
        later = Foreseen(p50, p50 * 1.7, p50 * chance.lognormvariate(0.0, 0.5), joining=n % 2 == 1)
        forecaster.tell(Called(p50, n % 5 == 0, (true, later)))
    assert all(len(window) == WINDOW for kind in forecaster.kept()["calibration"].values() for window in kind)
    assert len(as_text(forecaster.kept())) < SMALL


def test_it_may_be_asked_before_and_after_it_resumes() -> None:
    """What was worked out for the answer before is not kept for the one after."""
    asked, taught, new = state("passports", "visas"), Forecaster(lived(200)), Forecaster()
    new.waits(asked)
    new.resume(json.loads(as_text(taught.kept())))
    assert new.forecast(asked).ranges() == taught.forecast(asked).ranges()


@given(diaries, st.integers(0, 60))
def test_a_diary_is_read_on_as_if_it_had_never_been_closed(told: list[Any], cut: int) -> None:
    happened = list(as_happened(told))
    running, closed = Diary(), Diary()
    facts = list(running.read(happened, {}))
    again = [*closed.read(happened[:cut], {})]
    resumed = Diary()
    resumed.resume(json.loads(as_text(closed.kept())))
    assert [*again, *resumed.read(happened[cut:], {})] == facts
    assert resumed.kept() == running.kept()


def test_a_service_that_is_new_or_gone_disturbs_nothing() -> None:
    taught = resumed_from(Forecaster([Served("gone", 9.0), *lived(50)]))
    assert taught.waits(QueueState([], [], {"new": 5.0})).keys() == {"new"}


def test_what_another_form_leaves_has_another_number() -> None:
    """Its shape, its meaning or what is believed at first has changed: raise FORM, and put what it leaves beside it.

    A copy of another form is read by nobody; one that only looks the same would be believed.
    """
    short = [*told_of_every_kind()]
    forecaster, diary = Forecaster(), Diary()
    for fact in diary.read(short, {}):
        forecaster.tell(fact)
    forecaster.tell(Joined(10.0))
    forecaster.tell(Called(6.0, True, (Foreseen(5.0, 9.0, 7.0, joining=True), Foreseen(20.0, 31.0, 12.0))))
    assert coarse({"forecaster": forecaster.kept(), "diary": diary.kept()}) == FORMS[FORM]


def test_what_is_of_another_shape_is_refused() -> None:
    forecaster, diary = Forecaster(lived(300)), Diary()
    list(diary.read(list(told_of_every_kind())[:6], {}))
    for new, whole in ((Forecaster, forecaster.kept()), (Diary, diary.kept())):
        spoilt = [*spoilings(json.loads(as_text(whole)))]
        assert len(spoilt) > 5
        for text in spoilt:
            with pytest.raises(UNFIT):
                new().resume(json.loads(text))


@pytest.mark.parametrize("number", [math.nan, math.inf, 10**400, True, "1", None, [1]])
def test_what_is_no_number_is_none(number: Any) -> None:
    kept = Forecaster().kept()
    kept["learning"]["gap"] = [number, 1.0]
    with pytest.raises(UNFIT):
        Forecaster().resume(kept)


def resumed_from(forecaster: Forecaster) -> Forecaster:
    """A new one, by way of the text that is stored."""
    new = Forecaster()
    new.resume(json.loads(as_text(forecaster.kept())))
    return new


def as_text(kept: Any) -> str:
    return json.dumps(kept, separators=(",", ":"))


def as_happened(told: list[Any]) -> Iterator[Line | Stand]:
    at = 0
    for version, (passed, each) in enumerate(told, 1):
        at += passed
        if len(each) == 2:
            yield Stand(each[0], at, each[1])
        else:
            ticket, move, counter, service = each
            yield Line(ticket, version, move, AFTER.get(move, State.CALLED), at, counter, service)


def told_of_every_kind() -> Iterator[Line | Stand]:
    """Ada is served; Bo misses and comes again; Cy is parked, sent on and missed; a break; Ed leaves; Di is called."""
    moves = [
        ("ada", Move.JOIN), ("bo", Move.JOIN), ("cy", Move.JOIN), ("di", Move.JOIN), ("ed", Move.JOIN),
        ("ada", Move.CALL), ("ada", Move.START), ("ada", Move.FINISH), ("bo", Move.CALL), ("bo", Move.MISS),
        ("bo", Move.RETURN), ("cy", Move.CALL), ("cy", Move.START), ("cy", Move.PARK), None, ("cy", Move.CALL),
        ("cy", Move.START), ("cy", Move.TRANSFER), ("ed", Move.LEAVE), ("bo", Move.CALL), ("bo", Move.START),
        ("cy", Move.CALL), ("cy", Move.MISS), ("di", Move.CALL),
    ]  # fmt: skip
    yield from as_happened([(2 * MINUTE, (*move, "1", "passports") if move else ("1", 9 * MINUTE)) for move in moves])


def coarse(kept: Any) -> Any:
    """As far as every machine's logarithm agrees; of many numbers alike, the last ones."""
    match kept:
        case dict():
            return {name: coarse(each) for name, each in kept.items()}
        case list():
            return [len(kept), "…", *map(coarse, kept[-3:])] if len(kept) > 9 else [*map(coarse, kept)]
        case float():
            return round(kept, 6)
    return kept


def spoilings(whole: Any) -> Iterator[str]:
    """The whole with one thing in it left out, or made something else; of many alike the first two."""

    other: tuple[Any, ...] = ({"?": []}, [[]])

    def within(part: Any) -> Iterator[None]:
        keys = list(part) if isinstance(part, dict) else list(range(min(len(part), 8)))
        for key in keys[:9]:
            was = part[key]
            for bad in other:
                part[key] = bad
                yield
            part[key] = was
            if isinstance(was, (dict, list)):
                yield from within(was)

    for _ in within(whole):
        yield as_text(whole)
    yield from ("null", "[]", "7", '"learned"', "{}")
