"""Clearing the practice before opening day: all of it goes, nothing else does, and never once it is real."""

import pytest
from sqlalchemy import func, select

from server.actions.arranging import opening
from server.domain.base import Base
from server.domain.branch import AuditLine
from server.domain.errors import Conflict
from server.live.board import Board
from server.queries import branches, people
from tests.actions.manager import audited, mira_does, problems
from tests.world import World, branch_of_its_own

NAME = "Harbour Branch"
PRACTICE = {"tickets", "ticket_events", "ratings", "number_series"}


async def practises(world: World) -> None:
    """Ada is served by Ken and rates; Bo waits; Lola has stood at a counter and gone."""
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(world.ada.ticket)
    await world.ada.rates(5)
    await world.bo.joins()


async def rows(world: World) -> dict[str, int]:
    """Table → how many rows, of the whole installation."""
    tables = Base.metadata.sorted_tables
    return await world.db.ask(
        lambda session: {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    )


async def test_practice_goes_and_nothing_else_is_lost(world: World) -> None:
    quay = await branch_of_its_own(world.db, world.clock, "quay")
    await practises(quay)
    kept = await rows(world)
    await practises(world)
    gone = await mira_does(world, opening.clear_practice, name=NAME)
    assert gone == {"tickets": 2, "ratings": 1}
    expected = kept | {"audit": kept["audit"] + 1, "revocations": kept["revocations"] + 1, "duties": kept["duties"] + 1}
    expected["installation"] = 1
    assert await rows(world) == expected
    assert (await quay.ada.is_()).state == "served"
    assert await audited(world) == [("branch.clear", "harbour")]


async def test_numbers_begin_again_and_who_stands_at_a_counter_stays(world: World) -> None:
    await practises(world)
    await mira_does(world, opening.clear_practice, name=NAME)
    assert [duty.staff_id for duty in await world.ask(branches.open_duties, world.branch)] == [world.ken.id]
    assert (await world.customer("Cy").joins())["number"] == "A001"
    called = await world.ken.calls_next()
    assert called is not None
    assert called["number"] == "A001"


async def test_every_screen_is_drawn_anew_without_what_is_gone(world: World) -> None:
    board = Board(world.branch)
    await practises(world)
    before = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    assert before.tickets
    await mira_does(world, opening.clear_practice, name=NAME)
    after = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    assert after.tickets == ()
    assert (after.epoch, after.version > before.version) == (before.epoch + 1, True)


async def test_the_phones_of_practice_are_hung_up(world: World) -> None:
    await practises(world)
    await mira_does(world, opening.clear_practice, name=NAME)
    told = await world.ask(people.revocations_since, world.clock().replace(year=2020))
    assert [(each.subject_kind, each.subject) for each in told] == [("ticket", world.bo.ticket)]


async def test_nobody_clears_a_branch_by_a_slip(world: World) -> None:
    await practises(world)
    assert await problems(world, opening.clear_practice, name="Harbor") == {"name": "name-differs"}
    assert (await world.bo.is_()).is_open
    await mira_does(world, opening.clear_practice, name="  harbour  branch ")


async def test_what_is_real_is_never_cleared(world: World) -> None:
    await mira_does(world, opening.open_for_real)
    await practises(world)
    for action, more, slug in (
        (opening.clear_practice, {"name": NAME}, "open-for-real"),
        (opening.practise_again, {}, "somebody-came"),
    ):
        with pytest.raises(Conflict) as refused:
            await mira_does(world, action, **more)
        assert refused.value.slug == slug
    assert (await world.bo.is_()).is_open


async def test_opening_too_early_is_taken_back_while_nobody_has_come(world: World) -> None:
    await practises(world)
    world.clock.forward(minutes=1)
    await mira_does(world, opening.open_for_real)
    await mira_does(world, opening.practise_again)
    await mira_does(world, opening.clear_practice, name=NAME)
    mine = select(AuditLine.what).where(AuditLine.actor_id == world.mira.id)
    trail = await world.db.ask(lambda session: list(session.scalars(mine)))
    assert sorted(trail) == ["branch.clear", "branch.practice", "branch.real"]
