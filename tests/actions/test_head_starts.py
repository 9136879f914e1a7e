"""Places already given stay: what a class gives changes for who comes later, and is taken back as it was given."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import joining, serving
from server.actions.arranging import priorities
from server.branch_file import PrioritySection
from server.domain.branch import Branch
from server.domain.people import Actor
from server.domain.ticket import Ticket
from staff_console.counter.desk import desk
from tests.world import World


async def gives(world: World, minutes: int) -> None:
    """From now on, to who is 65 or older."""
    section = PrioritySection(id="elderly", name={"en": "65 or older"}, head_start=minutes)
    await world.act(priorities.change, by=world.mira.actor, priority_id="elderly", section=section)


def ahead_of_arrival(ticket: Ticket) -> float:
    """Minutes."""
    return (ticket.arrival - ticket.place) / 60_000


@pytest.mark.parametrize("minutes", [0, 5, 30])
async def test_a_class_is_withdrawn_with_the_minutes_it_gave_whatever_it_gives_now(world: World, minutes: int) -> None:
    await world.ada.joins(priority="elderly")
    await gives(world, minutes)
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0


async def test_who_came_first_is_not_overtaken_by_a_withdrawal(world: World) -> None:
    await world.ada.joins(priority="elderly")
    world.clock.forward(minutes=5)
    await world.bo.joins()
    await gives(world, 30)
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    called = await world.ken.calls_next()
    assert called is not None
    assert called["ticket"] == world.ada.ticket


async def test_another_class_gives_its_own_minutes_instead_of_those_that_counted(world: World) -> None:
    await world.ada.joins(priority="elderly")
    await gives(world, 30)
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority="business")
    assert ahead_of_arrival(await world.ada.is_()) == 5
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0


async def test_a_place_that_is_given_anew_counts_what_the_class_gives_then(world: World) -> None:
    await world.ada.joins(priority="elderly")
    await gives(world, 30)
    await world.ada.does(joining.change_service, service="renewals")
    assert ahead_of_arrival(await world.ada.is_()) == 30
    await gives(world, 10)
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0


@pytest.mark.parametrize(("after", "counted"), [(5, 10), (90, 30)])
async def test_who_arrives_in_time_keeps_the_minutes_and_who_comes_late_gets_those_of_then(
    world: World, after: int, counted: int
) -> None:
    await world.changes(remote_joining="expected")
    wish = joining.Joining("ada", "new-passport", "phone", "en", priority="elderly")
    await world.act(joining.join, by=Actor("customer"), joining=wish, presence=world.presence)
    world.ada.ticket = "ada"
    await gives(world, 30)
    world.clock.forward(minutes=after)
    await world.ada.does(joining.arrive, proof=None, presence=world.presence, here=True)
    assert ahead_of_arrival(await world.ada.is_()) == counted
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0


async def test_a_class_that_waits_to_be_confirmed_has_given_nothing_yet(world: World) -> None:
    await world.ada.joins(priority="business")
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0


async def test_the_counter_names_the_minutes_that_counted(world: World) -> None:
    await world.ada.joins(priority="elderly")
    await gives(world, 30)
    await world.ken.takes("1")
    view = await world.view()
    found = desk(view, world.ken.counter, view.at)
    assert found is not None
    assert found.next is not None
    assert (found.why(found.next), found.next.head_start) == ("priority", 10)


async def test_of_a_ticket_from_before_minutes_were_written_down_those_of_its_class_are_taken(world: World) -> None:
    await world.ada.joins(priority="elderly")

    def forget(session: Session, branch: Branch, now: datetime) -> dict[str, Any]:
        session.get_one(Ticket, world.ada.ticket).head_start = None
        return {}

    await world.db.act(world.branch, None, forget)
    await world.ken.takes("1")
    await world.ken.does(serving.reclass, world.ada.ticket, priority=None)
    assert ahead_of_arrival(await world.ada.is_()) == 0
