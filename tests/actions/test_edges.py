"""Rules that meet each other: an undo and what changed meanwhile, a priority and a place, a return and an agent's."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.actions import duties, joining, serving, undoing
from server.actions.arranging import counters, services, staff
from server.actions.forgetting import forget
from server.domain.branch import Priority
from server.domain.errors import Conflict, Forbidden
from server.domain.moves import TicketEvent
from server.domain.people import Grant
from server.queries import tickets
from tests.actions.manager import mira_does
from tests.world import Customer, World


async def _parked(world: World) -> Customer:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    return ada


# Undo


async def test_a_manager_who_is_one_no_more_undoes_nothing_of_others(world: World) -> None:
    """Asked when it happens, of the database: not what a page knew a moment ago."""
    await world.queue("Ada")
    await world.ken.takes("1")
    called = await world.ken.calls_next() or {}
    await world.db.act(None, None, lambda session, _, now: _demote(session, world.mira.id))
    with pytest.raises(Forbidden, match="undo-not-yours"):
        await world.mira.undoes(called["ticket"])


async def test_a_customer_takes_back_a_leave_of_their_own_and_nothing_an_agent_did(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await ada.does(joining.leave)
    with pytest.raises(Forbidden):
        await world.ken.undoes(ada.ticket)
    assert (await _undone_by(world, ada))["state"] == "waiting"
    await world.ken.does(serving.remove, ada.ticket, reason="asked for it")
    with pytest.raises(Forbidden):
        await _undone_by(world, ada)


async def test_nobody_is_brought_back_to_a_counter_that_is_gone(world: World) -> None:
    ada = await _parked(world)
    await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter, parked="keep")
    await mira_does(world, counters.archive, counter_id=world.counters["1"])
    with pytest.raises(Conflict, match="undo-place-gone"):
        await world.mira.undoes(ada.ticket)
    assert (await ada.is_()).state == "waiting"


async def test_nobody_is_brought_back_to_a_service_that_is_gone(world: World) -> None:
    (ada,) = await world.queue("Ada", service="renewals")
    await ada.does(joining.leave)
    await mira_does(world, services.archive, service_id="renewals")
    with pytest.raises(Conflict, match="undo-place-gone"):
        await _undone_by(world, ada)


async def test_nobody_is_brought_back_to_a_person_who_works_here_no_more(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.lola.takes("2")
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, ada.ticket, agent=world.lola.id)
    with pytest.raises(Conflict, match="person-awaited"):
        await mira_does(world, staff.remove, staff_id=world.lola.id)
    await world.ken.does(serving.remove, ada.ticket, reason="gone home")
    await mira_does(world, staff.remove, staff_id=world.lola.id)
    with pytest.raises(Conflict, match="undo-place-gone"):
        await world.ken.undoes(ada.ticket)


# Places


async def test_a_priority_withdrawn_or_given_moves_from_where_the_ticket_stands(world: World) -> None:
    """Else whoever let others go first would be first again."""
    people = await world.queue("Ada", "Bo", "Cy", "Di", "Ed")
    ada = people[0]
    await world.ken.takes("1")
    await ada.does(joining.postpone)
    await world.ken.does(serving.reclass, ada.ticket, priority="elderly")
    assert await _waiting(world) == ["A001", "A002", "A003", "A004", "A005"]
    await world.ken.does(serving.reclass, ada.ticket, priority=None)
    assert await _waiting(world) == ["A002", "A003", "A004", "A001", "A005"]


async def test_a_class_that_the_branch_gave_up_still_counts_for_who_has_it(world: World) -> None:
    await world.ada.joins(priority="elderly")
    before = (await world.ada.is_()).place
    world.clock.forward(seconds=30)

    def give_up(session: Session, branch: object, now: object) -> dict[str, int]:
        priority = session.get(Priority, (world.branch, "elderly"))
        assert priority is not None
        priority.archived = True
        return {}

    await world.db.act(world.branch, None, give_up)
    await world.ada.does(joining.change_service, service="renewals")
    assert (await world.ada.is_()).place == before + 30_000


async def test_only_the_customer_s_own_returns_are_counted(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    for returner in (world.ken.does(joining.come_again, ada.ticket), ada.does(joining.come_again)):
        await world.ken.calls_next()
        await world.ken.does(serving.miss, ada.ticket)
        assert (await returner)["state"] == "waiting"
    await world.ken.calls_next()
    await world.ken.does(serving.miss, ada.ticket)
    with pytest.raises(Conflict, match="return-used"):
        await ada.does(joining.come_again)


# Counters


async def test_going_to_another_counter_leaves_nobody_parked_behind_unasked(world: World) -> None:
    await _parked(world)
    with pytest.raises(Conflict) as refused:
        await world.ken.takes("2")
    assert (refused.value.slug, refused.value.params) == ("parked-behind", {"n": 1, "counter": "1"})


async def test_a_service_that_goes_is_worked_by_nobody(world: World) -> None:
    await world.ken.takes("1")
    await mira_does(world, services.archive, service_id="renewals")
    duty = (await world.view()).counters[0].duty
    assert duty is not None
    assert duty.services == ("new-passport",)


# What is remembered, and what is not


async def test_an_undone_transfer_from_the_form_is_no_served_leg(world: World) -> None:
    ada = await _parked(world)
    await world.ken.does(serving.transfer, ada.ticket, service="renewals")
    await world.ken.undoes(ada.ticket)
    await world.ken.does(serving.unpark, ada.ticket)
    await world.ken.does(serving.finish, ada.ticket, outcome="resolved")
    await ada.rates(5)
    rating = await world.ask(tickets.rating_of, ada.ticket)
    assert rating.legs == {"served": [{"service": "new-passport", "counter": world.ken.counter, "staff": world.ken.id}]}


async def test_the_diary_names_no_visitor(world: World) -> None:
    """It outlives the retention, after which nothing may lead back to a phone."""
    await world.ada.joins()
    await world.ada.does(joining.step_away)
    assert {line.actor_id for line in await world.diary(world.ada.ticket)} == {world.ada.ticket}
    await world.ada.does(joining.leave)
    world.clock.forward(days=31)
    await world.db.act(world.branch, None, forget)
    lines = await world.db.ask(lambda session: session.scalars(select(TicketEvent)).all())
    kept = [value for line in lines for value in (line.actor_id, str(line.changes))]
    assert lines
    assert not any(world.ada.visitor in value for value in kept if value)


def _demote(session: Session, staff_id: str) -> dict[str, int]:
    for grant in session.scalars(select(Grant).where(Grant.staff_id == staff_id)):
        grant.role = "agent"
    return {}


async def _undone_by(world: World, customer: Customer) -> dict[str, object]:
    return await customer.does(undoing.undo)


async def _waiting(world: World) -> list[str]:
    return [ticket.number for ticket in (await world.view()).tickets if ticket.state == "waiting"]
