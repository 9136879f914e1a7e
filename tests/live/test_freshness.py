"""What a board must not miss: what its own process does, what another does, whatever anybody forges."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import helping
from server.actions.arranging import place
from server.domain.errors import Unavailable
from server.live.board import UNKNOWN, Boards
from server.live.views import BoardView
from tests.world import World

FORGED = 10**15


class Questions:
    """The database as boards ask it, counted; `meanwhile` is done while the next question is under way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked = 0
        self.meanwhile: Callable[[], Any] | None = None
        self.away = False

    async def __call__(self, question: Callable[[Session], Any]) -> Any:
        self.asked += 1
        answer = await self._world.db.ask(question)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        if self.away:
            raise Unavailable
        return answer


async def test_a_forged_version_costs_one_look_and_hides_nothing_that_comes_after(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock)
    await boards.fresh(world.branch)
    boards.announced(world.branch, FORGED)
    before = questions.asked
    await boards.fresh(world.branch)
    await boards.fresh(world.branch)
    assert questions.asked == before + 1
    version = (await world.ada.joins())["version"]
    boards.announced(world.branch, version)
    assert (await boards.fresh(world.branch)).version == version


@pytest.mark.parametrize("forged_first", [True, False])
async def test_what_happens_during_a_refresh_is_seen_after_it_whatever_was_forged(
    world: World, forged_first: bool
) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock)
    await boards.fresh(world.branch)
    if forged_first:
        boards.announced(world.branch, FORGED)

    async def somebody_joins() -> None:
        boards.announced(world.branch, (await world.ada.joins())["version"])
        if not forged_first:
            boards.announced(world.branch, FORGED)

    questions.meanwhile = somebody_joins
    assert (await boards.refresh(world.branch)).tickets == ()
    assert len((await boards.fresh(world.branch)).tickets) == 1


async def test_nobody_is_shown_the_old_state_while_the_new_one_is_being_read(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock)
    await boards.fresh(world.branch)
    boards.announced(world.branch, (await world.ada.joins())["version"])
    seen: list[asyncio.Task[BoardView]] = []

    async def somebody_looks() -> None:
        seen.append(asyncio.create_task(boards.fresh(world.branch)))
        await asyncio.sleep(0)

    questions.meanwhile = somebody_looks
    await boards.fresh(world.branch)
    assert len((await seen[0]).tickets) == 1


async def test_a_nudge_outlives_a_refresh_that_failed(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock)
    await boards.fresh(world.branch)
    boards.announced(world.branch, (await world.ada.joins())["version"])
    questions.away = True
    with pytest.raises(Unavailable):
        await boards.fresh(world.branch)
    questions.away = False
    assert len((await boards.fresh(world.branch)).tickets) == 1


async def test_when_nudges_may_have_been_lost_every_branch_is_looked_at_once(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock)
    await boards.fresh(world.branch)
    await world.ada.joins()
    boards.doubt()
    assert len((await boards.fresh(world.branch)).tickets) == 1
    before = questions.asked
    await boards.fresh(world.branch)
    assert questions.asked == before


async def test_nudges_about_branches_that_nobody_looks_at_fill_no_memory(world: World) -> None:
    boards = Boards(world.db.ask, world.clock)
    for number in range(100):
        boards.announced(f"made-up-{number}", FORGED)
    boards.announced(world.branch, UNKNOWN)
    assert not boards._claimed


async def test_beside_others_a_page_is_as_new_as_what_another_process_answered_though_no_nudge_came(
    world: World,
) -> None:
    here = Boards(world.db.ask, world.clock, alone=False)
    await here.fresh(world.branch)
    for person in (world.ada, world.bo):
        version = (await person.joins())["version"]
        assert (await here.fresh(world.branch)).version == version


async def test_a_process_that_believed_to_be_alone_would_be_noticed(world: World) -> None:
    here = Boards(world.db.ask, world.clock)
    await here.fresh(world.branch)
    version = (await world.ada.joins())["version"]
    assert (await here.fresh(world.branch)).version < version


async def test_beside_others_nothing_is_drawn_again_while_nothing_moves(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock, alone=False)
    view = await boards.fresh(world.branch)
    before = questions.asked
    assert all(seen is view for seen in await asyncio.gather(*(boards.fresh(world.branch) for _ in range(500))))
    assert questions.asked - before <= 2


async def test_an_answer_during_a_look_is_not_missed_by_who_asks_after_it(world: World) -> None:
    questions = Questions(world)
    boards = Boards(questions, world.clock, alone=False)
    await boards.fresh(world.branch)
    later: list[asyncio.Task[BoardView]] = []

    async def somebody_joins_and_looks() -> None:
        await world.ada.joins()
        later.append(asyncio.create_task(boards.fresh(world.branch)))
        await asyncio.sleep(0)

    questions.meanwhile = somebody_joins_and_looks
    await boards.fresh(world.branch)
    assert len((await later[0]).tickets) == 1


async def test_a_notice_comes_and_goes_in_its_second_though_nothing_moves(world: World) -> None:
    questions, begins = Questions(world), world.clock() + timedelta(seconds=4)
    boards, ends = Boards(questions, world.clock), begins + timedelta(seconds=3)
    await world.act(place.put_up, by=world.mira.actor, notice={"en": "Fire drill"}, begins=begins, ends=ends)
    seen = []
    for _ in range(9):
        seen.append((await boards.fresh(world.branch)).branch.notice is not None)
        world.clock.forward(seconds=1)
    assert seen == [False] * 4 + [True] * 3 + [False] * 2
    assert questions.asked == 3  # when it is first looked at, and at either moment


async def test_a_view_is_true_until_doors_close_or_a_call_for_help_is_old(world: World) -> None:
    closes = (await world.view()).branch.closes_at
    assert (await world.view()).true_until == closes
    await world.act(helping.call_for_help, by=world.mira.actor, service_id="renewals")
    view = await world.view()
    assert view.branch.help is not None
    assert view.true_until == view.branch.help.until
    assert not view.is_over(view.branch.help.until - timedelta(milliseconds=1))
    assert view.is_over(view.branch.help.until)
