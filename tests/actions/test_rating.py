"""The one tap after a visit."""

import pytest

from server.actions import serving
from server.domain.errors import Conflict, Invalid
from server.queries import tickets
from tests.world import World


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
