"""The one tap after a visit."""

from datetime import date

import pytest

from server.actions import joining, serving
from server.chance import new_id
from server.domain.errors import Conflict, Invalid
from server.queries import reports, tickets
from tests.world import World

MONDAY = date(2026, 11, 23)


async def test_the_tap_is_attributed_to_the_last_served_leg_with_the_others_listed(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1", ["new-passport"])
    await world.lola.takes("2", ["renewals"])
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.transfer, ada.ticket, service="renewals")
    await world.lola.calls_next()
    await world.lola.serves(ada.ticket, None)
    await ada.rates(2, not_good=("prompt",), comment="Two counters for one form")
    rating = await world.ask(tickets.rating_of, ada.ticket)
    assert (rating.score, rating.service_id, rating.staff_id) == (2, "renewals", world.lola.id)
    assert [leg["service"] for leg in rating.legs["served"]] == ["new-passport", "renewals"]


async def test_of_two_tickets_of_a_visit_the_one_served_last_is_rated_whichever_joined_first(world: World) -> None:
    await world.ken.takes("1", ["new-passport"])
    await world.lola.takes("2", ["renewals"])
    await world.ada.joins()
    renewal = await another_service(world, "renewals")
    await world.lola.calls_next()
    await world.lola.serves(renewal, None)
    world.clock.forward(minutes=20)
    await world.ken.calls_next()
    await world.ken.serves(world.ada.ticket)
    await world.ada.rates(5)
    rating = await world.ask(tickets.rating_of, world.ada.ticket)
    assert (rating.service_id, rating.counter_id, rating.staff_id) == ("new-passport", world.ken.counter, world.ken.id)
    assert [leg["service"] for leg in rating.legs["served"]] == ["renewals", "new-passport"]
    view, told = await world.view(), await world.ask(reports.report, "harbour", MONDAY, MONDAY)
    assert {agent: day.thanks for agent, day in view.days.items()} == {world.ken.id: 1, world.lola.id: 0}
    assert {service: row.rated for service, row in told.parts["service"].items()} == {"new-passport": 1, "renewals": 0}


async def test_the_order_of_what_was_served_is_that_of_the_moves_even_when_the_clock_is_set_back(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins()
    renewal = await another_service(world, "renewals")
    await world.ken.does(serving.call, renewal, counter_id=world.ken.counter, reason="asked for")
    await world.ken.serves(renewal, None)
    world.clock.forward(hours=-1)
    await world.ken.calls_next()
    await world.ken.serves(world.ada.ticket)
    await world.ada.rates(4)
    assert (await world.ask(tickets.rating_of, world.ada.ticket)).service_id == "new-passport"


async def test_a_leg_whose_end_was_undone_is_listed_once(world: World) -> None:
    await world.ken.takes("1")
    await world.lola.takes("2", ["renewals"])
    await world.ada.joins()
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.transfer, world.ada.ticket, service="renewals")
    await world.ken.undoes(world.ada.ticket)
    await world.ken.does(serving.finish, world.ada.ticket, outcome="resolved")
    await world.ada.rates(4)
    rating = await world.ask(tickets.rating_of, world.ada.ticket)
    assert [leg["staff"] for leg in rating.legs["served"]] == [world.ken.id]


async def another_service(world: World, service: str) -> str:
    """A second ticket of Ada's visit, given by Ken."""
    world.clock.forward(minutes=1)
    wish = joining.Joining(new_id(), service, "agent", "en", here=True, visit_of=world.ada.ticket)
    joined = await world.act(joining.join, by=world.ken.actor, joining=wish, presence=world.presence)
    ticket: str = joined["ticket"]
    return ticket


async def test_nobody_is_asked_before_the_visit_is_over(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    with pytest.raises(Conflict, match="rating-too-early"):
        await ada.rates(5)


async def test_a_tap_can_be_changed_for_an_hour_and_given_for_a_week(world: World) -> None:
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    for person in (ada, bo):
        await world.ken.calls_next()
        await world.ken.serves(person.ticket)
    await ada.rates(3)
    world.clock.forward(minutes=59)
    assert (await ada.rates(5, good=("care", "clear")))["good"] == ["care", "clear"]
    world.clock.forward(minutes=2)
    with pytest.raises(Conflict, match="rating-too-late"):
        await ada.rates(1)
    world.clock.forward(days=7)
    with pytest.raises(Conflict, match="rating-too-late"):
        await bo.rates(5)


async def test_scores_and_chips_are_what_was_declared(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(ada.ticket)
    with pytest.raises(Invalid, match="score-range"):
        await ada.rates(6)
    with pytest.raises(Invalid, match="chips-unknown"):
        await ada.rates(5, good=("handsome",))
