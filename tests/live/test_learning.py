"""What a board has learned is read again from the database when it is made: nothing of it is kept elsewhere."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import duties, serving, undoing
from server.demo.kinds import OFFICE
from server.demo.simulated import Simulation, simulated
from server.domain.forecast import Called, Fact, Forecaster, Served
from server.jobs import note_waits
from server.live.board import Board
from server.live.views import BoardView
from tests import databases
from tests.demo.lived import morning
from tests.world import World

MORNING = 100  # minutes
LOOKS_EVERY, NOTES_EVERY = 1.0, 2.0  # minutes
ROUNDING = 0.5  # minutes: what is told is whole
JUMP = 1  # minute of what is shown: a promise and its samples are stored rounded


class Remembering(Forecaster):
    """And what it was told."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        super().__init__()

    def tell(self, fact: Fact) -> None:
        self.facts.append(fact)
        super().tell(fact)


@dataclass
class Morning:
    """A board that went through it, and one that was made at the end of it."""

    running: tuple[Board, BoardView]
    restarted: tuple[Board, BoardView]


@pytest.fixture(scope="module")
def morning_of(sqlite_pattern: str, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    with databases.waiting_for_no_disk():
        return asyncio.run(_lived(databases.copy_of(sqlite_pattern, tmp_path_factory.mktemp("office"))))


async def _lived(url: str) -> Morning:
    async with simulated(url, morning(OFFICE, MORNING), 1) as simulation:
        running = Board(simulation.hall.place.branch, Remembering)
        stage, reach = simulation.hall.stage, simulation.hall.stage.reach
        looked = noted = 0.0

        async def watched(minute: float) -> None:
            nonlocal looked, noted
            await reach(minute)
            if minute >= noted + NOTES_EVERY and simulation.boards:
                noted = minute
                await note_waits(simulation.db, simulation.boards)
            if minute >= looked + LOOKS_EVERY:
                looked = minute
                await _look(simulation, running)
            if minute > MORNING * 0.9:
                raise _Enough

        stage.reach = watched  # type: ignore[method-assign]
        with pytest.raises(_Enough):
            await simulation.live()
        made = Board(simulation.hall.place.branch, Remembering)
        return Morning((running, await _look(simulation, running)), (made, await _look(simulation, made)))


class _Enough(Exception):
    """The morning is over; people still wait."""


async def _look(simulation: Simulation, board: Board) -> BoardView:
    return await simulation.db.ask(lambda session: board.refresh(session, simulation.db.now()))


def test_a_morning_teaches_every_kind_of_fact(morning_of: Morning) -> None:
    facts = _facts(morning_of.running[0])
    seen = Counter(type(fact).__name__ for fact in facts)
    assert not {"Served", "Gap", "Joined", "Came", "Missed", "Left", "Worked", "Break", "Called"} - seen.keys(), seen
    judged = [told for fact in facts if isinstance(fact, Called) for told in fact.foreseen]
    assert {told.joining for told in judged} == {True, False}


def test_a_restart_is_told_the_same_facts(morning_of: Morning) -> None:
    assert _facts(morning_of.restarted[0]) == _facts(morning_of.running[0])


def test_a_restart_changes_no_forecast_by_more_than_rounding(morning_of: Morning) -> None:
    running, restarted = (view.forecast for _, view in (morning_of.running, morning_of.restarted))
    assert running is not None
    assert restarted is not None
    ranges = running.ranges()
    assert len(ranges) > 5
    for id, after in restarted.ranges().items():
        assert after == pytest.approx(ranges[id], abs=ROUNDING)


def test_a_restart_makes_nobodys_wait_jump(morning_of: Morning) -> None:
    told, again = ({t.id: t.wait for t in view.tickets} for _, view in (morning_of.running, morning_of.restarted))
    assert sum(wait is not None for wait in told.values()) > 3
    for id, wait in told.items():
        after = again[id]
        assert (after is None) == (wait is None)
        if wait is not None and after is not None:
            assert abs(after.likely - wait.likely) <= max(JUMP, wait.likely // 6)


def test_a_board_that_forgot_would_be_noticed(morning_of: Morning) -> None:
    """Positive control."""
    _, view = morning_of.running
    assert view.forecast is not None
    ranges = view.forecast.ranges()
    unlearned = Forecaster().forecast(view.forecast.state).ranges()
    assert any(abs(unlearned[id][1] - at_most) > ROUNDING for id, (_, at_most) in ranges.items())


async def test_what_can_still_be_taken_back_teaches_nothing_yet(world: World) -> None:
    board = Board(world.branch, Remembering)
    await world.ken.takes("1")
    await _serves_ada(world)
    assert _served(await _facts_of(world, board)) == []
    world.clock.forward(minutes=3)
    assert _served(await _facts_of(world, board)) == [Served("new-passport", 7.0)]


async def test_a_finish_that_was_undone_teaches_only_the_later_one(world: World) -> None:
    board = Board(world.branch, Remembering)
    await world.ken.takes("1")
    await _serves_ada(world)
    await _facts_of(world, board)
    await world.ken.does(undoing.undo, world.ada.ticket)
    world.clock.forward(minutes=5)
    await _finish(world)
    world.clock.forward(minutes=3)
    assert _served(await _facts_of(world, board)) == [Served("new-passport", 12.0)]


async def test_a_break_is_learned_when_it_has_ended(world: World) -> None:
    board = Board(world.branch, Remembering)
    await world.ken.takes("1")
    await _break(world, True)
    world.clock.forward(minutes=12)
    await _break(world, False)
    world.clock.forward(minutes=3)
    assert "Break(minutes=12.0)" in map(str, await _facts_of(world, board))
    assert "Break(minutes=12.0)" in map(str, await _facts_of(world, Board(world.branch, Remembering)))


async def _break(world: World, on_break: bool) -> None:
    await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=on_break)


async def _serves_ada(world: World) -> None:
    await world.ada.joins()
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    world.clock.forward(minutes=7)
    await _finish(world)


async def _finish(world: World) -> None:
    await world.ken.does(serving.finish, world.ada.ticket, outcome="resolved")


async def _facts_of(world: World, board: Board) -> list[Fact]:
    def look(session: Session) -> Any:
        return board.refresh(session, world.clock())

    await world.db.ask(look)
    return _facts(board)


def _facts(board: Board) -> list[Fact]:
    forecaster = board.learner.forecaster
    assert isinstance(forecaster, Remembering)
    return forecaster.facts


def _served(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, Served)]
