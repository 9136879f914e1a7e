"""A person's rights change, and what they have open follows within two seconds, on both databases."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions.arranging import staff
from server.branch_file import PersonSection, parse
from server.db import Database
from server.domain.people import EVERYWHERE, Grant, Role
from server.first_start import set_up
from server.live.wire import Close
from server.queries import people
from tests.live import test_endings as endings
from tests.live.conftest import PATIENCE, Wire, always_open, ended, served
from tests.live.test_controls import IMPATIENT, nothing
from tests.world import harbour

Change = Callable[[Wire, Database], Awaitable[None]]
MARKET = "/api/v1/live/branches/market"


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """Once on SQLite and once on PostgreSQL."""
    async with served(database_url, tmp_path) as found:
        yield found


async def role_changes(wire: Wire, db: Database) -> None:
    """Ken becomes a manager: what he may is asked again."""
    await _does(wire, db, staff.change, section=PersonSection(name="Ken", role="manager"))


async def file_changes_role(wire: Wire, db: Database) -> None:
    """The branch's file makes Ken a manager, by the command, beside the server."""
    now_manager = always_open(harbour()).replace('name = "Ken"\nrole = "agent"', 'name = "Ken"\nrole = "manager"')
    assert now_manager != always_open(harbour())
    await set_up(db, parse(now_manager))


async def person_goes(wire: Wire, db: Database) -> None:
    await _does(wire, db, staff.remove)


async def sessions_end(wire: Wire, db: Database) -> None:
    await _does(wire, db, staff.end_sessions)


async def second_step_is_reset(wire: Wire, db: Database) -> None:
    await _does(wire, db, staff.reset_second_step)


async def one_session_ends(wire: Wire, db: Database) -> None:
    (session,) = await wire.world.ask(_sessions, wire.world.ken.id)
    await _does(wire, db, staff.end_session, session_id=session)


CHANGES: list[tuple[Change, bool]] = [
    (role_changes, True),
    (file_changes_role, True),
    (person_goes, False),
    (sessions_end, False),
    (one_session_ends, False),
    (second_step_is_reset, False),
]
"""What happens to Ken, and whether he may come back with what he has."""


@pytest.mark.parametrize(("change", "comes_back"), CHANGES, ids=lambda each: getattr(each, "__name__", ""))
async def test_an_open_console_ends_within_two_seconds(both: Wire, change: Change, comes_back: bool) -> None:
    console = f"/live/counters/{both.world.counters['1']}"
    ken, lola = await both.enters("Ken"), await both.enters("Lola")
    async with both.connects(console, ken) as kens, both.connects(console, lola) as lolas:
        assert await ended(kens, PATIENCE) is None
        assert await ended(lolas, PATIENCE) is None
        async with both.another_process() as db:
            await change(both, db)
            await endings._ends_in_time(kens)
        assert await endings._still_hears(both, lolas)
    assert await both.refusal(console, ken) == (None if comes_back else Close.NOT_YOURS)


async def test_whoever_loses_one_branch_of_two_keeps_the_other(both: Wire) -> None:
    await both.app.state.db.act(None, None, partial(_grant, staff_id=both.world.ken.id, branch="market"))
    await both.app.state.db.act(None, None, partial(_grant, staff_id=both.world.mira.id, branch=EVERYWHERE))
    ken = both.person("Ken")
    async with both.connects(endings.HARBOUR, ken) as here, both.connects(MARKET, ken) as there:
        assert await ended(here, PATIENCE) is None
        assert await ended(there, PATIENCE) is None
        async with both.another_process() as db:
            await person_goes(both, db)
            await endings._ends_in_time(here)
            await endings._ends_in_time(there)  # told to come back: who he is, is asked again
    assert await both.refusal(endings.HARBOUR, ken) == Close.NOT_YOURS
    assert await both.refusal(MARKET, ken) is None


@pytest.mark.parametrize("planted", ["server.live.hub.Hub.revoke", "server.access.Memory.forget"])
async def test_a_right_that_outlives_its_end_would_be_noticed(
    both: Wire, planted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted, nothing)
    monkeypatch.setattr(endings, "PATIENCE", IMPATIENT)
    with pytest.raises((AssertionError, TimeoutError)):
        await test_an_open_console_ends_within_two_seconds(both, person_goes, comes_back=False)


async def _does(wire: Wire, db: Database, action: Any, **more: Any) -> None:
    asked = partial(action, by=wire.world.mira.actor, staff_id=wire.world.ken.id, **more)
    await db.act("harbour", None, asked)


def _sessions(session: Session, staff_id: str) -> list[str]:
    return [one.id for one in people.sessions_of(session, staff_id)]


def _grant(session: Session, _: None, now: datetime, *, staff_id: str, branch: str) -> dict[str, Any]:
    session.merge(Grant(staff_id=staff_id, branch_id=branch, role=Role.MANAGER))
    return {}
