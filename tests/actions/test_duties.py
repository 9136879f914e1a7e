"""Who stands at which counter."""

import pytest

from server.actions import duties, joining, serving
from server.domain.errors import Conflict, CounterBusy, CounterOccupied, Invalid
from tests.world import World


async def test_an_occupied_counter_names_who_is_there(world: World) -> None:
    await world.ken.takes("1")
    with pytest.raises(CounterOccupied) as refused:
        await world.lola.takes("1")
    assert refused.value.params == {"counter": "1", "name": "Ken"}


async def test_taking_it_again_replaces_the_work_profile(world: World) -> None:
    await world.ken.takes("1", ["renewals"])
    await world.queue("Ada")
    assert await world.ken.calls_next() is None
    assert (await world.ken.takes("1", ["new-passport"]))["services"] == ["new-passport"]
    assert await world.ken.calls_next() is not None


async def test_a_counter_works_only_what_it_can(world: World) -> None:
    assert (await world.ken.takes("3"))["services"] == ["new-passport"]
    with pytest.raises(Invalid, match="services-not-here"):
        await world.ken.takes("3", ["renewals"])


async def test_an_agent_moves_to_another_counter_when_nobody_is_left_behind(world: World) -> None:
    await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.takes("2")
    await world.ken.calls_next()
    with pytest.raises(CounterBusy):
        await world.ken.takes("3")
    await world.lola.takes("1")


async def test_ending_with_somebody_parked_asks_what_becomes_of_them(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    with pytest.raises(Conflict, match="parked-remain"):
        await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter)
    await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter, parked="keep")
    await ada.does(joining.get_ready)
    await world.lola.takes("1")
    assert (await world.lola.calls_next() or {})["number"] == ada.number


async def test_no_call_during_a_break(world: World) -> None:
    await world.queue("Ada")
    await world.ken.takes("1")
    await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=True)
    with pytest.raises(Conflict, match="on-break"):
        await world.ken.calls_next()
    await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=False)
    assert await world.ken.calls_next() is not None
