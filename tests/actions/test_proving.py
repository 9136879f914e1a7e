"""The second step of signing in: what a session is worth before it and after it, on both databases."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from server import access
from server.actions import letting_in, proving
from server.actions.arranging import staff
from server.chance import hashed, new_id, new_letter
from server.domain.errors import Conflict, Forbidden, Invalid, LinkUsed, NotFound, SecondStepNeeded, SignInNeeded
from server.domain.people import StaffSession
from server.domain.second_step import digits_at, recovery_codes, step_at
from server.queries import people
from tests.actions.manager import audited, mira_does
from tests.world import World

SALT = "s" * 16


class Browser:
    """One of Mira's."""

    def __init__(self, world: World, person: str = "mira") -> None:
        self.world, self.token = world, new_id()
        self.who = getattr(world, person)

    async def signs_in(self) -> "Browser":
        """With the right password."""
        opened = partial(letting_in.sign_in, staff_id=self.who.id, session_token=self.token, session_id=new_id())
        self.waits = (await self.world.db.act(None, None, opened))["waits"]
        return self

    async def proves(self, typed: str) -> dict[str, Any]:
        fresh = new_id()
        answer: dict[str, Any] = await self.world.db.act(None, None, partial(
            proving.prove, waiting=self.token, typed=typed, presence=self.world.presence, session_token=fresh,
            session_id=new_id(),
        ))  # fmt: skip
        self.token = fresh
        return answer

    async def sets_up(self, typed: str = "", recovery: list[str] | None = None) -> list[str]:
        session = await self.is_()
        mine = (session.session_id if session else None) or ""
        codes = recovery or recovery_codes(new_letter)
        await self.world.db.act(None, None, partial(
            proving.set_up, staff_id=self.who.id, session_id=mine, salt=SALT,
            typed=typed or self.phone(), presence=self.world.presence, recovery=codes,
        ))  # fmt: skip
        return codes

    async def does(self, action: Any, typed: str, **more: Any) -> Any:
        asked = partial(action, staff_id=self.who.id, typed=typed, presence=self.world.presence, **more)
        return await self.world.db.act(None, None, asked)

    async def is_(self, *, all_prove: bool = False) -> access.Staff | None:
        ask = partial(access.staff_by_session, token=self.token, now=self.world.clock(), all_prove=all_prove)
        found: access.Staff | None = await self.world.db.ask(ask)
        return found

    def phone(self, later: int = 0) -> str:
        """What the app shows."""
        key = self.world.presence.sign_in_key(self.who.id, SALT)
        return digits_at(key, step_at(self.world.clock()) + later)


async def with_codes(world: World) -> list[str]:
    codes = await (await Browser(world).signs_in()).sets_up()
    world.clock.forward(minutes=1)
    return codes


async def test_with_codes_a_password_alone_lets_nobody_in(world: World) -> None:
    await with_codes(world)
    thief = await Browser(world).signs_in()
    assert (thief.waits, await thief.is_()) == (True, None)


async def test_a_code_from_the_phone_lets_in_and_the_halfway_token_is_worth_nothing_afterwards(world: World) -> None:
    await with_codes(world)
    mira = await Browser(world).signs_in()
    half = mira.token
    await mira.proves(mira.phone())
    known = await mira.is_()
    assert known is not None
    assert (known.proven, known.may("manager", "harbour")) == (True, True)
    assert await world.ask(people.waiting_session, hashed(half), world.clock()) is None


async def test_a_code_is_good_once(world: World) -> None:
    await with_codes(world)
    mira, thief = await Browser(world).signs_in(), await Browser(world).signs_in()
    seen = mira.phone()
    await mira.proves(seen)
    with pytest.raises(Invalid):
        await thief.proves(seen)


async def test_of_two_who_send_the_same_code_at_the_same_moment_one_is_let_in(world: World) -> None:
    codes = await with_codes(world)
    for typed in (Browser(world).phone(), codes[0]):
        both = [await Browser(world).signs_in() for _ in range(6)]
        came = await asyncio.gather(*(each.proves(typed) for each in both), return_exceptions=True)
        assert sorted(isinstance(each, Invalid) for each in came) == [False] + [True] * 5


async def test_a_recovery_code_stands_in_for_the_phone_once(world: World) -> None:
    codes = await with_codes(world)
    first = await (await Browser(world).signs_in()).proves(codes[3].upper())
    assert first["left"] == 9
    with pytest.raises(Invalid):
        await (await Browser(world).signs_in()).proves(codes[3])


async def test_nobody_elses_code_and_no_wrong_one_lets_in(world: World) -> None:
    codes = await with_codes(world)
    ken = await Browser(world, "ken").signs_in()
    await ken.sets_up()
    world.clock.forward(minutes=1)
    ken = await Browser(world, "ken").signs_in()
    for typed in (codes[0], Browser(world).phone(), ken.phone(5), "", "000000"):
        with pytest.raises(Invalid):
            await ken.proves(typed)


async def test_whoever_has_the_password_has_ten_minutes_for_the_second_step(world: World) -> None:
    await with_codes(world)
    late = await Browser(world).signs_in()
    world.clock.forward(minutes=10)
    with pytest.raises(SignInNeeded):
        await late.proves(late.phone())


async def test_a_one_time_link_stands_in_for_the_password_and_not_for_the_phone(world: World) -> None:
    await with_codes(world)
    await mira_does(world, staff.renew_link, staff_id=world.mira.id, token="t")
    opened = partial(letting_in.enter, token="t", session_token="s", session_id=new_id(), staff_id="-")
    assert (await world.db.act(None, None, opened))["waits"]
    assert await world.db.ask(lambda session: people.by_session(session, hashed("s"), world.clock())) is None


async def test_setting_it_up_needs_a_right_code_and_signs_out_everywhere_else(world: World) -> None:
    desk, elsewhere = await Browser(world).signs_in(), await Browser(world).signs_in()
    with pytest.raises(Invalid):
        await desk.sets_up(typed=desk.phone(7))
    assert await elsewhere.is_() is not None
    await desk.sets_up()
    assert (await elsewhere.is_(), (await _known(desk)).proven) == (None, True)
    with pytest.raises(Conflict):
        await desk.sets_up()
    assert ("second-step.set-up", world.mira.id) in await audited(world)


async def test_where_it_is_required_a_manager_without_it_counts_as_an_agent(world: World) -> None:
    mira, ken = await Browser(world).signs_in(), await Browser(world, "ken").signs_in()
    held = await _known(mira, all_prove=True)
    assert (held.may("agent", "harbour"), held.may("manager", "harbour"), held.held_back) == (True, False, True)
    with pytest.raises(SecondStepNeeded):
        held.must("manager", "harbour")
    with pytest.raises(SecondStepNeeded):
        held.must("manager", "*")
    agent = await _known(ken, all_prove=True)
    assert (agent.may("agent", "harbour"), agent.held_back) == (True, False)
    await mira.sets_up()
    assert (await _known(mira, all_prove=True)).may("manager", "harbour")


async def test_inside_an_action_a_password_alone_is_worth_an_agent_too(world: World) -> None:
    held = await _known(await Browser(world).signs_in(), all_prove=True)
    await world.ask(access.still_may, held, "agent", "harbour")
    with pytest.raises(Forbidden):
        await world.ask(access.still_may, held, "manager", "harbour")


async def test_new_recovery_codes_end_the_old_ones_and_need_a_code(world: World) -> None:
    old, fresh = await with_codes(world), recovery_codes(new_letter)
    mira = Browser(world)
    with pytest.raises(Invalid):
        await mira.does(proving.renew_recovery, "123456", recovery=fresh)
    await mira.does(proving.renew_recovery, mira.phone(), recovery=fresh)
    with pytest.raises(Invalid):
        await (await Browser(world).signs_in()).proves(old[1])
    await (await Browser(world).signs_in()).proves(fresh[1])


async def test_giving_it_up_needs_a_code_and_then_the_password_is_enough(world: World) -> None:
    codes = await with_codes(world)
    mira = await Browser(world).signs_in()
    await mira.proves(mira.phone())
    session = (await _known(mira)).session_id
    with pytest.raises(Invalid):
        await mira.does(proving.give_up, "999999", session_id=session)
    await mira.does(proving.give_up, codes[0], session_id=session)
    assert not (await Browser(world).signs_in()).waits
    assert not (await _known(mira, all_prove=True)).proven


async def test_a_manager_resets_it_for_who_has_lost_everything_and_only_for_subordinates(world: World) -> None:
    ken = await Browser(world, "ken").signs_in()
    await ken.sets_up()
    await mira_does(world, staff.reset_second_step, staff_id=world.ken.id)
    assert await ken.is_() is None
    assert not (await Browser(world, "ken").signs_in()).waits
    with pytest.raises(Forbidden):
        await mira_does(world, staff.reset_second_step, staff_id=world.mira.id)
    assert ("person.second-step-reset", world.ken.id) in await audited(world)


async def test_neither_the_key_nor_a_recovery_code_is_stored(world: World) -> None:
    codes = await with_codes(world)
    key = world.presence.sign_in_key(world.mira.id, SALT)
    stored = repr(await world.ask(_everything))
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert key.hex() not in stored


async def test_one_session_is_ended_by_its_person_and_by_a_manager_and_by_nobody_else(world: World) -> None:
    phone, desk = await Browser(world, "ken").signs_in(), await Browser(world, "ken").signs_in()
    ids = [(await _known(each)).session_id for each in (phone, desk)]
    for stranger in (world.lola.id, "nobody"):
        with pytest.raises(NotFound):
            await world.db.act(None, None, partial(letting_in.end_own, staff_id=stranger, session_id=ids[0]))
    await world.db.act(None, None, partial(letting_in.end_own, staff_id=world.ken.id, session_id=ids[0]))
    assert (await phone.is_(), await desk.is_() is not None) == (None, True)
    await mira_does(world, staff.end_session, staff_id=world.ken.id, session_id=ids[1])
    assert await desk.is_() is None


async def test_a_session_is_listed_with_its_browser_and_when_it_was_last_used(world: World) -> None:
    opened = partial(letting_in.sign_in, staff_id=world.ken.id, session_token="t", session_id="i", browser="Firefox")
    await world.db.act(None, None, opened)
    world.clock.forward(minutes=5)
    await world.db.act(None, None, partial(letting_in.note_seen, session_ids={"i"}))
    (one,) = await world.ask(people.signed_in, world.ken.id, world.clock())
    assert (one.browser, one.seen_at, one.seen_at - one.since) == ("Firefox", world.clock(), timedelta(minutes=5))


async def test_a_new_password_signs_out_every_other_browser_and_ends_links(world: World) -> None:
    desk, stolen = await Browser(world).signs_in(), await Browser(world).signs_in()
    await mira_does(world, staff.renew_link, staff_id=world.mira.id, token="t")
    chosen = partial(
        letting_in.choose_password, staff_id=world.mira.id, login="mira", password_hash="x",
        session_id=(await _known(desk)).session_id,
    )  # fmt: skip
    await world.db.act(None, None, chosen)
    assert (await desk.is_() is not None, await stolen.is_()) == (True, None)
    with pytest.raises(LinkUsed):
        await world.db.act(
            None, None, partial(letting_in.enter, token="t", session_token="u", session_id=new_id(), staff_id="-")
        )


async def test_of_two_who_open_a_link_at_the_same_moment_one_comes_in(world: World) -> None:
    await mira_does(world, staff.renew_link, staff_id=world.ken.id, token="t")
    entering = [
        partial(letting_in.enter, token="t", session_token=new_id(), session_id=new_id(), staff_id="-")
        for _ in range(8)
    ]
    came = await asyncio.gather(*(world.db.act(None, None, each) for each in entering), return_exceptions=True)
    assert sorted(isinstance(each, LinkUsed) for each in came) == [False] + [True] * 7


async def _known(browser: Browser, *, all_prove: bool = False) -> access.Staff:
    found = await browser.is_(all_prove=all_prove)
    assert found is not None
    return found


def _everything(session: Any) -> list[Any]:
    return [list(session.execute(table.select())) for table in StaffSession.metadata.sorted_tables]
