"""What a customer does, from the door to leaving."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.actions import joining, serving
from server.db import Key
from server.domain.base import to_ms
from server.domain.branch import Branch, NumberSeries
from server.domain.errors import CodeRefused, Conflict, Invalid, PassRefused
from server.domain.people import Actor
from tests.world import World


async def test_a_number_has_the_service_letter_and_counts_from_one(world: World) -> None:
    assert (await world.ada.joins("new-passport"))["number"] == "A001"
    assert (await world.bo.joins("renewals"))["number"] == "B001"


async def test_the_door_s_own_code_is_good_for_ninety_seconds(world: World) -> None:
    code = world.presence.code(world.branch, world.devices["Door"], world.clock()).text
    world.clock.forward(seconds=60)
    assert (await world.ada.joins(proof=code))["state"] == "waiting"
    world.clock.forward(seconds=60)
    with pytest.raises(CodeRefused, match="code-expired"):
        await world.bo.joins(proof=code)


async def test_a_code_of_another_branch_or_an_altered_one_is_refused(world: World) -> None:
    foreign = world.presence.code("elsewhere", world.devices["Door"], world.clock()).text
    for wrong in (foreign, foreign[:-1] + "x", "x"):
        with pytest.raises(CodeRefused):
            await world.ada.joins(proof=wrong)


async def test_a_pass_lets_join_once_within_a_quarter_of_an_hour(world: World) -> None:
    proof = world.presence.mint_pass(world.branch, world.ada.visitor, world.devices["Door"], world.clock())
    world.clock.forward(minutes=14)
    await world.ada.joins(proof=proof)
    await world.ada.does(joining.leave)
    with pytest.raises(PassRefused, match="pass-used"):
        await world.ada.joins(proof=proof)
    late = world.presence.mint_pass(world.branch, world.bo.visitor, world.devices["Door"], world.clock())
    world.clock.forward(minutes=16)
    with pytest.raises(PassRefused, match="pass-expired"):
        await world.bo.joins(proof=late)


async def test_one_open_ticket_per_visitor(world: World) -> None:
    await world.ada.joins()
    with pytest.raises(Conflict, match="one-ticket-only"):
        await world.ada.joins("renewals")
    await world.ada.does(joining.leave)
    world.clock.forward(seconds=1)
    assert (await world.ada.joins("renewals"))["number"] == "B001"


async def test_who_has_an_appointment_stands_where_it_says_unless_they_are_late(world: World) -> None:
    await world.changes(remote_joining="expected")
    at = world.clock() + timedelta(minutes=30)
    wish = partial(joining.Joining, service="new-passport", channel="phone", language="en", appointment_at=at)
    for id in ("early", "late"):
        joined = await world.act(
            joining.join, by=Actor("customer"), joining=wish(ticket_id=id), presence=world.presence
        )
        assert joined["state"] == "expected"
    for id, minutes in (("early", 20), ("late", 15)):
        world.clock.forward(minutes=minutes)
        await world.act(
            joining.arrive, by=Actor("customer", id), ticket_id=id, proof=None, here=True, presence=world.presence
        )
    assert (await world.ticket("early")).place == to_ms(at)
    assert (await world.ticket("late")).place == to_ms(world.clock())


async def test_from_afar_the_branch_refuses_or_expects(world: World) -> None:
    wish = joining.Joining("afar", "new-passport", "phone", "en", visitor="v1")
    with pytest.raises(PassRefused, match="pass-needed"):
        await world.act(joining.join, by=Actor("customer", "v1"), joining=wish, presence=world.presence)
    await world.changes(remote_joining="expected")
    joined = await world.act(joining.join, by=Actor("customer", "v1"), joining=wish, presence=world.presence)
    assert joined["state"] == "expected"
    await world.ken.takes("1")
    assert await world.ken.calls_next() is None


async def test_who_arrives_in_time_keeps_the_place_and_who_is_late_gets_a_new_one(world: World) -> None:
    await world.changes(remote_joining="expected")
    for visitor in ("early", "late"):
        wish = joining.Joining(visitor, "new-passport", "phone", "en", visitor=visitor)
        await world.act(joining.join, by=Actor("customer", visitor), joining=wish, presence=world.presence)
    world.clock.forward(minutes=1)
    await world.ada.joins()
    world.clock.forward(minutes=58)
    await _arrives(world, "early")
    world.clock.forward(minutes=2)
    await _arrives(world, "late")
    waiting = [ticket.id for ticket in (await world.view()).tickets]
    assert waiting == ["early", world.ada.ticket, "late"]


async def test_another_service_within_two_minutes_is_a_new_number_on_the_same_ticket(world: World) -> None:
    joined = await world.ada.joins("new-passport")
    changed = await world.ada.does(joining.change_service, service="renewals")
    assert (changed["ticket"], changed["number"], changed["service"]) == (joined["ticket"], "B001", "renewals")
    world.clock.forward(seconds=121)
    with pytest.raises(Conflict, match="change-too-late"):
        await world.ada.does(joining.change_service, service="new-passport")


async def test_away_keeps_the_place_and_is_skipped(world: World) -> None:
    ada, bo = await world.queue("Ada", "Bo")
    await ada.does(joining.step_away)
    await world.ken.takes("1")
    assert (await world.ken.calls_next() or {})["number"] == bo.number
    await world.ken.does(serving.miss, bo.ticket)
    await ada.does(joining.come_back)
    assert (await world.ken.calls_next() or {})["number"] == ada.number


async def test_more_time_is_behind_the_next_three_and_twice_at_most(world: World) -> None:
    ada, *_ = await world.queue("Ada", "Bo", "Cy", "Di", "Ed", "Fe", "Gi", "Hu")
    await ada.does(joining.postpone)
    assert [t.number for t in (await world.view()).tickets][:4] == ["A002", "A003", "A004", "A001"]
    await ada.does(joining.postpone)
    assert [t.number for t in (await world.view()).tickets][6] == "A001"
    with pytest.raises(Conflict, match="no-postponements-left"):
        await ada.does(joining.postpone)


async def test_a_customer_returns_once_within_the_grace_an_agent_brings_back_always(world: World) -> None:
    ada = (await world.queue("Ada"))[0]
    await world.ken.takes("1")
    for _ in range(2):
        await world.ken.calls_next()
        await world.ken.does(serving.miss, ada.ticket)
        if (await ada.is_()).returns == 0:
            await ada.does(joining.come_again)
    with pytest.raises(Conflict, match="return-used"):
        await ada.does(joining.come_again)
    assert (await world.ken.does(joining.come_again, ada.ticket))["state"] == "waiting"


async def test_closed_and_full_branches_say_so_and_still_serve(world: World) -> None:
    await world.changes(full_at=1)
    await world.ada.joins()
    with pytest.raises(Conflict, match="branch-full"):
        await world.bo.joins()
    await world.changes(full_at=0)
    world.clock.forward(hours=4)
    with pytest.raises(Conflict, match="branch-closed"):
        await world.bo.joins()
    await world.ken.takes("1")
    assert (await world.ken.calls_next() or {})["number"] == world.ada.number


async def test_the_order_of_acknowledgement_is_the_order_of_service_when_the_clock_goes_back(world: World) -> None:
    numbers = []
    for step in (0, -600, 5, -86_400, 3):
        world.clock.forward(seconds=step)
        await world.changes(hours=None)
        numbers.append((await world.customer("somebody").joins())["number"])
    assert [t.number for t in (await world.view()).tickets] == numbers == ["A001", "A002", "A003", "A004", "A005"]


async def test_the_same_key_gives_the_first_answer_and_another_body_is_refused(world: World) -> None:
    key = Key("visitor", "k1", "body one")
    wish = joining.Joining("t1", "new-passport", "phone", "en", visitor="v", here=True)
    again = joining.Joining("t2", "new-passport", "phone", "en", visitor="v", here=True)
    first = await world.act(joining.join, key=key, by=Actor("customer"), joining=wish, presence=world.presence)
    second = await world.act(joining.join, key=key, by=Actor("customer"), joining=again, presence=world.presence)
    assert first == second
    with pytest.raises(Invalid, match="idempotency-mismatch"):
        await world.act(
            joining.join,
            key=Key("visitor", "k1", "body two"),
            by=Actor("customer"),
            joining=again,
            presence=world.presence,
        )


async def test_a_refusal_is_not_kept_and_neither_is_nobody_waits(world: World) -> None:
    await world.ken.takes("1")
    key = Key("staff", "n", "next")
    assert await world.act(serving.call_next, key=key, by=world.ken.actor, counter_id=world.ken.counter) is None
    await world.ada.joins()
    called = await world.act(serving.call_next, key=key, by=world.ken.actor, counter_id=world.ken.counter)
    assert called["number"] == world.ada.number


async def test_the_thousandth_number_has_four_digits(world: World) -> None:
    await world.bo.joins()

    def nearly(session: Session, branch: Branch, now: datetime) -> dict[str, int]:
        session.execute(update(NumberSeries).values(last=999))
        return {}

    await world.db.act(world.branch, None, nearly)
    assert (await world.ada.joins())["number"] == "A1000"


async def test_numbers_begin_anew_on_the_next_business_day(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(days=1)
    assert (await world.bo.joins())["number"] == "A001"


async def _arrives(world: World, ticket: str) -> None:
    code = world.presence.code(world.branch, world.devices["Door"], world.clock()).text
    await world.act(joining.arrive, by=Actor("customer", ticket), ticket_id=ticket, proof=code, presence=world.presence)
