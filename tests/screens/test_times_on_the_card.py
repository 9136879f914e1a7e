"""The times on the card of who is here: they say what has been, and nothing that happens later makes them longer."""

from collections.abc import Awaitable, Callable

import pytest

from server.actions import joining, serving
from tests.screens.test_counter import console, words
from tests.world import World


async def card(world: World) -> str:
    return words(console(await world.view(), world.ken.counter))


async def called_after_four_minutes(world: World) -> None:
    """Ada, at counter 1."""
    await world.ken.takes("1")
    await world.ada.joins()
    world.clock.forward(minutes=4)
    await world.ken.calls_next()


async def is_called_again(world: World) -> None:
    await world.ken.does(serving.recall, world.ada.ticket)


async def is_served_and_parked_and_ready(world: World) -> None:
    await world.ken.does(serving.start, world.ada.ticket)
    world.clock.forward(minutes=1)
    await world.ken.does(serving.park, world.ada.ticket)
    await world.ada.does(joining.get_ready)
    world.clock.forward(minutes=20)
    await world.ken.calls_next()


@pytest.mark.parametrize("later", [is_called_again, is_served_and_parked_and_ready])
async def test_waited_ends_with_the_call(world: World, later: Callable[[World], Awaitable[None]]) -> None:
    await called_after_four_minutes(world)
    assert "Waited 4 min" in await card(world)
    world.clock.forward(minutes=3)
    await later(world)
    assert "Waited 4 min" in await card(world)
    await world.ken.does(serving.start, world.ada.ticket)
    shown = await card(world)
    assert "Waited 4 min" in shown
    assert "13:00 Joined at the door 13:04 Counter 1 called" in shown


async def test_who_was_put_back_has_waited_until_the_next_call(world: World) -> None:
    await called_after_four_minutes(world)
    await world.ken.does(serving.put_back, world.ada.ticket)
    world.clock.forward(minutes=3)
    await world.ken.calls_next()
    assert "Waited 7 min" in await card(world)


async def test_who_was_missed_and_came_back_has_waited_until_the_next_call(world: World) -> None:
    await called_after_four_minutes(world)
    await world.ken.does(serving.miss, world.ada.ticket)
    world.clock.forward(minutes=3)
    await world.ada.does(joining.come_again)
    world.clock.forward(minutes=3)
    await world.ken.calls_next()
    assert "Waited 10 min" in await card(world)


async def test_who_was_sent_on_waits_from_there_and_not_from_the_first_call(world: World) -> None:
    await called_after_four_minutes(world)
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.transfer, world.ada.ticket, service="renewals")
    world.clock.forward(minutes=9)
    await world.ken.calls_next()
    world.clock.forward(minutes=2)
    await is_called_again(world)
    assert "Waited 9 min" in await card(world)


async def test_after_a_call_was_taken_back_and_made_again_the_new_one_counts(world: World) -> None:
    await called_after_four_minutes(world)
    world.clock.forward(seconds=20)
    await is_called_again(world)
    await world.ken.undoes(world.ada.ticket)
    world.clock.forward(minutes=1)
    await world.ken.calls_next()
    assert "Waited 5 min" in await card(world)


async def test_a_service_goes_on_where_it_was_when_its_customer_got_a_form(world: World) -> None:
    await called_after_four_minutes(world)
    await world.ken.does(serving.start, world.ada.ticket)
    world.clock.forward(minutes=2)
    await world.ken.does(serving.park, world.ada.ticket)
    world.clock.forward(minutes=40)
    await world.ken.does(serving.unpark, world.ada.ticket)
    world.clock.forward(minutes=1)
    assert "Service so far 3:00 " in await card(world)
