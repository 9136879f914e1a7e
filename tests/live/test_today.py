"""How long services took, as My day and the floor tell it: every leg, and no time with a form."""

import random
from collections.abc import Awaitable, Callable

import pytest

from server.actions import joining, serving
from server.domain.base import to_ms
from server.domain.legs import served
from server.domain.reports.visits import Line, visit
from server.live.views import DayView
from server.queries import honesty
from staff_console.floor.look import floor
from tests.live.test_board import Day
from tests.world import Customer, World

STEPS = 150


async def is_served_two_minutes_and_parked_forty(world: World, customer: Customer) -> None:
    """By Ken, at counter 1."""
    await world.ken.calls_next()
    await world.ken.does(serving.start, customer.ticket)
    world.clock.forward(minutes=2)
    await world.ken.does(serving.park, customer.ticket)
    world.clock.forward(minutes=40)


async def is_unparked(world: World, customer: Customer) -> None:
    await world.ken.does(serving.unpark, customer.ticket)


async def is_ready_and_called_again(world: World, customer: Customer) -> None:
    await customer.does(joining.get_ready)
    await world.ken.calls_next()
    await world.ken.does(serving.start, customer.ticket)


async def is_ready_and_missed_and_back(world: World, customer: Customer) -> None:
    await customer.does(joining.get_ready)
    await world.ken.calls_next()
    await world.ken.does(serving.miss, customer.ticket)
    await customer.does(joining.come_again)
    await world.ken.calls_next()
    await world.ken.does(serving.start, customer.ticket)


async def is_unparked_twice(world: World, customer: Customer) -> None:
    await is_unparked(world, customer)
    await world.ken.does(serving.park, customer.ticket)
    world.clock.forward(minutes=5)
    await is_unparked(world, customer)


async def is_unparked_and_unparking_is_taken_back(world: World, customer: Customer) -> None:
    await is_unparked(world, customer)
    world.clock.forward(seconds=30)
    await world.ken.undoes(customer.ticket)
    await is_unparked(world, customer)


async def finished_after_one_more_minute(world: World, customer: Customer) -> None:
    world.clock.forward(minutes=1)
    await world.ken.does(serving.finish, customer.ticket, outcome="resolved")


@pytest.mark.parametrize(
    "goes_on",
    [
        is_unparked,
        is_ready_and_called_again,
        is_ready_and_missed_and_back,
        is_unparked_twice,
        is_unparked_and_unparking_is_taken_back,
    ],
)
async def test_time_with_a_form_is_no_service(
    world: World, goes_on: Callable[[World, Customer], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.ken.takes("1")
    await world.ada.joins()
    await is_served_two_minutes_and_parked_forty(world, world.ada)
    await goes_on(world, world.ada)
    shown = await world.view()
    ticket = shown.by_ticket[world.ada.ticket]
    assert ticket.served_since is not None
    assert (shown.at - ticket.served_since).total_seconds() == 2 * 60
    assert "long" not in [need.kind for need in floor(shown).needs]
    await finished_after_one_more_minute(world, world.ada)
    assert (await world.view()).days == {world.ken.id: DayView(1, 3, 0)}
    monkeypatch.setattr(honesty, "LEARNED_FROM", 1)
    assert await world.ask(honesty.usual_minutes, world.branch, "new-passport") == 3


async def test_what_is_usual_on_the_floor_counts_no_time_with_a_form(world: World) -> None:
    await world.ken.takes("1")
    for customer in await world.queue("Ada", "Bo", "Chidi"):
        await is_served_two_minutes_and_parked_forty(world, customer)
        await is_unparked(world, customer)
        await finished_after_one_more_minute(world, customer)
        world.clock.forward(minutes=-40)  # all of them within the hour
    (queue, _) = floor(await world.view()).queues
    assert queue.usual == 3


async def test_whoever_served_somebody_and_sent_them_on_has_served_them(world: World) -> None:
    await sent_on_after_twenty_minutes(world)
    assert (await world.view()).days == {world.ken.id: DayView(1, 20, 0)}
    await world.lola.calls_next()
    await world.lola.does(serving.start, world.ada.ticket)
    world.clock.forward(minutes=4)
    await world.lola.does(serving.finish, world.ada.ticket)
    await world.ada.rates(5)
    assert (await world.view()).days == {world.ken.id: DayView(1, 20, 0), world.lola.id: DayView(1, 4, 1)}


async def test_a_leg_stays_served_when_its_customer_leaves_before_the_next(world: World) -> None:
    await sent_on_after_twenty_minutes(world)
    await world.ada.does(joining.leave)
    assert (await world.view()).days == {world.ken.id: DayView(1, 20, 0)}


async def test_a_transfer_that_was_taken_back_counts_when_it_is_finished(world: World) -> None:
    await sent_on_after_twenty_minutes(world)
    await world.ken.undoes(world.ada.ticket)
    assert (await world.view()).days == {}
    await finished_after_one_more_minute(world, world.ada)
    assert (await world.view()).days == {world.ken.id: DayView(1, 21, 0)}


async def test_whoever_was_called_and_sent_on_at_once_was_served_by_nobody(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins()
    await world.ken.calls_next()
    world.clock.forward(minutes=3)
    await world.ken.does(serving.transfer, world.ada.ticket, service="renewals")
    assert (await world.view()).days == {}


@pytest.mark.parametrize("seed", range(2))
async def test_every_leg_took_as_long_here_as_in_a_report(world: World, seed: int) -> None:
    day = Day(world, random.Random(seed))
    await world.changes(hours=None)
    await day._join()
    for _ in range(STEPS):
        await day.goes_on()
    found = 0
    for id in day.known:
        diary = await world.diary(id)
        lines = [Line(x.move, to_ms(x.at), x.from_state, x.service_id, x.counter_id) for x in diary]
        legs = served(diary)
        assert [(leg.service, leg.counter, leg.took) for leg in legs] == [tuple(given) for given in visit(lines).given]
        found += len(legs)
    assert found


async def sent_on_after_twenty_minutes(world: World) -> None:
    """From Ken's counter to where Lola serves."""
    await world.ken.takes("1")
    await world.lola.takes("2", ["renewals"])
    await world.ada.joins()
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    world.clock.forward(minutes=20)
    await world.ken.does(serving.transfer, world.ada.ticket, service="renewals")
