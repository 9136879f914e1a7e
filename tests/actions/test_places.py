"""Branches come and go by an admin's hand: added with nothing but a name, archived with all their history."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import joining
from server.actions.arranging import from_file, places
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection, parse
from server.chance import new_id, new_token
from server.domain.branch import Branch
from server.domain.errors import Conflict, CounterOccupied, Forbidden, Invalid
from server.domain.people import EVERYWHERE, Grant
from server.queries.arrangement import branches_of
from tests.actions.manager import mira_does, now_of
from tests.world import World, harbour

QUAY = checked(BranchSection, {"id": "quay", "name": "Quay Branch", "time_zone": "Africa/Lagos"})


@pytest.fixture
async def admin(world: World) -> World:
    """Mira is an admin of all branches now."""

    def promote(session: Session, _: Branch | None, now: datetime) -> dict[str, Any]:
        session.add(Grant(staff_id=world.mira.id, branch_id=EVERYWHERE, role="admin"))
        return {}

    await world.db.act(None, None, promote)
    return world


async def adds(world: World, section: BranchSection = QUAY) -> Any:
    return await world.db.act(None, None, lambda *given: places.add(*given, by=world.mira.actor, section=section))


async def test_a_new_branch_waits_to_be_arranged(admin: World) -> None:
    await adds(admin)
    found = await admin.db.ask(lambda session: branches_of(session, {EVERYWHERE: "admin"}))
    assert [(each.id, each.name) for each in found] == [("harbour", "Harbour Branch"), ("quay", "Quay Branch")]


async def test_two_branches_never_share_a_short_name(admin: World) -> None:
    await adds(admin)
    with pytest.raises(Invalid) as refused:
        await adds(admin)
    assert refused.value.fields == {"id": "id-taken"}


async def test_a_manager_of_one_branch_adds_and_archives_none(world: World) -> None:
    with pytest.raises(Forbidden):
        await adds(world)
    for action in (places.archive, places.restore):
        with pytest.raises(Forbidden):
            await mira_does(world, action)


async def test_an_archived_branch_is_closed_and_comes_back(admin: World) -> None:
    await mira_does(admin, places.archive)
    shown = (await admin.view()).branch
    assert (shown.open, shown.opens_at) == (False, None)
    with pytest.raises(Conflict):
        await admin.ada.joins()
    await mira_does(admin, places.restore)
    assert (await now_of(admin)).branch.open
    await admin.ada.joins()


async def test_nobody_works_in_an_archived_branch(admin: World) -> None:
    await mira_does(admin, places.archive)
    walk_in = joining.Joining(new_id(), "renewals", "agent", "en", here=True)
    with pytest.raises(Conflict, match="branch-archived"):
        await admin.ken.takes("1")
    with pytest.raises(Conflict, match="branch-archived"):
        await admin.act(joining.join, by=admin.ken.actor, joining=walk_in, presence=admin.presence)


async def test_a_branchs_file_does_not_bring_it_back(admin: World) -> None:
    await mira_does(admin, places.archive)
    seen = (await now_of(admin)).branch.rules["arranged"]
    chance = from_file.Chance(new_id, new_token)
    with pytest.raises(Conflict, match="branch-archived"):
        await mira_does(admin, from_file.bring, file=parse(harbour()), chance=chance, seen=seen)
    assert not (await admin.view()).branch.open


async def test_a_branch_where_somebody_waits_or_stands_is_not_archived(admin: World) -> None:
    await admin.ken.takes("1")
    with pytest.raises(CounterOccupied) as occupied:
        await mira_does(admin, places.archive)
    assert occupied.value.params == {"counter": "1", "name": "Ken"}
    await admin.ada.joins()
    with pytest.raises(Conflict) as awaited:
        await mira_does(admin, places.archive)
    assert awaited.value.params == {"n": 1}
