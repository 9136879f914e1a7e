"""Inside a server: day after day in real time, told in one line, and never the end of the server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from server.bus import InProcessBus
from server.db import Database
from server.demo.kinds import BANK
from server.demo.living import Demo, Living, NoSuchDemo
from server.domain.presence import Presence
from server.first_start import set_up
from server.live.board import Boards
from server.queries import tickets
from tests import databases
from tests.demo.lived import morning
from tests.world import KEY

PATIENCE = 60  # seconds on a machine that is busy
QUICK = Demo(morning(BANK, 1), 1, 1200)  # a day takes a few seconds: quicker than anybody may ask for


@asynccontextmanager
async def living(url: str, tell: Callable[[str], None]) -> AsyncIterator[tuple[Database, "asyncio.Task[None]"]]:
    db = Database(url, InProcessBus())
    life = asyncio.create_task(
        Living(QUICK, await set_up(db, QUICK.file()), Presence(KEY), tell).run(db, Boards(db.ask, db.now))
    )
    try:
        yield db, life
    finally:
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life
        db.close()


async def test_one_day_follows_another(sqlite_pattern: str, tmp_path: Path) -> None:
    told: list[str] = []
    async with living(databases.copy_of(sqlite_pattern, tmp_path), told.append) as (db, _), asyncio.timeout(PATIENCE):
        clock, days = "", 0
        while days < 2:
            await asyncio.sleep(0.2)
            days += bool(told) and told[-1][:5] < clock
            clock = told[-1][:5] if told else ""
        assert "waiting" in told[-1]
        assert await db.ask(lambda session: tickets.listed(session, "harbour", ["served"], None))


async def test_a_fault_in_the_demo_is_logged_and_stops_nothing_else(
    sqlite_pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("server.demo.living.plan_day", broken)
    async with (
        living(databases.copy_of(sqlite_pattern, tmp_path), lambda _: None) as (_, life),
        asyncio.timeout(PATIENCE),
    ):
        await life
    assert "the server goes on" in caplog.text


def test_only_what_there_is_can_be_shown() -> None:
    assert Demo.of("clinic", 3, "60").kind.name == "clinic"
    for kind, speed in (("zoo", "20"), ("bank", "0.5"), ("bank", "nan"), ("bank", "")):
        with pytest.raises(NoSuchDemo):
            Demo.of(kind, 1, speed)
