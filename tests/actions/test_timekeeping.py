"""What happens by itself."""

from server.actions import duties, joining, serving
from tests.world import World


async def test_away_too_long_and_missed_too_long_expire(world: World) -> None:
    ada, bo, _ = await world.queue("Ada", "Bo", "Cy")
    await ada.does(joining.step_away)
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.miss, bo.ticket)
    world.clock.forward(minutes=29)
    assert await world.ticks() == {"missed": 0, "expired": 0, "duties": 0, "opened": 0}
    world.clock.forward(minutes=2)
    assert (await world.ticks())["expired"] == 2
    assert {(await ada.is_()).state, (await bo.is_()).state} == {"expired"}


async def test_a_call_is_given_up_where_the_branch_wants_it_and_later_for_who_is_coming(world: World) -> None:
    await world.changes(miss_after=3)
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.lola.takes("2")
    await world.ken.calls_next()
    await world.lola.calls_next()
    await bo.does(joining.acknowledge)
    world.clock.forward(minutes=3)
    await world.ticks()
    assert ((await ada.is_()).state, (await bo.is_()).state) == ("missed", "called")
    world.clock.forward(minutes=2)
    await world.ticks()
    assert (await bo.is_()).state == "missed"


async def test_the_turn_of_the_day_ends_what_waits_only_where_the_branch_is_closed(world: World) -> None:
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    world.clock.forward(hours=12)
    done = await world.ticks()
    assert (done["expired"], done["duties"]) == (1, 0)
    assert ((await ada.is_()).state, (await bo.is_()).state) == ("serving", "expired")


async def test_a_branch_that_never_closes_keeps_its_queue_through_midnight(world: World) -> None:
    await world.changes(hours=None)
    ada = (await world.queue("Ada"))[0]
    world.clock.forward(hours=12)
    await world.ticks()
    assert (await ada.is_()).state == "waiting"
    assert (await world.bo.joins())["number"] == "A001"


async def test_the_business_day_never_goes_back(world: World) -> None:
    await world.ada.joins()
    day = (await world.branch_row()).business_day
    world.clock.forward(days=-1)
    await world.changes(hours=None)
    await world.bo.joins()
    assert (await world.branch_row()).business_day == day
    assert world.bo.number == "A002"


async def test_a_break_begins_when_the_customer_has_gone(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    await world.ken.calls_next()
    said = await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=True)
    assert (said["on_break"], said["break_wanted"]) == (False, True)
    await world.ken.serves(ada.ticket)
    duty = (await world.view()).counters[0].duty
    assert duty is not None
    assert duty.on_break
