"""Whatever can be undone leaves the whole branch as it was: places, counters, queues, waits and each agent's day."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from server.actions import joining, serving
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
