"""What a manager does from the floor in somebody's stead: finish a visit for a counter, give a number by hand."""

from typing import Any

import pytest

from tests.actions.test_floor import outcome_left_open
from tests.screens.conftest import House
from tests.screens.test_counter import words
from tests.screens.test_floor import FLOOR, mira, sends


async def test_who_finishes_for_a_counter_is_asked_what_came_of_it(house: House) -> None:
    await house.world.queue("Ada")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    manager, where = await mira(house), f"{FLOOR}/counters/{house.world.counters['1']}"
    assert "What came of it?" not in words(await manager.opens(where))
    await ken.sends(f"{house.at('1')}/service")
    page = await manager.opens(where)
    assert "What came of it? Resolved Needs documents Referred" in words(page)
    ticket = (await house.world.view()).tickets[0].id
    assert f'name="ticket" value="{ticket}"' in page.text
    done = await manager.sends(
        where, move="finish", reason="asked", ticket=ticket, outcome="referred", note="To the tax office"
    )
    assert "Mira at counter 1: Finish the service A001" in words(done)
    served = (await house.world.view()).by_ticket[ticket]
    assert (served.state, served.outcome, served.note) == ("served", "referred", "To the tax office")


async def test_where_an_outcome_is_required_a_finish_without_one_comes_back_with_what_was_typed(house: House) -> None:
    await house.world.queue("Ada")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    await ken.sends(f"{house.at('1')}/service")
    manager, where = await mira(house), f"{FLOOR}/counters/{house.world.counters['1']}"
    assert "No outcome" not in words(await manager.opens(where))
    answer = await manager.sends(where, move="finish", reason="ill", note="Half done")
    assert (answer.status_code, "Please choose what came of it." in words(answer)) == (422, True)
    assert 'value="Half done"' in answer.text
    assert 'value="ill" checked' in answer.text
    assert (await house.world.view()).tickets[0].state == "serving"
    await outcome_left_open(house.world)
    assert "No outcome" in words(await manager.opens(where))
    assert "Done, and noted with your name." in words(await manager.sends(where, move="finish", reason="ill"))


async def test_what_was_meant_for_one_customer_says_that_another_is_there(house: House) -> None:
    ada, _ = await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    for move in ("calls", "miss", "calls"):
        await ken.sends(f"{house.at('1')}/{move}")
    manager, where = await mira(house), f"{FLOOR}/counters/{house.world.counters['1']}"
    answer = await manager.sends(where, move="miss", reason="ill", ticket=ada.ticket)
    assert (answer.status_code, "Somebody else is at counter 1 now" in words(answer)) == (409, True)


async def test_a_number_for_somebody_without_a_phone_is_given_from_the_floor(house: House) -> None:
    manager = await mira(house)
    assert 'href="/floor/harbour/walk-in"' in (await manager.opens(FLOOR)).text
    assert "A number for somebody without a phone" in words(await manager.opens(f"{FLOOR}/walk-in"))
    page = await sends(
        manager, "/walk-in", service="renewals", name="Chidi", need="Wheelchair", note="Hears badly", priority="elderly"
    )
    assert "B001 is their number for Renewals." in page
    assert "Mira gave a number for Renewals: B001" in page
    (ticket,) = (await house.world.view()).tickets
    assert (ticket.name, ticket.need, ticket.note, ticket.priority) == ("Chidi", "Wheelchair", "Hears badly", "elderly")
    assert "Number given from the floor · Renewals" in words(await manager.opens("/setup/harbour/trail"))
    await house.ken_stands_at("1")
    console = words(await house.ken.sends(f"{house.at('1')}/calls"))
    assert "Wheelchair" in console
    assert "Hears badly" in console


async def test_a_form_that_is_sent_twice_gives_one_number(house: House) -> None:
    manager = await mira(house)
    for _ in range(2):
        assert "B001 is their number" in await sends(manager, "/walk-in", service="renewals", key="the same")
    assert len((await house.world.view()).tickets) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "Chidi"}, "Please choose a service."),
        ({"service": "long-gone", "name": "Chidi"}, "This service is offered no more. Please choose another."),
        ({"service": "renewals", "name": "Chidi", "priority": "long-gone"}, "This priority is given no more."),
        ({"service": "renewals", "name": "Chidi", "need": "x" * 121}, "A little shorter, please"),
    ],
)
async def test_a_number_that_cannot_be_given_says_why_and_keeps_what_was_typed(
    house: House, fields: dict[str, Any], said: str
) -> None:
    answer = await (await mira(house)).sends(f"{FLOOR}/walk-in", **fields)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert 'value="Chidi"' in answer.text
    assert (await house.world.view()).tickets == ()
