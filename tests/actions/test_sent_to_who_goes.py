"""Whoever was sent to one person or counter is never left waiting for somebody who is gone."""

from collections.abc import Awaitable, Callable

import pytest

from server.actions import duties, joining, serving
from server.actions.arranging import counters, staff
from server.branch_file import parse
from server.domain.errors import Conflict, CounterBusy
from server.first_start import set_up
from tests.actions.manager import mira_does
from tests.world import World, harbour

SECOND = '[[counters]]\nlabel = "2"\n'


async def _away(world: World) -> None:
    await world.ada.does(joining.step_away)


async def _called_elsewhere(world: World) -> None:
    world.mira.counter = world.counters["3"]
    await world.mira.takes("3")
    await world.act(
        serving.call, by=world.mira.actor, counter_id=world.mira.counter, ticket_id=world.ada.ticket, reason="need"
    )


async def _missed(world: World) -> None:
    await _called_elsewhere(world)
    await world.mira.does(serving.miss, world.ada.ticket)


async def _served_elsewhere(world: World) -> None:
    await _called_elsewhere(world)
    await world.mira.does(serving.start, world.ada.ticket)


async def _parked_elsewhere(world: World) -> None:
    await _served_elsewhere(world)
    await world.mira.does(serving.park, world.ada.ticket)


BECOMES = pytest.mark.parametrize("becomes", [_away, _called_elsewhere, _missed, _served_elsewhere, _parked_elsewhere])


async def _sent(world: World, **to: str) -> None:
    await world.ada.joins()
    await world.lola.takes("1")
    await world.lola.calls_next()
    await world.lola.does(serving.transfer, world.ada.ticket, **to)


@BECOMES
async def test_nobody_is_removed_while_a_number_sent_to_them_may_wait_again(
    world: World, becomes: Callable[[World], Awaitable[None]]
) -> None:
    await _sent(world, agent=world.ken.id)
    await becomes(world)
    with pytest.raises(Conflict) as refused:
        await mira_does(world, staff.remove, staff_id=world.ken.id)
    assert (refused.value.slug, refused.value.params) == ("person-awaited", {"n": 1})


@BECOMES
async def test_no_counter_is_archived_while_a_number_sent_there_may_wait_again(
    world: World, becomes: Callable[[World], Awaitable[None]]
) -> None:
    await _sent(world, counter=world.counters["2"])
    await becomes(world)
    with pytest.raises(Conflict) as refused:
        await mira_does(world, counters.archive, counter_id=world.counters["2"])
    assert (refused.value.slug, refused.value.params) == ("counter-awaited", {"n": 1, "counter": "2"})


async def test_nor_by_a_file_that_leaves_the_counter_out(world: World) -> None:
    await _sent(world, counter=world.counters["2"])
    await _away(world)
    with pytest.raises(Conflict, match="counter-awaited"):
        await set_up(world.db, parse(harbour().replace(SECOND, "")))


async def test_a_file_that_leaves_somebody_out_leaves_them_in_the_branch(world: World) -> None:
    await _sent(world, agent=world.ken.id)
    await _away(world)
    await set_up(world.db, parse(harbour().replace('[[people]]\nname = "Ken"\nrole = "agent"\nkey = true\n', "")))
    await world.ada.does(joining.come_back)
    await world.ken.takes("2")
    called = await world.ken.calls_next()
    assert called is not None
    assert called["ticket"] == world.ada.ticket


async def test_once_the_visit_is_over_they_may_go(world: World) -> None:
    await _sent(world, agent=world.ken.id)
    await _served_elsewhere(world)
    await world.mira.does(serving.finish, world.ada.ticket, outcome="resolved")
    assert await mira_does(world, staff.remove, staff_id=world.ken.id) == {"id": world.ken.id}


async def test_who_serves_somebody_sent_to_them_is_refused_as_busy(world: World) -> None:
    await _sent(world, agent=world.ken.id)
    await world.ken.takes("2")
    await world.ken.calls_next()
    with pytest.raises(CounterBusy):
        await mira_does(world, staff.remove, staff_id=world.ken.id)


async def test_who_was_sent_to_a_counter_and_is_parked_there_goes_back_to_the_queue_with_it(world: World) -> None:
    await _sent(world, counter=world.counters["2"])
    await world.ken.takes("2")
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.park, world.ada.ticket)
    await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter, parked="keep")
    await mira_does(world, counters.archive, counter_id=world.counters["2"])
    called = await world.lola.calls_next()
    assert called is not None
    assert called["ticket"] == world.ada.ticket
