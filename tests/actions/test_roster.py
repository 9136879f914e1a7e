"""Everybody of a table is invited, or nobody: on both databases."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.actions import letting_in
from server.actions.arranging import roster as inviting
from server.chance import new_id
from server.domain import roster
from server.domain.branch import AuditLine
from server.domain.errors import Invalid
from server.domain.people import Grant, StaffMember
from server.queries import people
from tests.actions.manager import audited, mira_does, now_of
from tests.world import World, branch_of_its_own

HEAD = "name;sign-in name;role;branch\n"


async def invites(world: World, table: str) -> Any:
    lines = roster.read(HEAD + table).lines
    chances = {line.person: inviting.Chance(f"id of {line.name}", f"link of {line.name}") for line in lines}
    return await mira_does(world, inviting.invite_all, lines=lines, chances=chances)


async def refused(world: World, table: str) -> dict[str, str]:
    before = await names(world)
    with pytest.raises(Invalid) as refusal:
        await invites(world, table)
    assert await names(world) == before
    return refusal.value.fields


async def names(world: World) -> list[str]:
    return sorted(person.name for person in (await now_of(world)).people)


async def test_everybody_gets_role_sign_in_name_and_a_link_of_their_own(world: World) -> None:
    made = await invites(world, "Zainab;zainab;agent;\nIdris;;manager;harbour\n")
    assert made["people"] == 2
    assert "link of" not in str(made)
    assert await names(world) == ["Idris", "Ken", "Lola", "Mira", "Zainab"]
    entered = partial(letting_in.enter, token="link of Zainab", session_token="s", session_id=new_id(), staff_id="-")
    answer = await world.db.act(None, None, entered)
    assert (answer["name"], answer["login"]) == ("Zainab", "zainab")
    assert ("person.invite", "id of Idris") in await audited(world)


async def test_one_wrong_line_and_nobody_is_invited(world: World) -> None:
    assert await refused(world, "Zainab;;agent;\nken;;agent;\n") == {"3": "name-taken"}
    assert await refused(world, "Zainab;;agent;\nZAINAB;;agent;\n") == {"3": "name-taken"}
    assert await refused(world, "Zainab;;agent;\nIdris;;admin;\n") == {"3": "role-too-high"}


async def test_a_sign_in_name_that_is_known_is_nobody_elses(world: World) -> None:
    chosen = partial(letting_in.choose_password, staff_id=world.ken.id, login="ken", password_hash="x")
    await world.db.act(None, None, chosen)
    assert await refused(world, "Kenneth;KEN;agent;\n") == {"2": "login-known"}


async def test_a_manager_invites_into_the_branches_they_arrange_and_no_others(world: World) -> None:
    await branch_of_its_own(world.db, world.clock, "market")
    table = "Zainab;zainab;agent;harbour\nZainab;zainab;manager;market\n"
    assert await refused(world, table) == {"3": "branch-unknown"}
    await world.db.act(None, None, partial(_grant, staff_id=world.mira.id, branch="market", role="agent"))
    assert await refused(world, table) == {"3": "branch-unknown"}
    await world.db.act(None, None, partial(_grant, staff_id=world.mira.id, branch="market", role="manager"))
    assert (await invites(world, table))["people"] == 1
    assert await world.ask(people.grants, "id of Zainab") == {"harbour": "agent", "market": "manager"}


async def test_each_branchs_trail_tells_of_who_was_let_in_there(world: World) -> None:
    market = await branch_of_its_own(world.db, world.clock, "market")
    await world.db.act(None, None, partial(_grant, staff_id=world.mira.id, branch="market", role="manager"))
    before = await market.branch_row()
    await invites(world, "Zainab;zainab;agent;\nZainab;zainab;manager;market\nIdris;;agent;market\n")
    assert [await _told(world, place) for place in ("harbour", "market")] == [
        [("id of Zainab", {"role": "agent"})],
        [("id of Zainab", {"role": "manager"}), ("id of Idris", {"role": "agent"})],
    ]
    after = await market.branch_row()
    assert (after.version, after.arranged) == (before.version, before.arranged)


async def _told(world: World, place: str) -> list[tuple[str, Any]]:
    mine = select(AuditLine).where(AuditLine.actor_id == world.mira.id, AuditLine.branch_id == place)
    lines = await world.db.ask(lambda session: list(session.scalars(mine.order_by(AuditLine.id))))
    return [(line.subject, line.after) for line in lines]


def _grant(session: Session, _: None, now: Any, *, staff_id: str, branch: str, role: str) -> dict[str, Any]:
    assert session.get(StaffMember, staff_id)
    session.merge(Grant(staff_id=staff_id, branch_id=branch, role=role))
    return {}
