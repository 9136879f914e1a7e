"""What an agent does with a customer."""

import pytest

from server.actions import duties, joining, serving
from server.domain.errors import AlreadyCalled, Conflict, CounterBusy, IllegalMove, Invalid
from tests.world import World


async def test_call_next_gives_the_first_who_joined(world: World) -> None:
    ada, _ = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    called = await world.ken.calls_next()
    assert called is not None
    assert (called["number"], called["state"], called["counter"]["label"]) == (ada.number, "called", "1")


async def test_nobody_waits_is_an_answer_that_changes_nothing(world: World) -> None:
    await world.ken.takes("1")
    before = (await world.branch_row()).version
    assert await world.ken.calls_next() is None
    assert (await world.branch_row()).version == before


async def test_call_next_is_refused_while_somebody_is_at_the_counter(world: World) -> None:
    await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    with pytest.raises(CounterBusy) as refused:
        await world.ken.calls_next()
    assert refused.value.params == {"number": "A001", "counter": "1"}


async def test_two_queues_at_one_counter_are_served_as_one(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    bo = (await world.queue("Bo", service="renewals"))[0]
    cy = (await world.queue("Cy"))[0]
    await world.ken.takes("1")
    for expected in (ada, bo, cy):
        called = await world.ken.calls_next()
        assert called is not None
        assert called["number"] == expected.number
        await world.ken.serves(called["ticket"], "resolved" if called["service"] == "new-passport" else None)


async def test_a_head_start_is_served_as_if_they_came_earlier(world: World) -> None:
    await world.queue("Ada")
    world.clock.forward(minutes=9)
    await world.bo.joins(priority="elderly")
    await world.ken.takes("1")
    called = await world.ken.calls_next()
    assert called is not None
    assert called["number"] == world.bo.number


async def test_a_class_that_needs_confirming_counts_only_once_confirmed(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    world.clock.forward(minutes=1)
    await world.bo.joins(priority="business")
    assert (await world.view()).tickets[0].number == ada.number
    await world.ken.does(serving.reclass, world.bo.ticket, priority="business")
    assert (await world.view()).tickets[0].number == world.bo.number


async def test_a_chosen_call_needs_a_reason_and_a_lost_race_tells_who_won(world: World) -> None:
    ada, _bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.lola.takes("2")
    with pytest.raises(Invalid):
        await world.ken.does(serving.call, ada.ticket, counter_id=world.ken.counter, reason=" ")
    await world.ken.does(serving.call, ada.ticket, counter_id=world.ken.counter, reason="in a wheelchair")
    with pytest.raises(AlreadyCalled) as lost:
        await world.lola.does(serving.call, ada.ticket, counter_id=world.lola.counter, reason="knows her")
    assert lost.value.params == {"number": "A001", "counter": "1", "next": "A002"}


async def test_recall_keeps_its_gap_and_its_limit(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    await world.ken.calls_next()
    with pytest.raises(Conflict, match="recall-too-soon"):
        await world.ken.does(serving.recall, ada.ticket)
    for _ in range(3):
        world.clock.forward(seconds=16)
        await world.ken.does(serving.recall, ada.ticket)
    world.clock.forward(seconds=16)
    with pytest.raises(Conflict, match="recall-limit"):
        await world.ken.does(serving.recall, ada.ticket)


async def test_finish_asks_for_the_outcome_where_the_service_requires_one(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    with pytest.raises(Invalid, match="outcome-required"):
        await world.ken.does(serving.finish, ada.ticket)
    done = await world.ken.does(serving.finish, ada.ticket, outcome="resolved", note=" Came back with photos ")
    assert done["state"] == "served"
    assert (await ada.is_()).note == "Came back with photos"


async def test_put_back_returns_to_the_old_place(world: World) -> None:
    ada, _ = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.put_back, ada.ticket)
    assert [t.number for t in (await world.view()).tickets] == ["A001", "A002"]


async def test_a_missed_customer_comes_back_behind_the_next_three(world: World) -> None:
    ada, *_ = await world.queue("Ada", "Bo", "Cy", "Di", "Ed")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.miss, ada.ticket)
    await ada.does(joining.come_again)
    assert [t.number for t in (await world.view()).tickets] == ["A002", "A003", "A004", "A001", "A005"]


async def test_parked_and_ready_is_called_first(world: World) -> None:
    ada, _bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    await ada.does(joining.get_ready)
    called = await world.ken.calls_next()
    assert called is not None
    assert called["number"] == ada.number


async def test_unpark_only_while_nobody_is_there(world: World) -> None:
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    await world.ken.calls_next()
    with pytest.raises(CounterBusy):
        await world.ken.does(serving.unpark, ada.ticket)
    await world.ken.does(serving.miss, bo.ticket)
    assert (await world.ken.does(serving.unpark, ada.ticket))["state"] == "serving"


async def test_nobody_is_called_or_unparked_on_a_break(world: World) -> None:
    (ada, bo) = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, ada.ticket)
    await world.ken.does(serving.park, ada.ticket)
    await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=True)
    with pytest.raises(Conflict, match="on-break"):
        await world.ken.calls_next()
    with pytest.raises(Conflict, match="on-break"):
        await world.ken.does(serving.unpark, ada.ticket)
    with pytest.raises(IllegalMove):
        await world.ken.does(serving.unpark, bo.ticket)
    await world.act(duties.change_break, by=world.ken.actor, counter_id=world.ken.counter, on_break=False)
    assert (await world.ken.does(serving.unpark, ada.ticket))["state"] == "serving"


@pytest.mark.parametrize(("place", "order"), [("arrival", ["A001", "B001"]), ("end", ["B001", "A001"])])
async def test_a_transfer_keeps_number_and_id_and_comes_where_it_was_asked(
    world: World, place: str, order: list[str]
) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.queue("Bo", service="renewals")
    await world.ken.takes("1", ["new-passport"])
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, ada.ticket, service="renewals", place=place)
    view = await world.view()
    assert [t.number for t in view.tickets] == order
    assert {t.service for t in view.tickets} == {"renewals"}


async def test_a_ticket_sent_to_a_counter_is_called_there_alone_and_first(world: World) -> None:
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.lola.takes("2")
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, ada.ticket, counter=world.lola.counter)
    assert (await world.ken.calls_next() or {})["number"] == bo.number
    assert (await world.lola.calls_next() or {})["number"] == ada.number


async def test_an_illegal_move_is_a_named_refusal(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    with pytest.raises(IllegalMove) as refused:
        await world.ken.does(serving.start, ada.ticket)
    assert refused.value.params == {"move": "start", "state": "waiting", "number": "A001"}
