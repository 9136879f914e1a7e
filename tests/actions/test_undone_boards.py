"""Whatever can be undone leaves the whole branch as it was: places, counters, queues, waits and each agent's day."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from server.actions import joining, serving, standing_in
from server.domain.forecast import Forecast
from server.domain.moves import UNDOABLE
from server.live.board import Board
from server.live.views import BoardView
from tests.actions.test_undoing import MOVES, Doing, _called, _serving
from tests.world import Customer, World


async def _waiting(world: World) -> Customer:
    ada, _ = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    return ada


async def _parked(world: World) -> Customer:
    ada = await _serving(world)
    await world.ken.does(serving.park, ada.ticket)
    return ada


async def _away(world: World) -> Customer:
    ada = await _waiting(world)
    await ada.does(joining.step_away)
    return ada


ALL: dict[str, tuple[Callable[[World], Awaitable[Customer]], Doing]] = MOVES | {
    "call": (_waiting, lambda w, a: w.ken.calls_next()),
    "unpark": (_parked, lambda w, a: w.ken.does(serving.unpark, a.ticket)),
    "leave": (_called, lambda w, a: a.does(joining.leave)),
    "step away": (_waiting, lambda w, a: a.does(joining.step_away)),
    "come back": (_away, lambda w, a: a.does(joining.come_back)),
}


def test_every_move_that_can_be_undone_is_tried() -> None:
    assert {str(move) for move in UNDOABLE} == ALL.keys()


@pytest.mark.parametrize("move", sorted(ALL))
async def test_undo_restores_the_place_and_the_whole_board(world: World, move: str) -> None:
    reach, do = ALL[move]
    ada = await reach(world)
    board = Board(world.branch)
    before = await _seen(world, board)
    await do(world, ada)
    assert await _seen(world, board) != before
    await world.mira.undoes(ada.ticket)
    assert await _seen(world, board) == before
    assert await _seen(world, Board(world.branch)) == before


async def _served_and_waiting(world: World) -> tuple[Customer, Customer]:
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(ada.ticket)
    world.clock.forward(seconds=5)
    return ada, bo


async def _offered(world: World, board: Board, label: str = "1") -> tuple[str, str] | None:
    """What the counter's agent may take back: the move, and whose."""
    view: BoardView = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    counter = view.counter(world.counters[label])
    assert counter is not None
    return (counter.undo.move, counter.undo.number) if counter.undo else None


async def _removed(world: World, bo: Customer) -> None:
    await world.ken.does(serving.remove, bo.ticket, reason="by a slip")


async def _removed_by_hand_after_a_miss(world: World, bo: Customer) -> None:
    await world.lola.takes("2")
    await world.lola.calls_next()
    await world.lola.does(serving.miss, bo.ticket)
    await _removed(world, bo)


async def _back_from_outside(world: World, bo: Customer) -> None:
    await bo.does(joining.step_away)
    await world.ken.does(joining.come_back, bo.ticket)


@pytest.mark.parametrize(
    ("does", "move"),
    [(_removed, "remove"), (_removed_by_hand_after_a_miss, "remove"), (_back_from_outside, "come back")],
)
async def test_the_newest_move_is_the_one_to_take_back_also_when_it_was_made_at_no_counter_of_mine(
    world: World, does: Callable[[World, Customer], Awaitable[None]], move: str
) -> None:
    ada, bo = await _served_and_waiting(world)
    kept = Board(world.branch)
    assert await _offered(world, kept) == ("finish", ada.number)
    await does(world, bo)
    for board in (kept, Board(world.branch)):
        assert await _offered(world, board) == (move, bo.number)
    await world.ken.undoes(bo.ticket)
    assert ((await ada.is_()).state, (await bo.is_()).closed_at) == ("served", None)
    for board in (kept, Board(world.branch)):
        assert await _offered(world, board) == ("finish", ada.number)


async def test_a_call_after_a_removal_is_taken_back_before_it(world: World) -> None:
    _, bo = await _served_and_waiting(world)
    (chidi,) = await world.queue("Chidi")
    await _removed(world, bo)
    await world.ken.calls_next()
    assert await _offered(world, Board(world.branch)) == ("call", chidi.number)
    await world.ken.undoes(chidi.ticket)
    assert await _offered(world, Board(world.branch)) == ("remove", bo.number)


async def test_what_leads_back_to_a_duty_that_is_over_is_not_offered(world: World) -> None:
    _, bo = await _served_and_waiting(world)
    await world.ken.takes("2")
    assert await _offered(world, Board(world.branch), "2") is None
    await _removed(world, bo)
    assert await _offered(world, Board(world.branch), "2") == ("remove", bo.number)


async def test_what_was_done_for_another_counter_is_offered_until_somebody_else_is_there(world: World) -> None:
    (ada, _) = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.mira.takes("2")
    await world.ken.calls_next()
    await world.act(standing_in.act_for, by=world.mira.actor, counter_id=world.ken.counter, move="miss", reason="away")
    assert await _offered(world, Board(world.branch), "2") == ("miss", ada.number)
    await world.ken.calls_next()
    assert await _offered(world, Board(world.branch), "2") is None


async def _seen(world: World, board: Board) -> dict[str, Any]:
    """Everything that people see, without the versions that only go on and what could be undone next.

    Of waits what is known: what is told follows it calmly, and has a memory of its own (tests/domain).
    """
    view: BoardView = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    return {
        "tickets": [(t.number, t.state, t.key, t.ahead, t.counter, t.service) for t in view.tickets],
        "waits": {id: (round(raw.p50, 1), round(raw.p90, 1)) for id, raw in _forecast(view).raw().items()},
        "counters": [(c.current, c.duty and (c.duty.services, c.duty.on_break)) for c in view.counters],
        "queues": [(s.waiting, s.wait, s.now_serving) for s in view.services],
        "days": dict(view.days),
    }


def _forecast(view: BoardView) -> Forecast:
    assert view.forecast is not None
    return view.forecast
