"""A call is answered from what the console showed: word for word what the board, read anew, shows a moment later."""

from collections.abc import Awaitable, Callable

import httpx2 as httpx
import pytest

from server.actions import helping, joining, serving
from server.chance import new_id
from server.live.views import BoardView
from tests.screens.conftest import Browser, House

KEY = "press.of.n"


async def ken_at_work(house: House) -> Browser:
    """In his browser and in the world at once."""
    house.world.ken.counter = house.world.counters["1"]
    return await house.ken_stands_at("1")


async def asked_anew(house: House) -> BoardView:
    """The branch as the server has it in memory, once it has asked for it."""
    view: BoardView = await house.app.state.kit.board("harbour")
    return view


def in_memory(house: House) -> int:
    """The version of it."""
    view: BoardView = house.app.state.kit.boards.last("harbour")
    return view.version


async def presses(house: House, ken: Browser, shown: str) -> httpx.Response:
    return await ken.sends(f"{house.at('1')}/calls", key=KEY, shown=shown, htmx=True, live=True)


async def both(house: House, ken: Browser) -> tuple[str, str]:
    """What the press was answered with, and what the same press is answered with once the board was read."""
    view = await asked_anew(house)
    counter = view.counter(house.world.counters["1"])
    assert counter is not None
    shown = view.waiting_for(counter)[0].id
    foreseen = await presses(house, ken, shown)
    assert in_memory(house) == view.version, "nothing was read for it"
    assert (await asked_anew(house)).version == view.version + 1
    return foreseen.text, (await presses(house, ken, shown)).text


async def plainly(house: House) -> None:
    await house.world.queue("Ada", "Bo")


async def with_a_name_and_a_need(house: House) -> None:
    await house.world.ada.joins(name="Ada <b>", need="a chair", priority="elderly")


async def after_a_long_wait(house: House) -> None:
    await house.world.ada.joins()
    house.clock.forward(minutes=61)


async def for_the_second_time(house: House) -> None:
    await house.world.ada.joins()
    ken = house.world.ken
    await ken.calls_next()
    house.clock.forward(seconds=30)
    await house.world.act(serving.recall, by=ken.actor, ticket_id=house.world.ada.ticket)
    await house.world.ada.does(joining.acknowledge)
    await house.world.act(serving.put_back, by=ken.actor, ticket_id=house.world.ada.ticket)


async def where_a_call_is_missed_by_itself(house: House) -> None:
    await house.world.changes(miss_after=3)
    await house.world.ada.joins()


async def of_a_visit_with_two_tickets(house: House) -> None:
    await house.world.ada.joins()
    ken = house.world.ken
    await ken.calls_next()
    await ken.serves(house.world.ada.ticket)
    again = joining.Joining(new_id(), "renewals", "agent", "en", visit_of=house.world.ada.ticket, here=True)
    await house.world.act(joining.join, by=ken.actor, joining=again, presence=house.world.presence)


async def of_a_visit_that_began_hours_ago(house: House) -> None:
    await of_a_visit_with_two_tickets(house)
    house.clock.forward(hours=2)


async def after_somebody_was_removed(house: House) -> None:
    ada, _ = await house.world.queue("Ada", "Bo")
    await house.world.ken.does(serving.remove, ada.ticket, reason="left")


@pytest.mark.parametrize(
    "waits",
    [
        plainly, with_a_name_and_a_need, after_a_long_wait, for_the_second_time, where_a_call_is_missed_by_itself,
        of_a_visit_with_two_tickets, of_a_visit_that_began_hours_ago, after_somebody_was_removed,
    ],
)  # fmt: skip
async def test_the_card_is_the_same_as_the_board_shows(house: House, waits: Callable[[House], Awaitable[None]]) -> None:
    ken = await ken_at_work(house)
    await waits(house)
    foreseen, read = await both(house, ken)
    assert "is-called" in foreseen
    assert foreseen == read


# What is not foreseen


async def somebody_else_joined(house: House) -> None:
    await house.world.customer("Chidi").joins()


async def help_was_called(house: House) -> None:
    await house.world.act(helping.call_for_help, by=house.world.mira.actor, service_id="new-passport")
    await asked_anew(house)


async def the_next_one_left(house: House) -> None:
    await house.world.ada.does(joining.leave)


@pytest.mark.parametrize("meanwhile", [somebody_else_joined, help_was_called, the_next_one_left])
async def test_where_more_has_changed_the_board_is_read(
    house: House, meanwhile: Callable[[House], Awaitable[None]]
) -> None:
    ken = await ken_at_work(house)
    (ada, _) = await house.world.queue("Ada", "Bo")
    house.world.ada.ticket = ada.ticket
    await asked_anew(house)
    await meanwhile(house)
    answer = await presses(house, ken, ada.ticket)
    view = await house.world.view()
    assert in_memory(house) == view.version
    assert f'data-v="{view.version}"' in answer.text
    called = next(ticket for ticket in view.tickets if ticket.state == "called")
    assert f'data-ticket="{called.id}"' in answer.text


async def test_without_the_line_the_board_is_read(house: House) -> None:
    ken = await ken_at_work(house)
    (ada, _) = await house.world.queue("Ada", "Bo")
    known = (await asked_anew(house)).version
    await ken.sends(f"{house.at('1')}/calls", shown=ada.ticket, htmx=True)
    assert in_memory(house) == known + 1
