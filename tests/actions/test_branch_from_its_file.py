"""A branch brought to what its file says, while people wait and agents stand at its counters."""

from typing import Any

import pytest

from server.actions import duties, serving
from server.branch_file import parse
from server.domain.branch import Branch, Outcome, Service
from server.domain.errors import Conflict, CounterOccupied
from server.first_start import set_up
from server.queries import branches
from tests.world import World, harbour

COUNTER_3 = '[[counters]]\nlabel = "3"\nservices = ["new-passport"]\n'
RENEWALS = '[[services]]\nid = "renewals"\nname = { en = "Renewals", fr = "Renouvellements" }\nletter = "B"\n'


async def _file(world: World, *changes: tuple[str, str]) -> dict[str, Any]:
    text = harbour()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return await set_up(world.db, parse(text))


async def _letters(world: World) -> dict[str, str]:
    known = await world.ask(branches.services, world.branch)
    return {service.id: service.letter for service in known if not service.archived}


async def test_two_services_change_their_letters(world: World) -> None:
    swapped = (('letter = "A"', 'letter = "X"'), ('letter = "B"', 'letter = "A"'), ('letter = "X"', 'letter = "B"'))
    await _file(world, *swapped)
    assert await _letters(world) == {"new-passport": "B", "renewals": "A"}
    assert (await world.ada.joins("renewals"))["number"] == "A001"
    with pytest.raises(Conflict) as refused:
        await _file(world)
    assert (refused.value.slug, refused.value.params) == (
        "letter-given-today",
        {"letter": "A", "service": "new-passport"},
    )
    assert await _letters(world) == {"new-passport": "B", "renewals": "A"}
    world.clock.forward(days=1)
    await _file(world)
    assert await _letters(world) == {"new-passport": "A", "renewals": "B"}


async def test_a_new_service_takes_the_letter_of_one_that_goes(world: World) -> None:
    await _file(world, (RENEWALS, RENEWALS.replace('"renewals"', '"visas"')))
    assert await _letters(world) == {"new-passport": "A", "visas": "B"}
    assert (await world.ada.joins("visas"))["number"] == "B001"


async def test_a_service_that_people_wait_for_stays(world: World) -> None:
    await world.ada.joins("renewals")
    with pytest.raises(Conflict) as refused:
        await _file(world, (RENEWALS, ""))
    assert (refused.value.slug, refused.value.params) == ("service-awaited", {"n": 1, "service": "renewals"})
    assert await _letters(world) == {"new-passport": "A", "renewals": "B"}


async def test_a_counter_where_somebody_stands_stays(world: World) -> None:
    await world.ken.takes("3")
    with pytest.raises(CounterOccupied):
        await _file(world, (COUNTER_3, ""))


async def test_a_counter_that_numbers_were_sent_to_stays(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, ada.ticket, counter=world.counters["3"])
    with pytest.raises(Conflict, match="counter-awaited"):
        await _file(world, (COUNTER_3, ""))


async def test_who_is_parked_at_a_counter_that_goes_is_back_in_the_queue(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("3")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter, parked="keep")
    await _file(world, (COUNTER_3, ""))
    assert (await ada.is_()).state == "waiting"
    assert [counter.label for counter in (await world.view()).counters] == ["1", "2"]


async def test_whoever_works_everything_works_what_the_file_brings(world: World) -> None:
    await world.ken.takes("1")
    await world.lola.takes("2", ["renewals"])
    await _file(world, (RENEWALS, RENEWALS.replace('"renewals"', '"visas"')))
    worked = {duty.staff_id: duty.services for duty in await world.ask(branches.open_duties, world.branch)}
    assert worked == {world.ken.id: ["new-passport", "visas"], world.lola.id: ["new-passport", "visas"]}


async def test_the_same_file_twice_changes_nothing_that_people_notice(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1", ["new-passport"])
    again = await _file(world)
    assert {counter["label"]: counter["id"] for counter in again["counters"]} == world.counters
    assert (await world.ken.calls_next() or {})["ticket"] == ada.ticket


async def test_who_is_being_served_can_be_finished_whatever_became_of_the_service(world: World) -> None:
    """A branch set up by an older version may hold such a ticket."""
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)

    def archive(session: Any, branch: Branch, now: Any) -> dict[str, Any]:
        session.get(Service, (branch.id, "new-passport")).archived = True
        for outcome in branches.outcomes(session, branch.id):
            session.get(Outcome, (branch.id, outcome.service_id, outcome.id)).archived = True
        return {}

    await world.db.act(world.branch, None, archive)
    assert (await world.ken.does(serving.finish, ada.ticket))["state"] == "served"
