"""What came before in a visit stays beside the ticket that is still open, however long ago it was."""

from typing import Any

import pytest

from server.actions import joining
from server.chance import new_id
from server.live import earlier
from server.live.board import Board
from server.live.views import BoardView
from server.queries import past
from tests.world import World


async def _looks(world: World, board: Board) -> BoardView:
    view: BoardView = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    return view


async def _past(world: World, board: Board) -> list[str]:
    """The numbers of what came before in Ada's visit, in the board's memory alone."""
    view = await _looks(world, board)
    assert not {t.id for past in view.earlier.values() for t in past} & view.by_ticket.keys()
    return [ticket.number for ticket in view.earlier.get(world.ada.ticket, ())]


async def _another(world: World, service: str = "renewals") -> str:
    """ "Another service, please": Ken gives Ada a second number."""
    wish = joining.Joining(new_id(), service, "agent", "en", visit_of=world.ada.ticket, here=True)
    await world.act(joining.join, by=world.ken.actor, joining=wish, presence=world.presence)
    return wish.ticket_id


async def _ada_is_served(world: World) -> None:
    await world.ken.takes("1", ["new-passport"])
    await world.ada.joins()
    await world.ken.calls_next()
    await world.ken.serves(world.ada.ticket)


async def test_what_closed_hours_ago_stays_while_the_visit_goes_on_and_goes_with_it(world: World) -> None:
    kept = Board(world.branch)
    await _ada_is_served(world)
    second = await _another(world)
    assert await _past(world, kept) == []  # it still stands on the board itself
    for _ in range(2):
        world.clock.forward(minutes=61)
        await world.customer("Chidi").joins()
        assert await _past(world, kept) == await _past(world, Board(world.branch)) == [world.ada.number]
    await world.lola.takes("2", ["renewals"])
    await world.lola.calls_next()
    await world.lola.serves(second, None)
    assert await _past(world, kept) == await _past(world, Board(world.branch)) == []
    await world.lola.undoes(second)
    assert await _past(world, kept) == await _past(world, Board(world.branch)) == [world.ada.number]


async def test_a_visit_that_is_taken_up_again_brings_what_was_long_forgotten(world: World) -> None:
    kept = Board(world.branch)
    await _ada_is_served(world)
    await _looks(world, kept)
    world.clock.forward(hours=2)
    await world.bo.joins()
    assert world.ada.ticket not in (await _looks(world, kept)).by_ticket
    await _another(world)
    assert await _past(world, kept) == await _past(world, Board(world.branch)) == [world.ada.number]


async def test_the_first_number_of_a_visit_may_be_the_one_that_is_left(world: World) -> None:
    kept = Board(world.branch)
    await world.ada.joins()
    second = await _another(world)
    await world.lola.takes("2", ["renewals"])
    await world.lola.calls_next()
    await world.lola.serves(second, None)
    await _looks(world, kept)
    world.clock.forward(hours=2)
    await world.bo.joins()
    assert await _past(world, kept) == await _past(world, Board(world.branch)) == ["B001"]


async def test_a_refresh_asks_for_no_past_that_it_knows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, asked, real = Board(world.branch), list[set[str]](), past.closed_of

    def noted(session: Any, visits: set[str]) -> Any:
        asked.append(visits)
        return real(session, visits)

    await _ada_is_served(world)
    await _another(world)
    await _looks(world, kept)
    monkeypatch.setattr(past, "closed_of", noted)
    world.clock.forward(hours=2)
    await world.queue("Bo", "Chidi")
    await world.ken.calls_next()
    assert (await _past(world, kept), asked) == ([world.ada.number], [])
    await _another(world, "new-passport")
    assert (await _past(world, kept), asked) == ([world.ada.number], [{world.ada.ticket}])


async def test_of_a_visit_without_end_the_newest_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "MOST", 2)
    await world.ken.takes("1", ["new-passport"])
    await world.ada.joins("renewals")
    for _ in range(3):
        third = await _another(world, "new-passport")
        await world.ken.calls_next()
        await world.ken.serves(third)
    world.clock.forward(hours=2)
    assert await _past(world, Board(world.branch)) == ["A002", "A003"]
