"""Everybody comes back at once after a restart: they are let in from memory, and the database hardly notices."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from server import access
from server.access import Claim
from server.domain.ticket import Ticket
from server.web.claims import Claims
from tests.databases import copy_of
from tests.live.conftest import PATIENCE, Wire, served
from tests.world import Customer, World

CROWD = 120
A_HANDFUL = 12  # statements about tickets: whose they are, and one board


@asynccontextmanager
async def restarted(url: str, folder: Path) -> AsyncIterator[tuple[Wire, list[Customer]]]:
    """A server that knows nothing yet, and a crowd that joined before it was started."""
    async with served(url, folder) as before:
        crowd = [before.world.customer(f"Guest {n}") for n in range(CROWD)]
        await asyncio.gather(*(guest.joins() for guest in crowd))
        async with served(url, folder, before) as after:
            yield after, crowd


@contextmanager
def statements(wire: Wire) -> Iterator[list[str]]:
    """What the database is asked about tickets meanwhile."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM tickets" in statement:
            asked.append(statement)

    engine = wire.app.state.db._reading
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def come_back(wire: Wire, crowd: list[Customer], state: str = "waiting") -> None:
    async def comes(guest: Customer) -> None:
        path = f"/api/v1/live/tickets/{guest.ticket}"
        async with wire.connects(path, wire.holds(guest.ticket), open_timeout=PATIENCE) as socket:
            async with asyncio.timeout(PATIENCE):
                assert json.loads(await socket.recv())["state"] == state

    await asyncio.gather(*(comes(guest) for guest in crowd))


async def test_a_crowd_that_comes_back_at_once_is_let_in_from_memory(sqlite_pattern: str, tmp_path: Path) -> None:
    async with restarted(copy_of(sqlite_pattern, tmp_path), tmp_path) as (wire, crowd):
        with statements(wire) as asked:
            await come_back(wire, crowd)
        assert len(asked) <= A_HANDFUL, asked


async def test_a_crowd_whose_visits_ended_long_ago_is_asked_for_together_and_then_remembered(
    sqlite_pattern: str, tmp_path: Path
) -> None:
    async with restarted(copy_of(sqlite_pattern, tmp_path), tmp_path) as (wire, crowd):
        await wire.world.db.act("harbour", None, _left_long_ago)
        await wire.app.state.kit.board("harbour")
        with statements(wire) as asked:
            await come_back(wire, crowd, "left")
        assert len(asked) <= CROWD // 4, asked  # by the time that they take to come, not by how many they are
        with statements(wire) as asked:
            await come_back(wire, crowd, "left")
        assert asked == []


async def test_a_question_for_each_of_a_crowd_would_be_noticed(
    sqlite_pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one_by_one(self: Claims, ticket_id: str) -> Claim | None:
        found = await self._ask(lambda session: access.claims(session, [ticket_id], None))
        return found.get(ticket_id)

    monkeypatch.setattr(Claims, "of", one_by_one)
    monkeypatch.setattr(Claims, "at_hand", lambda self, ticket_id: None)
    with pytest.raises(AssertionError, match="SELECT"):
        await test_a_crowd_that_comes_back_at_once_is_let_in_from_memory(sqlite_pattern, tmp_path)


async def test_what_a_crowd_will_ask_for_is_read_before_the_first_of_it_can_come(
    sqlite_pattern: str, tmp_path: Path
) -> None:
    async with restarted(copy_of(sqlite_pattern, tmp_path), tmp_path) as (wire, crowd):
        with statements(wire) as asked:
            await come_back(wire, crowd[:1])
        assert asked == []


async def test_a_crowd_that_has_just_joined_is_asked_for_together(sqlite_pattern: str, tmp_path: Path) -> None:
    async with restarted(copy_of(sqlite_pattern, tmp_path), tmp_path) as (wire, crowd):
        await come_back(wire, crowd[:1])
        guests = [wire.world.customer(f"Late guest {n}") for n in range(CROWD)]
        await asyncio.gather(*(guest.joins() for guest in guests))
        with statements(wire) as asked:
            found = await asyncio.gather(*(wire.app.state.kit.claims.of(guest.ticket) for guest in guests))
        assert {claim.branch_id for claim in found} == {"harbour"}
        assert len([each for each in asked if "generation" in each]) <= 2, asked


async def test_whoever_may_come_is_known_beforehand_and_others_are_asked_for(world: World) -> None:
    ada, bo, cy = await world.queue("Ada", "Bo", "Cy")
    await world.ken.takes("1")
    for _ in range(2):
        await world.ken.calls_next()
        await world.ken.serves((await world.view()).counters[0].current or "")
        world.clock.forward(minutes=50)
    known = await world.ask(access.claims, [], world.clock())
    assert set(known) == {bo.ticket, cy.ticket}  # Ada's visit ended more than an hour ago
    assert await world.ask(access.claims, [ada.ticket, "nobodys"], None) == {ada.ticket: Claim("harbour", 1)}


async def test_a_secret_that_was_revoked_while_its_claim_was_asked_for_is_not_believed_later(world: World) -> None:
    (ada,) = await world.queue("Ada")
    asked = asyncio.Event()

    async def ask(question: Any) -> Any:
        found = await world.db.ask(question)
        asked.set()
        await asyncio.sleep(0)  # the answer is on its way
        return found

    claims = Claims(ask, world.clock)
    asking = asyncio.create_task(claims.of(ada.ticket))
    await asked.wait()
    await world.db.act(world.branch, None, lambda session, branch, now: _renewed(session, ada.ticket))
    claims.forget()
    await asking
    claim = await claims.of(ada.ticket)
    assert claim is not None
    assert claim.generation == 2


async def test_a_name_that_is_none_spoils_nobody_elses_answer(world: World) -> None:
    (ada,) = await world.queue("Ada")
    claims = Claims(world.db.ask, world.clock)
    names = [ada.ticket, "\x00", "a\x00b", "\ud800", "é", "", "x" * 2000, "../" + ada.ticket]
    found = await asyncio.gather(*(claims.of(name) for name in names))
    assert [claim is not None for claim in found] == [True] + [False] * (len(names) - 1)


def _left_long_ago(session: Any, branch: Any, now: datetime) -> dict[str, Any]:
    """Every visit ended yesterday."""
    session.execute(update(Ticket).values(state="left", closed_at=now - timedelta(days=1), changed=branch.version))
    return {}


def _renewed(session: Any, ticket_id: str) -> dict[str, Any]:
    """What a revocation of a ticket's secret does."""
    session.get(Ticket, ticket_id).generation = 2
    return {}
