"""Sockets in numbers and lines: how many, how late, how slow, and who was turned away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2 as httpx
import pytest

from server.live.wire import Close
from server.web.numbered import HEADER
from tests.databases import copy_of
from tests.live.conftest import PATIENCE, Wire, ended, served
from tests.operations.conftest import Log
from tests.operations.numbers import read, since

HARBOUR = "/api/v1/live/branches/harbour"


@pytest.fixture
async def wire(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Wire]:
    async with served(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


async def test_open_sockets_and_what_they_are_sent_are_counted_by_kind(wire: Wire) -> None:
    ada, before = (await wire.world.ada.joins())["ticket"], read()
    async with (
        wire.connects(HARBOUR, wire.person("Ken")) as branch,
        wire.connects(f"/api/v1/live/tickets/{ada}", wire.holds(ada)) as phone,
    ):
        assert (await ended(branch, PATIENCE), await ended(phone, PATIENCE)) == (None, None)
        assert since(before, "nowserving_sockets", kind="branch") == 1
        assert since(before, "nowserving_sockets", kind="ticket") == 1
        await _until(lambda: since(before, "nowserving_frames_total") >= 2)
        assert since(before, "nowserving_board_refresh_seconds_count") >= 1
    await _until(lambda: since(before, "nowserving_sockets") == 0)


async def test_what_a_change_takes_to_reach_its_screens_is_measured_once(wire: Wire) -> None:
    async with wire.connects(HARBOUR, wire.person("Ken")) as socket:
        assert await ended(socket, PATIENCE) is None
        before = read()
        await wire.world.ada.joins()
        assert await ended(socket, PATIENCE) is None
        await _until(lambda: since(before, "nowserving_lag_seconds_count") == 1)
        assert 0 < since(before, "nowserving_lag_seconds_sum") < PATIENCE


async def test_where_nobody_looks_nothing_is_late(wire: Wire) -> None:
    await wire.world.ada.joins()
    before = read()
    async with wire.connects(HARBOUR, wire.person("Ken")) as socket:
        assert await ended(socket, PATIENCE) is None
        await wire.world.bo.joins()
        await _until(lambda: since(before, "nowserving_lag_seconds_count") == 1)  # hers was seen by nobody


async def test_who_does_not_read_is_counted_while_it_lasts(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    before, screens = read(), wire.app.state.kit.hub._screens
    monkeypatch.setitem(screens, "lobby", lambda view, language, subject: b"x" * 8_000_000 + str(view.version).encode())
    stuck = await wire.connects_raw("/live/lobby", wire.device("Wall"))
    await _until(lambda: since(before, "nowserving_sockets_slow") == 1)
    stuck.closes()
    await _until(lambda: since(before, "nowserving_sockets_slow") == 0)


async def test_who_is_cut_is_counted(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.connection.SEND_SECONDS", 0.2)
    before, screens = read(), wire.app.state.kit.hub._screens
    monkeypatch.setitem(screens, "lobby", lambda view, language, subject: b"x" * 8_000_000 + str(view.version).encode())
    stuck = await wire.connects_raw("/live/lobby", wire.device("Wall"))
    await _until(lambda: since(before, "nowserving_sockets_cut_total") == 1)
    await _until(lambda: since(before, "nowserving_sockets_slow") == 0)
    stuck.closes()


async def test_who_is_turned_away_has_a_line_and_a_number(wire: Wire, log: Log) -> None:
    async with wire.connects(HARBOUR, wire.device("Door", "market")) as socket:
        assert await ended(socket, PATIENCE) == Close.NOT_YOURS
        assert socket.response is not None
        number = socket.response.headers[HEADER]
    await _until(lambda: bool(log.lines("turned away")))
    (line,) = log.lines("turned away")
    assert line == line | {"request": number, "code": Close.NOT_YOURS, "route": "/api/v1/live/branches/{branch_id}"}


async def test_two_requests_of_one_connection_have_two_numbers(wire: Wire) -> None:
    async with httpx.AsyncClient(base_url=wire.home) as http:
        numbers = {(await http.get("/healthz")).headers[HEADER] for _ in range(3)}
    assert len(numbers) == 3


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)
