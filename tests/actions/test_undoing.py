"""Back by one move."""

from collections.abc import Awaitable, Callable

import pytest

from server.actions import duties, joining, serving
from server.domain.errors import Conflict, CounterBusy, Forbidden
from server.domain.moves import recount
from server.domain.ticket import Ticket, stored
from tests.world import Customer, World

Doing = Callable[[World, Customer], Awaitable[object]]


async def _called(world: World) -> Customer:
    ada, _ = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    return ada


async def _serving(world: World) -> Customer:
    ada = await _called(world)
    await world.ken.does(serving.start, ada.ticket)
    return ada


MOVES: dict[str, tuple[Callable[[World], Awaitable[Customer]], Doing]] = {
    "start": (_called, lambda w, a: w.ken.does(serving.start, a.ticket)),
    "miss": (_called, lambda w, a: w.ken.does(serving.miss, a.ticket)),
    "put back": (_called, lambda w, a: w.ken.does(serving.put_back, a.ticket)),
    "finish": (_serving, lambda w, a: w.ken.does(serving.finish, a.ticket, outcome="resolved")),
    "park": (_serving, lambda w, a: w.ken.does(serving.park, a.ticket)),
    "transfer": (_serving, lambda w, a: w.ken.does(serving.transfer, a.ticket, service="renewals", place="end")),
    "remove": (_serving, lambda w, a: w.ken.does(serving.remove, a.ticket, reason="left without a word")),
}


@pytest.mark.parametrize("move", sorted(MOVES))
async def test_undo_brings_back_the_ticket_as_it_was(world: World, move: str) -> None:
    reach, do = MOVES[move]
    ada = await reach(world)
    before = _fields(await ada.is_())
    await do(world, ada)
    await world.ken.undoes(ada.ticket)
    after = await ada.is_()
    assert _fields(after) == before == recount(await world.diary(ada.ticket))


async def test_undo_of_a_call_gives_back_the_old_place_even_after_a_recall_and_an_answer(world: World) -> None:
    ada = await _called(world)
    world.clock.forward(seconds=20)
    await world.ken.does(serving.recall, ada.ticket)
    await ada.does(joining.acknowledge)
    await world.ken.undoes(ada.ticket)
    assert [t.number for t in (await world.view()).tickets] == ["A001", "A002"]
    assert (await ada.is_()).recalls == 0


async def test_only_who_made_the_move_or_a_manager_takes_it_back(world: World) -> None:
    ada = await _called(world)
    with pytest.raises(Forbidden, match="undo-not-yours"):
        await world.lola.undoes(ada.ticket)
    await world.mira.undoes(ada.ticket)


async def test_undo_ends_after_a_minute_and_there_is_no_undo_of_an_undo(world: World) -> None:
    ada = await _called(world)
    world.clock.forward(seconds=61)
    with pytest.raises(Conflict, match="undo-too-late"):
        await world.ken.undoes(ada.ticket)
    await world.ken.does(serving.miss, ada.ticket)
    await world.ken.undoes(ada.ticket)
    with pytest.raises(Conflict, match="nothing-to-undo"):
        await world.ken.undoes(ada.ticket)


async def test_back_to_the_counter_needs_it_free_and_the_same_duty(world: World) -> None:
    ada = await _called(world)
    await world.ken.does(serving.miss, ada.ticket)
    called = await world.ken.calls_next()
    assert called is not None
    with pytest.raises(CounterBusy):
        await world.ken.undoes(ada.ticket)
    await world.ken.does(serving.miss, called["ticket"])
    await world.act(duties.end, by=world.ken.actor, counter_id=world.ken.counter)
    with pytest.raises(Conflict, match="undo-duty-ended"):
        await world.ken.undoes(ada.ticket)


async def test_undoing_a_finish_keeps_the_rating(world: World) -> None:
    ada = await _serving(world)
    await world.ken.does(serving.finish, ada.ticket, outcome="resolved")
    await ada.rates(5)
    await world.ken.undoes(ada.ticket)
    await world.ken.does(serving.finish, ada.ticket, outcome="referred")
    assert (await ada.rates(4))["score"] == 4


def _fields(ticket: Ticket) -> dict[str, object]:
    return {field: stored(getattr(ticket, field)) for field in Ticket.RECOUNTED}
