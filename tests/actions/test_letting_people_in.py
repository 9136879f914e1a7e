"""Whom and what a manager lets in: people with their roles and links, screens with theirs."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import letting_in, serving
from server.actions.arranging import screens, staff
from server.branch_file import DeviceSection, PersonSection
from server.chance import hashed, new_id
from server.db import Key
from server.domain.errors import Conflict, CounterBusy, Forbidden, Invalid, LinkUsed, NotFound
from server.domain.people import EVERYWHERE, Grant, StaffMember
from server.jobs import note_screens
from server.live.board import Boards
from server.live.hub import Hub
from server.live.watching import Topic
from server.queries import branches, people
from tests.actions.manager import mira_does, now_of, problems
from tests.live.simulated import Ear
from tests.world import World, branch_of_its_own

ZAINAB = PersonSection(name="Zainab", role="agent")
SIDE_DOOR = DeviceSection(name="Side door", kind="kiosk")


async def test_whoever_is_invited_enters_once_with_the_link(world: World) -> None:
    invited = await mira_does(world, staff.invite, staff_id="z", section=ZAINAB, token="t" * 22)
    assert invited["id"] == "z"
    answer = await _enters(world, "t" * 22)
    assert (answer["staff"], answer["name"]) == ("z", "Zainab")
    with pytest.raises(LinkUsed):
        await _enters(world, "t" * 22)


async def test_no_answer_that_is_kept_holds_a_token(world: World) -> None:
    token = "a-token-that-must-not-be-kept"
    kept = Key("staff:mira", "k", "f")
    first = await mira_does(world, staff.invite, key=kept, staff_id="z", section=ZAINAB, token=token)
    again = await mira_does(world, staff.invite, key=kept, staff_id="y", section=ZAINAB, token=token)
    assert again == first
    assert token not in str(first)


async def test_a_new_link_ends_the_one_before(world: World) -> None:
    await mira_does(world, staff.invite, staff_id="z", section=ZAINAB, token="first")
    await mira_does(world, staff.renew_link, staff_id="z", token="second")
    with pytest.raises(LinkUsed):
        await _enters(world, "first")
    assert (await _enters(world, "second"))["staff"] == "z"


async def test_nobody_gives_a_role_above_their_own(world: World) -> None:
    admin = PersonSection(name="Root", role="admin")
    assert await problems(world, staff.invite, staff_id="r", section=admin, token="t") == {"role": "role-too-high"}
    ken_as_admin = PersonSection(name="Ken", role="admin")
    wrong = await problems(world, staff.change, staff_id=world.ken.id, section=ken_as_admin)
    assert wrong == {"role": "role-too-high"}


async def test_two_people_of_one_branch_have_two_names(world: World) -> None:
    ken = PersonSection(name="ken", role="agent")
    assert await problems(world, staff.invite, staff_id="k", section=ken, token="t") == {"name": "name-taken"}


async def test_a_link_is_not_made_for_somebody_who_may_more_elsewhere(world: World) -> None:
    """It would let its maker in as them, there too."""
    await _grants(world, world.ken.id, "hill", "manager")
    for action, more in ((staff.renew_link, {"token": "t"}), (staff.end_sessions, {}), (staff.remove, {})):
        with pytest.raises(Forbidden):
            await mira_does(world, action, staff_id=world.ken.id, **more)


async def test_everybody_may_renew_their_own_link_and_end_their_own_sessions(world: World) -> None:
    await mira_does(world, staff.renew_link, staff_id=world.mira.id, token="t")
    await mira_does(world, staff.end_sessions, staff_id=world.mira.id)
    with pytest.raises(Forbidden):
        await mira_does(world, staff.remove, staff_id=world.mira.id)


async def test_whoever_is_removed_is_off_duty_and_cannot_come_back_in(world: World) -> None:
    await world.ken.takes("1")
    await mira_does(world, staff.remove, staff_id=world.ken.id)
    assert await world.ask(branches.duty_of, world.ken.id) is None
    assert await world.ask(people.grants, world.ken.id) == {}
    assert not await world.ask(people.is_active, world.ken.id)
    assert await world.ask(people.open_links, world.ken.id, world.clock()) == []


async def test_nobody_is_removed_while_numbers_that_were_sent_to_them_wait(world: World) -> None:
    await world.ada.joins()
    await world.lola.takes("2")
    await world.lola.calls_next()
    await world.lola.does(serving.transfer, world.ada.ticket, agent=world.ken.id)
    with pytest.raises(Conflict) as refused:
        await mira_does(world, staff.remove, staff_id=world.ken.id)
    assert (refused.value.slug, refused.value.params) == ("person-awaited", {"n": 1})


async def test_nobody_is_removed_while_serving(world: World) -> None:
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()
    with pytest.raises(CounterBusy):
        await mira_does(world, staff.remove, staff_id=world.ken.id)


async def test_whoever_works_elsewhere_too_keeps_that(world: World) -> None:
    await _grants(world, world.ken.id, "hill", "agent")
    await _grants(world, world.mira.id, EVERYWHERE, "manager")
    await mira_does(world, staff.remove, staff_id=world.ken.id)
    assert await world.ask(people.grants, world.ken.id) == {"hill": "agent"}
    assert await world.ask(people.is_active, world.ken.id)


async def test_one_person_has_different_roles_in_several_branches(world: World) -> None:
    await _grants(world, world.mira.id, EVERYWHERE, "manager")
    market = await branch_of_its_own(world.db, world.clock, "market")
    await _in_market(world, staff.change, staff_id=market.ken.id, section=PersonSection(name="Kenneth", role="agent"))
    await _in_market(world, staff.add_role, staff_id=world.ken.id, role="manager")
    assert await world.ask(people.grants, world.ken.id) == {"harbour": "agent", "market": "manager"}
    with pytest.raises(Conflict):
        await _in_market(world, staff.add_role, staff_id=world.ken.id, role="agent")
    with pytest.raises(Invalid):  # somebody else there is called so
        await _in_market(world, staff.add_role, staff_id=world.lola.id, role="agent")


async def test_nobody_gives_a_role_to_a_stranger_or_above_their_own(world: World) -> None:
    await branch_of_its_own(world.db, world.clock, "market")
    await _grants(world, world.mira.id, "market", "manager")
    await _stranger(world)
    for somebody in ("stranger", world.mira.id):
        with pytest.raises((Forbidden, Conflict)):
            await _in_market(world, staff.add_role, staff_id=somebody, role="agent")
    with pytest.raises(Invalid):
        await _in_market(world, staff.add_role, staff_id=world.ken.id, role="admin")


async def test_people_of_another_branch_are_not_found(world: World) -> None:
    await _stranger(world)
    with pytest.raises(NotFound):
        await mira_does(world, staff.renew_link, staff_id="stranger", token="t")


async def test_a_screen_is_paired_by_its_link_once(world: World) -> None:
    await mira_does(world, screens.add, device_id="d", section=SIDE_DOOR, token="t")
    paired = await _pairs(world, "t", "c")
    assert (paired["device"], paired["kind"]) == ("d", "kiosk")
    with pytest.raises(LinkUsed):
        await _pairs(world, "t", "c2")


async def test_a_paired_screen_goes_on_until_its_new_link_is_opened(world: World) -> None:
    await mira_does(world, screens.add, device_id="d", section=SIDE_DOOR, token="t")
    await _pairs(world, "t", "old")
    await mira_does(world, screens.renew_link, device_id="d", token="t2")
    assert await _screen(world, "old") == "d"
    await _pairs(world, "t2", "new")
    assert (await _screen(world, "old"), await _screen(world, "new")) == (None, "d")


async def test_a_screen_that_is_connected_was_seen_now(world: World) -> None:
    hub = Hub(Boards(world.db.ask, world.clock), {"lobby": lambda *_: b""}, world.clock)
    await mira_does(world, screens.add, device_id="d", section=SIDE_DOOR, token="t")
    await hub.watch(Topic("lobby", world.branch), {("device", "d")}, Ear())
    world.clock.forward(hours=1)
    await note_screens(world.db, hub)
    seen = {device.name: device.seen_at for device in (await now_of(world)).devices}
    assert seen == {"Door": None, "Wall": None, "Side door": world.clock()}


async def test_a_revoked_screen_and_its_link_are_closed(world: World) -> None:
    await mira_does(world, screens.add, device_id="d", section=SIDE_DOOR, token="t")
    await mira_does(world, screens.revoke, device_id="d")
    with pytest.raises(LinkUsed):
        await _pairs(world, "t", "c")
    assert [device.name for device in (await now_of(world)).devices] == ["Door", "Wall"]
    await mira_does(world, screens.add, device_id="d2", section=SIDE_DOOR, token="t2")


async def test_two_screens_have_two_names(world: World) -> None:
    door = DeviceSection(name="door", kind="lobby")
    assert await problems(world, screens.add, device_id="d", section=door, token="t") == {"name": "device-taken"}


async def test_the_arrangement_says_who_can_come_in_and_until_when(world: World) -> None:
    setup = await now_of(world)
    assert [(p.name, p.role, p.joined) for p in setup.people] == [
        ("Mira", "manager", False),
        ("Ken", "agent", False),
        ("Lola", "agent", False),
    ]
    assert setup.people[0].link_until == world.clock() + timedelta(days=7)
    assert [(d.name, d.paired_at) for d in setup.devices] == [("Door", None), ("Wall", None)]


async def _enters(world: World, token: str) -> Any:
    """Open a person's link in a browser."""
    entered = partial(letting_in.enter, token=token, session_token=new_id(), session_id=new_id(), staff_id="-")
    return await world.db.act(None, None, entered)


async def _pairs(world: World, token: str, cookie: str) -> Any:
    """Open a screen's link; `cookie` is what its browser gets."""
    return await world.db.act(None, None, partial(letting_in.pair, token=token, cookie=cookie))


async def _grants(world: World, staff_id: str, branch: str, role: str) -> None:
    def grant(session: Session, _: None, now: Any) -> dict[str, Any]:
        session.merge(Grant(staff_id=staff_id, branch_id=branch, role=role))
        return {}

    await world.db.act(None, None, grant)


async def _in_market(world: World, action: Any, **arguments: Any) -> Any:
    """Mira, in the other branch."""
    return await world.db.act("market", None, partial(action, by=world.mira.actor, **arguments))


async def _stranger(world: World) -> None:
    def add(session: Session, _: None, now: Any) -> dict[str, Any]:
        session.add(StaffMember(id="stranger", name="Stranger", active=True, created_at=now))
        session.flush()
        session.add(Grant(staff_id="stranger", branch_id="hill", role="agent"))
        return {}

    await world.db.act(None, None, add)


async def _screen(world: World, secret: str) -> str | None:
    found = await world.ask(people.device_by_secret, hashed(secret))
    return found.id if found else None
