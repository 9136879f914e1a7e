"""What a manager does from the floor: pauses with an end, timed notices, calls for help, acting for a counter."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.actions import helping, serving, standing_in
from server.actions.arranging import place, services
from server.domain.base import Words
from server.domain.branch import AuditLine, Branch
from server.domain.errors import Conflict, Invalid
from server.domain.moves import State
from server.queries import branches
from staff_console.walk_in import asked
from tests.actions.manager import audited, mira_does, problems
from tests.world import World


async def acts(world: World, move: str, reason: str = "ill", label: str = "1", **more: str | None) -> None:
    await mira_does(world, standing_in.act_for, counter_id=world.counters[label], move=move, reason=reason, **more)


async def outcome_left_open(world: World) -> None:
    def change(session: Session, branch: Branch, now: datetime) -> dict[str, str]:
        for service in branches.services(session, branch.id):
            service.outcome_required = False
        branch.arranged = branch.version
        return {}

    await world.act(change)


async def called(world: World) -> None:
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()


async def test_a_paused_service_tells_why_and_opens_again_by_itself(world: World) -> None:
    until = world.clock() + timedelta(minutes=30)
    await mira_does(
        world, services.pause, service_id="renewals", said={"en": "Back after the fire drill"}, reopens_at=until
    )
    service = (await world.view()).service("renewals")
    assert (service.open, service.paused, service.opens_at) == (False, True, until)
    assert service.closed_words == {"en": "Back after the fire drill"}
    with pytest.raises(Conflict):
        await world.ada.joins("renewals")
    world.clock.forward(minutes=29, seconds=59)
    assert (await world.ticks())["opened"] == 0
    world.clock.forward(seconds=1)
    assert (await world.ticks())["opened"] == 1
    service = (await world.view()).service("renewals")
    assert (service.open, service.closed_words, service.opens_at) == (True, None, None)
    await world.ada.joins("renewals")


async def test_a_pause_ends_in_the_future(world: World) -> None:
    assert await problems(world, services.pause, service_id="renewals", reopens_at=world.clock()) == {
        "until": "until-past"
    }


async def test_a_notice_is_up_from_its_beginning_until_its_end(world: World) -> None:
    begins, ends = world.clock() + timedelta(minutes=10), world.clock() + timedelta(minutes=20)
    await mira_does(world, place.put_up, notice={"en": "Fire drill"}, begins=begins, ends=ends)
    seen = []
    for _ in range(4):
        seen.append((await world.view()).branch.notice)
        world.clock.forward(minutes=7)
    assert seen == [None, None, {"en": "Fire drill"}, None]
    assert await problems(world, place.put_up, notice={"en": "Late"}, ends=world.clock()) == {"until": "until-past"}


@pytest.mark.parametrize("year", [1, 1999, 2200, 9999])
async def test_a_notice_for_a_moment_that_nobody_plans_with_is_not_put_up(world: World, year: int) -> None:
    far = datetime(year, 6, 30, 12, tzinfo=world.clock().tzinfo)
    unclear = await problems(world, place.put_up, notice={"en": "x"}, begins=far, ends=far)
    assert unclear == {"from": "moment-far", "until": "moment-far"}
    assert (await world.view()).branch.notice is None


async def test_mending_the_words_of_a_notice_leaves_its_times_until_it_is_taken_down_or_over(world: World) -> None:
    begins, ends = world.clock() + timedelta(minutes=10), world.clock() + timedelta(minutes=20)
    await mira_does(world, place.put_up, notice={"en": "Fire dril"}, begins=begins, ends=ends)
    await mira_does(world, place.describe, name="Harbour Branch", notice={"en": "Fire drill"})
    assert await _notice(world) == ({"en": "Fire drill"}, begins, ends)
    await mira_does(world, place.describe, name="Harbour Branch", notice=None)
    assert await _notice(world) == (None, None, None)
    assert (await _told(world))["before"] == {
        "name": "Harbour Branch", "notice": {"en": "Fire drill"}, "from": begins.isoformat(), "until": ends.isoformat(),
    }  # fmt: skip
    await mira_does(world, place.put_up, notice={"en": "Fire drill"}, begins=begins, ends=ends)
    world.clock.forward(minutes=20)
    await mira_does(world, place.describe, name="The Harbour", notice={"en": "Fire drill"})
    assert await _notice(world) == ({"en": "Fire drill"}, begins, ends)
    await mira_does(world, place.describe, name="The Harbour", notice={"en": "Thank you for your patience"})
    assert await _notice(world) == ({"en": "Thank you for your patience"}, None, None)
    assert (await _told(world))["after"]["until"] is None


async def _notice(world: World) -> tuple[Words | None, datetime | None, datetime | None]:
    row = await world.branch_row()
    return row.notice, row.notice_from, row.notice_until


async def _told(world: World) -> dict[str, Any]:
    """What the newest line of the trail says it was and is."""
    newest = select(AuditLine).order_by(AuditLine.id.desc()).limit(1)
    line = await world.db.ask(lambda session: session.scalars(newest).one())
    return {"before": line.before, "after": line.after}


async def test_help_is_called_answered_and_taken_back(world: World) -> None:
    await world.ken.takes("1", ["new-passport"])
    await mira_does(world, helping.call_for_help, service_id="renewals")
    await world.act(helping.come, by=world.ken.actor, counter_id=world.ken.counter)
    view = await world.view()
    assert view.branch.help is not None
    assert view.branch.help.coming == (world.ken.id,)
    assert [counter.duty.services for counter in view.counters if counter.duty] == [("new-passport", "renewals")]
    await mira_does(world, helping.take_back)
    assert (await world.view()).branch.help is None
    assert await audited(world) == [("help.call", "renewals"), ("help.end", "renewals")]


async def test_acting_for_a_counter_stands_in_the_diary_by_name_and_in_the_trail_with_its_reason(world: World) -> None:
    await called(world)
    await acts(world, "miss", "away")
    line = (await world.diary(world.ada.ticket))[-1]
    assert (line.move, line.actor_id, line.counter_id) == ("miss", world.mira.id, world.counters["1"])
    assert await audited(world) == [(standing_in.ACTED, "1")]


async def test_without_a_reason_nothing_is_done_for_a_counter(world: World) -> None:
    await called(world)
    with pytest.raises(Invalid):
        await acts(world, "miss", "")
    assert (await world.ada.is_()).state == State.CALLED


async def test_who_is_being_served_can_be_given_their_place_back(world: World) -> None:
    await called(world)
    place_before = (await world.ada.is_()).key
    await world.ken.does(serving.start, world.ada.ticket)
    await world.bo.joins()
    await acts(world, "put-back")
    ada = await world.ada.is_()
    assert (ada.state, ada.key, ada.service_id) == (State.WAITING, place_before, "new-passport")
    assert [ticket.number for ticket in (await world.view()).tickets] == ["A001", "A002"]


async def test_whatever_was_done_for_a_counter_is_undone_by_the_manager(world: World) -> None:
    await called(world)
    before = await world.ada.is_()
    for move in ("put-back", "miss"):
        await acts(world, move)
        await world.mira.undoes(world.ada.ticket)
        ada = await world.ada.is_()
        assert (ada.state, ada.key, ada.counter_id) == (State.CALLED, before.key, before.counter_id)
    await world.ken.does(serving.start, world.ada.ticket)
    for move, more in (("finish", {"outcome": "resolved"}), ("put-back", {})):
        await acts(world, move, **more)
        await world.mira.undoes(world.ada.ticket)
        assert (await world.ada.is_()).state == State.SERVING


async def test_a_duty_ended_for_somebody_frees_the_counter_and_sends_the_parked_back(world: World) -> None:
    await called(world)
    await world.ken.does(serving.start, world.ada.ticket)
    with pytest.raises(Conflict):
        await acts(world, "end")
    await world.ken.does(serving.park, world.ada.ticket)
    await acts(world, "end")
    assert (await world.ada.is_()).state == State.WAITING
    assert all(counter.duty is None for counter in (await world.view()).counters)
    with pytest.raises(Conflict):
        await acts(world, "pause")


async def test_a_break_begun_for_somebody_waits_for_who_is_there(world: World) -> None:
    await called(world)
    await acts(world, "pause")
    await acts(world, "miss")
    duty = (await world.view()).counters[0].duty
    assert duty is not None
    assert duty.on_break
    await acts(world, "resume")
    duty = (await world.view()).counters[0].duty
    assert duty is not None
    assert not duty.on_break


async def test_a_finish_for_somebody_else_says_what_came_of_it_as_their_own_would(world: World) -> None:
    await called(world)
    await world.ken.does(serving.start, world.ada.ticket)
    counter = world.counters["1"]
    refused = await problems(world, standing_in.act_for, counter_id=counter, move="finish", reason="ill")
    assert refused == {"outcome": "outcome-required"}
    wrong = await problems(
        world, standing_in.act_for, counter_id=counter, move="finish", reason="ill", outcome="of-another-service"
    )
    assert wrong == {"outcome": "outcome-unknown"}
    assert (await world.ada.is_()).state == State.SERVING
    await acts(world, "finish", outcome="needs-documents", note="Brings the photos tomorrow")
    ada = await world.ada.is_()
    assert (ada.state, ada.outcome_id, ada.note) == (State.SERVED, "needs-documents", "Brings the photos tomorrow")
    line = (await world.diary(ada.id))[-1]
    assert (line.move, line.actor_id, line.counter_id) == ("finish", world.mira.id, counter)
    trail = await world.ask(lambda session: [each.after for each in session.query(AuditLine).order_by(AuditLine.id)])
    assert trail[-1] == {
        "move": "finish", "reason": "ill", "agent": world.ken.id, "number": "A001", "outcome": "needs-documents",
    }  # fmt: skip


async def test_where_no_outcome_is_required_a_finish_needs_none(world: World) -> None:
    await outcome_left_open(world)
    await called(world)
    await world.ken.does(serving.start, world.ada.ticket)
    await acts(world, "finish")
    assert (await world.ada.is_()).state == State.SERVED


async def test_a_visit_that_ends_for_somebody_else_is_taken_back_with_its_outcome(world: World) -> None:
    await called(world)
    await world.ken.does(serving.start, world.ada.ticket)
    await acts(world, "finish", outcome="resolved")
    await world.mira.undoes(world.ada.ticket)
    ada = await world.ada.is_()
    assert (ada.state, ada.outcome_id) == (State.SERVING, None)


async def test_what_was_meant_for_one_customer_is_never_done_to_the_next(world: World) -> None:
    await called(world)
    seen = world.ada.ticket
    await world.ken.does(serving.miss, seen)
    await world.bo.joins()
    await world.ken.calls_next()
    with pytest.raises(Conflict, match="counter-moved-on"):
        await acts(world, "miss", shown=seen)
    assert (await world.bo.is_()).state == State.CALLED
    await acts(world, "miss", shown=world.bo.ticket)
    assert (await world.bo.is_()).state == State.MISSED


async def test_a_walk_in_from_the_floor_is_the_managers_in_diary_and_trail(world: World) -> None:
    await world.ada.joins()
    world.clock.forward(seconds=1)
    wish = asked(
        await world.view(), "en", service="new-passport", name="Chidi", need="Seat", note="Lost papers",
        priority="business",
    )  # fmt: skip
    given = await mira_does(world, standing_in.walk_in, joining=wish, presence=world.presence)
    ticket = await world.ticket(given["ticket"])
    assert (ticket.number, ticket.state, ticket.channel) == ("A002", State.WAITING, "agent")
    assert (ticket.name, ticket.need, ticket.note) == ("Chidi", "Seat", "Lost papers")
    assert (ticket.priority_id, ticket.priority_confirmed) == ("business", True)
    (line,) = await world.diary(ticket.id)
    assert (line.move, line.actor_kind, line.actor_id) == ("join", "staff", world.mira.id)
    assert await audited(world) == [(standing_in.WALK_IN, "new-passport")]


async def test_staff_give_a_number_for_a_paused_service_if_they_want_to(world: World) -> None:
    await mira_does(world, services.pause, service_id="renewals")
    wish = asked(await world.view(), "en", service="renewals")
    given = await mira_does(world, standing_in.walk_in, joining=wish, presence=world.presence)
    assert given["number"] == "B001"
