"""The turn of the business day, whoever notices it and however late."""

import pytest

from server.actions import duties, joining, serving
from server.actions.arranging import opening
from server.domain.errors import Conflict
from server.domain.people import Actor
from server.queries import branches
from tests.actions.manager import mira_does
from tests.world import World

OVERNIGHT = 20  # hours: from Monday 13:00 to Tuesday 9:00 in Lagos, when it is open again


async def test_the_first_who_joins_a_new_day_ends_the_old_one(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(hours=OVERNIGHT)
    assert (await world.bo.joins())["number"] == "A001"
    assert (await world.ada.is_()).state == "expired"
    await world.ken.takes("1")
    assert (await world.ken.calls_next() or {})["ticket"] == world.bo.ticket


async def test_yesterday_s_number_keeps_nobody_from_taking_today_s(world: World) -> None:
    await world.changes(full_at=1)
    await world.ada.joins()
    world.clock.forward(hours=OVERNIGHT)
    assert (await world.ada.joins())["number"] == "A001"


async def test_a_branch_that_was_closed_when_the_day_turned_starts_empty_though_it_is_open_by_now(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(hours=OVERNIGHT)
    assert (await world.ticks())["expired"] == 1


async def test_a_weekend_without_the_server_counts_every_turn(world: World) -> None:
    await world.changes(hours={"mon": ["00:00-24:00"], "tue": ["00:00-24:00"], "thu": ["00:00-24:00"]})
    await world.ada.joins()
    world.clock.forward(days=1)
    assert (await world.ticks())["expired"] == 0
    world.clock.forward(days=2)  # Wednesday was closed, Thursday is open since midnight
    assert (await world.ticks())["expired"] == 1


async def test_a_refused_join_turns_no_day(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(hours=17)  # Tuesday 6:00, closed
    with pytest.raises(Conflict, match="branch-closed"):
        await world.bo.joins()
    assert (await world.ada.is_()).state == "waiting"


async def test_an_agent_s_walk_in_at_night_ends_the_day_too(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(hours=17)
    wish = joining.Joining("late", "new-passport", "agent", "en", here=True)
    await world.act(joining.join, by=world.ken.actor, joining=wish, presence=world.presence)
    assert (await world.ada.is_()).state == "expired"
    assert await world.ticks() == {"missed": 0, "expired": 0, "duties": 0, "opened": 0}
    assert (await world.ticket("late")).state == "waiting"


async def test_every_duty_ends_at_close_of_day_and_a_busy_one_when_its_customer_has_gone(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.lola.takes("2")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    world.clock.forward(hours=12)
    assert (await world.ticks())["duties"] == 1
    assert await world.ask(branches.duty_of, world.lola.id) is None
    await world.ken.does(serving.finish, ada.ticket, outcome="resolved")
    assert (await world.ticks())["duties"] == 1
    assert await world.ask(branches.duty_of, world.ken.id) is None


async def test_a_duty_ends_with_its_day_though_nobody_came(world: World) -> None:
    await world.ken.takes("1")
    world.clock.forward(hours=10)  # Monday 23:00
    assert (await world.ticks())["duties"] == 0
    world.clock.forward(hours=2)
    assert (await world.ticks())["duties"] == 1
    assert await world.ask(branches.duty_of, world.ken.id) is None


async def test_a_duty_that_outlives_the_practice_ends_with_its_day(world: World) -> None:
    await world.ada.joins()
    await world.ken.takes("1")
    await mira_does(world, opening.clear_practice, name="Harbour Branch")
    world.clock.forward(hours=12)
    assert (await world.ticks())["duties"] == 1


async def test_before_anybody_came_neither_a_clock_set_back_nor_open_doors_end_a_duty(world: World) -> None:
    await world.ken.takes("1")
    world.clock.forward(days=-2)
    assert (await world.ticks())["duties"] == 0
    await world.changes(hours=None)
    world.clock.forward(days=4)
    assert (await world.ticks())["duties"] == 0


async def test_a_duty_taken_before_the_doors_open_lasts(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(hours=19)  # Tuesday 8:00 less a minute: the day has turned, the doors are closed
    world.clock.forward(minutes=-1)
    await world.ticks()
    await world.ken.takes("1")
    assert (await world.ticks())["duties"] == 0


async def test_a_clock_that_was_set_back_ends_no_duty(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(days=-2)
    await world.ken.takes("1")
    assert (await world.ticks())["duties"] == 0


async def test_where_nobody_closes_no_duty_ends(world: World) -> None:
    await world.changes(hours=None)
    await world.ada.joins()
    await world.ken.takes("1")
    world.clock.forward(days=1)
    assert (await world.ticks())["duties"] == 0


async def test_what_was_sent_to_an_agent_who_left_can_be_called_by_any_other(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.lola.takes("2")
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, ada.ticket, agent=world.lola.id)
    await world.act(duties.end, by=world.lola.actor, counter_id=world.lola.counter)
    assert await world.ken.calls_next() is None
    called = await world.ken.does(serving.call, ada.ticket, counter_id=world.ken.counter, reason="Lola has left")
    assert called["counter"]["label"] == "1"


async def test_an_expected_ticket_ends_with_its_time_to_arrive(world: World) -> None:
    await world.changes(remote_joining="expected")
    wish = joining.Joining("afar", "new-passport", "phone", "en", visitor="v")
    await world.act(joining.join, by=Actor("customer", "v"), joining=wish, presence=world.presence)
    world.clock.forward(minutes=60)
    assert (await world.ticks())["expired"] == 0
    world.clock.forward(minutes=1)
    assert (await world.ticks())["expired"] == 1
    assert (await world.ticket("afar")).state == "expired"
