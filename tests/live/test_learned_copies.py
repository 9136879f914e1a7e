"""A start goes on from a copy of what was learned as if it had never stopped; without a good one it reads the diary."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from server.actions import keeping
from server.actions.arranging import opening
from server.app import create_app
from server.db import Unchanged
from server.domain.base import from_ms
from server.domain.forecast import FORM, Forecaster
from server.domain.learned import Copy, Learned
from server.domain.moves import Move
from server.jobs import keep_learned
from server.live import learning as live_learning
from server.live.board import Boards
from server.queries import learning
from server.settings import Settings
from server.web.known import Known
from tests.actions.manager import mira_does
from tests.live.copies import (
    anew,
    at_first_look,
    copied,
    count,
    diary_of,
    keeps,
    kept,
    knows,
    learner_of,
    lived,
    row,
    spoils,
)
from tests.live.random_life import Life
from tests.world import KEY, World, branch_of_its_own

FEW = 12  # diary lines: the newest, which may still be taken back, and those of a few minutes
LONG, AFTER = 120, 40  # things that happen
SEEDS = (1, 2)


class Reading:
    """How many diary lines were read."""

    def __init__(self) -> None:
        self.lines = 0

    def watched(self, read: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        def reads(*asked: Any) -> Sequence[Any]:
            found = read(*asked)
            self.lines += len(found)
            return found

        return reads


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    found = Reading()
    monkeypatch.setattr(learning, "lines_since", found.watched(learning.lines_since))
    return found


@pytest.fixture(params=SEEDS)
async def life(world: World, running: Boards, request: pytest.FixtureRequest) -> Life:
    return await lived(world, running, request.param, LONG)


@pytest.fixture
def running(world: World) -> Boards:
    """Those of the server that was there from the beginning."""
    return Boards(world.db.ask, world.db.now)


async def test_who_starts_from_a_copy_goes_on_as_if_it_had_never_stopped(
    world: World, running: Boards, life: Life
) -> None:
    await kept(world, running)
    await life.goes_on(AFTER)
    started = Boards(world.db.ask, world.db.now)
    for _ in range(4):
        assert await knows(world, started) == await knows(world, running)
        await life.goes_on(5)
    moves = await diary_of(world)
    assert {Move.UNDO, Move.MISS, Move.FINISH, Move.LEAVE, Move.TRANSFER} <= moves


async def test_a_first_look_with_a_copy_reads_few_lines(world: World, running: Boards, reading: Reading) -> None:
    await lived(world, running, 4, LONG)
    await kept(world, running)
    reading.lines = 0
    await at_first_look(world)
    with_copy, reading.lines = reading.lines, 0
    await world.db.act(None, None, lambda session, *_: session.execute(delete(Learned)) and {})
    await at_first_look(world)
    assert (with_copy <= FEW, reading.lines > 5 * FEW) == (True, True), (with_copy, reading.lines)


async def test_what_is_looked_at_before_anybody_comes_is_read_from_copies(
    world: World, running: Boards, reading: Reading, tmp_path: Path
) -> None:
    await lived(world, running, seed=5)
    await world.queue("Ada", "Bo")
    await kept(world, running)
    reading.lines = 0
    url = world.db._reading.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, data_dir=tmp_path, secret_key=KEY.decode())
    app = create_app(settings, clock=world.clock)
    try:
        await Known(app.state.kit).look_ahead()
        assert app.state.kit.boards.last(world.branch) is not None
        assert reading.lines <= FEW
    finally:
        await asyncio.to_thread(app.state.db.close)


BROKEN: dict[str, dict[str, Any]] = {
    "empty": {"state": ""},
    "cut off": {"state": '{"forecaster":{"learning":{"durations":{"new-passp'},
    "of another shape": {"state": '{"forecaster":{"learning":{},"calibration":{}},"diary":{}}'},
    "no numbers": {"state": lambda state: state.replace("0", "NaN")},
    "null": {"state": "null"},
    "much too deep": {"state": "[" * 100_000},
    "of an older form": {"form": FORM - 1},
    "of a newer form": {"form": FORM + 1},
    "of a diary that is gone": {"version": 10**9},
    "of the future": {"until": from_ms(4_000_000_000_000)},
}


async def test_what_cannot_be_gone_on_from_is_said_once_read_anew_and_replaced(
    world: World, running: Boards, caplog: pytest.LogCaptureFixture, reading: Reading
) -> None:
    await lived(world, running, seed=6)
    await kept(world, running)
    for how, columns in BROKEN.items():
        caplog.clear()
        await spoils(world, **columns)
        started = Boards(world.db.ask, world.db.now)
        assert await knows(world, started) == await anew(world), how
        await started.refresh(world.branch)
        assert [said.split(":")[0] for said in caplog.messages] == [
            "what harbour had learned is read again from its diary"
        ], how
        await kept(world, started)
        reading.lines = 0
        assert await at_first_look(world) == await knows(world, started), how
        assert (reading.lines <= FEW, len(caplog.messages)) == (True, 1), how


async def test_no_older_copy_takes_the_place_of_a_newer_one(world: World, running: Boards) -> None:
    await lived(world, running, seed=7)
    newer = await copied(world)
    older = Copy(newer.branch_id, newer.version, newer.until - 60_000, newer.form, "older")
    newest = Copy(newer.branch_id, newer.version, newer.until + 60_000, newer.form, "newest")
    done = [await keeps(world, copy) for copy in (newer, older, newest, newer)]
    assert done == [True, False, True, False]
    assert (await row(world)).state == "newest"


async def test_where_nothing_happens_nothing_is_kept_and_what_was_kept_is_not_kept_again(
    world: World, running: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.refresh(world.branch)
    await keep_learned(world.db, running)
    assert await count(world) == 0
    life = await lived(world, running, seed=8)
    await kept(world, running)
    world.clock.forward(minutes=30)
    await running.refresh(world.branch)
    await kept(world, running)  # of what happened in the last minutes before
    before = await row(world)
    asked: list[Copy] = []

    def noted(*_: Any, copy: Copy) -> Unchanged:
        asked.append(copy)
        return Unchanged(False)

    monkeypatch.setattr(keeping, "keep", noted)
    for _ in range(3):
        world.clock.forward(minutes=30)
        await running.refresh(world.branch)
        await keep_learned(world.db, running)
    assert (asked, (await row(world)).until) == ([], before.until)
    await life.goes_on(3)
    await running.refresh(world.branch)
    world.clock.forward(minutes=6)
    await running.refresh(world.branch)
    await keep_learned(world.db, running)
    assert len(asked) == 1


async def test_what_could_not_be_kept_is_kept_the_next_time(
    world: World, running: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(world, running, seed=9)
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "keep", None)
        with pytest.raises(TypeError):
            await keep_learned(world.db, running)
    await keep_learned(world.db, running)
    assert await count(world) == 1


async def test_when_practice_is_cleared_what_it_taught_is_gone(world: World, running: Boards) -> None:
    await lived(world, running, seed=10)
    late = await copied(world)
    await kept(world, running)
    await mira_does(world, opening.clear_practice, name="Harbour Branch")
    assert await count(world) == 0
    assert await keeps(world, late) is False  # by a process that had not heard of it
    assert await count(world) == 0
    assert await knows(world, Boards(world.db.ask, world.db.now)) == await knows(world, running)
    untaught, taught = Forecaster().kept(), (await learner_of(world, running)).forecaster.kept()
    for part in ("durations", "gap", "leaving", "no_shows"):  # who stands at a counter stays, and so do their breaks
        assert taught["learning"][part] == untaught["learning"][part]
    assert taught["calibration"] == untaught["calibration"]


async def test_when_practice_is_cleared_elsewhere_what_this_branch_learned_stays(
    world: World, running: Boards, reading: Reading
) -> None:
    """A new epoch makes every board begin anew; that must not cost each branch its whole diary."""
    quay = await branch_of_its_own(world.db, world.clock, "quay")
    await lived(world, running, seed=11)
    await kept(world, running)
    await mira_does(quay, opening.clear_practice, name="Harbour Branch")
    reading.lines = 0
    await running.refresh(world.branch)
    assert reading.lines <= FEW


@pytest.mark.parametrize("starts", [True, False])
async def test_who_would_miss_lines_begins_anew(
    world: World, running: Boards, monkeypatch: pytest.MonkeyPatch, starts: bool
) -> None:
    """A copy that is older than what is read of a diary, and a board that nobody looked at for so long."""
    life = await lived(world, running, seed=12)
    await kept(world, running)
    slept = Boards(world.db.ask, world.db.now)
    if not starts:
        await slept.refresh(world.branch)
    monkeypatch.setattr(live_learning, "LINES", 10)
    await life.goes_on(AFTER)
    assert await knows(world, slept) == await anew(world)
