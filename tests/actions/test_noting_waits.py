"""A sample of the shown waits is kept, and judged by the first call, unless the holder chose to wait otherwise."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from server.actions import joining, serving, undoing
from server.actions.noting import AT_MOST_NOTED, KEPT, Shown, let_go, note, spread
from server.domain.forecast import Promise
from server.domain.honesty import JUDGED_FOR, TURN, Record, ShownWait, Tally
from server.domain.people import Actor
from server.jobs import note_waits
from server.live.board import Boards
from server.queries import honesty
from tests.world import World

PROMISE = Promise(5, 10)  # minutes


async def test_what_waits_is_noted_once_in_a_turn_and_what_is_called_is_not(world: World) -> None:
    await world.ken.takes("1")
    await world.queue("Ada", "Bo", "Guest")
    await world.ken.calls_next()
    assert await _noted(world) == 0
    await _notes(world)
    await _notes(world)
    assert await _noted(world) == 2
    world.clock.now += TURN
    await _notes(world)
    assert await _noted(world) == 4


async def test_of_two_processes_that_come_at_once_one_notes(world: World) -> None:
    await world.ada.joins()
    shown = [Shown(world.ada.ticket, "new-passport", 5, 10)]
    assert sorted(await asyncio.gather(*(_note(world, shown) for _ in range(3)))) == [0, 0, 1]


async def test_a_note_is_no_move_of_the_branch(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins()
    before = (await world.branch_row()).version
    await _notes(world)
    assert (await world.branch_row()).version == before
    assert await _noted(world) == 1


async def test_where_nobody_is_told_a_wait_nothing_is_noted(world: World) -> None:
    await world.ada.joins()
    await _notes(world)
    assert await _noted(world) == 0


def test_of_a_long_queue_some_are_noted_from_its_whole_length() -> None:
    shown = [Shown(str(n), "new-passport", n, n) for n in range(2 * AT_MOST_NOTED + 1)]
    some = spread(shown)
    assert len(some) <= AT_MOST_NOTED
    assert {some[0].ticket_id, some[-1].ticket_id} == {"0", "399"}
    assert spread(shown[:AT_MOST_NOTED]) == shown[:AT_MOST_NOTED]


@pytest.mark.parametrize(("minutes", "kept", "early"), [(5, 1, 1), (10, 1, 0), (10.01, 0, 0)])
async def test_a_wait_is_kept_when_the_call_comes_within_at_most(
    world: World, minutes: float, kept: int, early: int
) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    world.clock.forward(minutes=minutes)
    await world.ken.calls_next()
    whole = (await _record(world)).whole
    assert (whole.judged, whole.kept, whole.early) == (1, kept, early)
    assert whole.mean_error == pytest.approx(minutes - 5, abs=0.001)


async def test_at_most_0_is_shown_as_1_minute_and_judged_as_that(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=Promise(0, 0))
    world.clock.forward(seconds=60)
    await world.ken.calls_next()
    assert (await _record(world)).whole.kept == 1


async def test_samples_are_judged_from_their_own_moment(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    world.clock.forward(minutes=8)
    assert await _note(world, [Shown(world.ada.ticket, "new-passport", 1, 3)]) == 1
    world.clock.forward(minutes=4)
    await world.ken.calls_next()
    record = await _record(world)
    assert (record.joining, record.later) == (Tally(1, 0, 0, 7.0), Tally(1, 0, 0, 3.0))


async def test_it_counts_by_service_hour_and_length(world: World) -> None:
    """Noon in London's winter is 13:00 in Lagos."""
    await world.ken.takes("1")
    await world.ada.joins(promised=Promise(4, 9))
    await world.bo.joins("renewals", promised=Promise(15, 20))
    world.clock.forward(minutes=5)
    for _ in range(2):
        called = await world.ken.calls_next()
        assert called is not None
        await world.ken.does(serving.miss, called["ticket"])
    record = await _record(world)
    assert {id: tally.judged for id, tally in record.services.items()} == {"new-passport": 1, "renewals": 1}
    assert {hour: tally.judged for hour, tally in record.hours.items()} == {13: 2}
    assert {length: tally.judged for length, tally in record.lengths.items()} == {0: 1, 2: 1}


@pytest.mark.parametrize(
    "choice",
    [
        [joining.step_away, joining.come_back],
        [joining.postpone],
        [partial(joining.change_service, service="renewals")],
        [joining.leave],
    ],
    ids=["away", "more time", "another service", "left"],
)
async def test_who_chose_to_wait_otherwise_is_not_judged(world: World, choice: list[Callable[..., Any]]) -> None:
    await world.ada.joins(promised=PROMISE)
    await _note(world, [Shown(world.ada.ticket, "new-passport", 5, 10)])
    await world.bo.joins()
    for action in choice:
        await world.ada.does(action)
    assert not await world.ask(honesty.to_be_judged, [world.ada.ticket])
    await _call_all(world)
    assert (await _record(world)).whole.judged == 0


@pytest.mark.parametrize(("waited", "judged"), [(9, 0), (11, 2)])
async def test_who_leaves_after_at_most_had_run_out_counts_as_not_kept(
    world: World, waited: float, judged: int
) -> None:
    """Told ten minutes at most, at joining and once more."""
    await world.ada.joins(promised=PROMISE)
    await _note(world, [Shown(world.ada.ticket, "new-passport", 5, 10)])
    world.clock.forward(minutes=waited)
    await world.ada.does(joining.leave)
    whole = (await _record(world)).whole
    assert (whole.judged, whole.kept) == (judged, 0)


async def test_who_leaves_after_the_call_is_judged_by_the_call(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    await world.ken.calls_next()
    world.clock.forward(minutes=30)
    await world.ada.does(joining.leave)
    whole = (await _record(world)).whole
    assert (whole.judged, whole.kept) == (1, 1)


async def test_who_arrives_from_afar_is_not_judged(world: World) -> None:
    await world.changes(remote_joining="expected")
    wish = joining.Joining("afar", "new-passport", "phone", "en", visitor="far", promised=PROMISE)
    by = Actor("customer", "far")
    await world.act(joining.join, by=by, joining=wish, presence=world.presence)
    arrive = partial(joining.arrive, proof=None, presence=world.presence, here=True)
    await world.ken.does(arrive, "afar")
    await _call_all(world)
    assert (await _record(world)).whole.judged == 0


async def test_stepping_away_that_was_undone_never_was(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    await world.ada.does(joining.step_away)
    await world.ada.does(undoing.undo)
    await world.ken.calls_next()
    assert (await _record(world)).whole.judged == 1


async def test_a_call_taken_back_is_not_the_call(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    await world.ken.calls_next()
    await world.ken.undoes(world.ada.ticket)
    world.clock.forward(minutes=11)
    await world.ken.calls_next()
    assert (await _record(world)).whole == Tally(1, 0, 0, 6.0)


async def test_what_comes_after_the_first_call_changes_no_judgement(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    await world.ken.calls_next()
    await world.ken.does(serving.put_back, world.ada.ticket)
    assert await _note(world, [Shown(world.ada.ticket, "new-passport", 0, 1)]) == 0
    world.clock.forward(minutes=30)
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.transfer, world.ada.ticket, service="renewals")
    record = await _record(world)
    assert record.whole == Tally(1, 1, 1, 5.0)
    assert record.services == {}  # what it had come for is not told by its row any more


async def test_after_30_days_it_is_counted_no_more_and_after_60_it_is_gone(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    await _note(world, [Shown(world.ada.ticket, "new-passport", 5, 10)])
    await world.ken.calls_next()
    world.clock.now += JUDGED_FOR
    assert (await _record(world)).whole.judged == 2
    world.clock.forward(seconds=1)
    assert (await _record(world)).whole.judged == 0
    assert await _lets_go(world) == 0
    world.clock.now += KEPT - JUDGED_FOR + TURN
    assert await _lets_go(world) == 1
    assert await _noted(world) == 0


async def test_a_record_that_forgot_a_broken_wait_would_be_noticed(world: World) -> None:
    """Positive control: the same history, once with the late call and once without."""
    await world.ken.takes("1")
    await world.ada.joins(promised=PROMISE)
    world.clock.forward(minutes=11)
    await world.ken.calls_next()
    whole = (await _record(world)).whole
    assert whole != replace(whole, kept=whole.judged)


async def _notes(world: World) -> None:
    await note_waits(world.db, Boards(world.db.ask, world.db.now))


async def _note(world: World, shown: list[Shown]) -> int:
    at = world.clock()
    noting = partial(note, branch_id=world.branch, at=at, version=1, shown=shown)
    return int(await world.db.act(None, None, noting))


async def _lets_go(world: World) -> int:
    return int(await world.db.act(None, None, partial(let_go, branch_id=world.branch)))


async def _noted(world: World) -> int:
    return int(await world.ask(lambda session: session.scalar(select(func.count()).select_from(ShownWait))))


async def _record(world: World) -> Record:
    found: Record = await world.ask(honesty.record_of, world.branch, world.clock())
    return found


async def _call_all(world: World) -> None:
    await world.ken.takes("1")
    world.clock.now += timedelta(minutes=1)
    while called := await world.ken.calls_next():
        await world.ken.does(serving.miss, called["ticket"])
