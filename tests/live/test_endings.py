"""What ends a socket from the server's side: a right that ends, a client that does not read, a server that stops."""

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from server.access import staff_by_session
from server.actions import forgetting, letting_in
from server.actions.arranging import screens, staff
from server.branch_file import PersonSection
from server.chance import hashed
from server.domain.errors import Unavailable
from server.domain.people import Revocation
from server.live.wire import Close
from server.queries import people
from server.web import connection, plain_line
from tests.live.conftest import PATIENCE, Wire, ended, finally_ended
from tests.live.raw import shake_hands
from tests.running import Running, running

REVOKED_WITHIN = 2.0 + 0.5  # seconds promised, and what a busy machine may add on the way to us
LOOK_EVERY = 0.05
STOPPED_WITHIN = 10.0
HARBOUR = "/api/v1/live/branches/harbour"


async def test_a_session_that_another_process_ends_takes_its_sockets_along(wire: Wire) -> None:
    ken, lola = await wire.enters("Ken"), await wire.enters("Lola")
    console = f"/live/counters/{wire.world.counters['1']}"
    session = await wire.world.ask(people.by_session, hashed(ken["Cookie"].partition("=")[2]), wire.app.state.kit.now())
    async with wire.connects(console, ken) as kens, wire.connects(console, lola) as lolas:
        assert await ended(kens, PATIENCE) is None
        assert await ended(lolas, PATIENCE) is None
        async with wire.another_process() as db:
            await db.act(None, None, partial(letting_in.sign_out, session_id=session[0].id))
            await _ends_in_time(kens)
        assert await wire.refusal(console, ken) == Close.NOT_YOURS
        assert await _still_hears(wire, lolas)


async def test_a_screen_that_another_process_revokes_sees_nothing_more(wire: Wire) -> None:
    wall = await wire.enters("Wall")
    async with wire.connects("/live/lobby", wall) as socket:
        assert await ended(socket, PATIENCE) is None
        async with wire.another_process() as db:
            gone = partial(screens.revoke, by=wire.world.mira.actor, device_id=wire.world.devices["Wall"])
            await db.act("harbour", None, gone)
            await _ends_in_time(socket)
    assert await wire.refusal("/live/lobby", wall) == Close.NOT_YOURS
    assert await wire.refusal("/live/lobby", wire.device("Wall")) == Close.NOT_YOURS


async def test_a_role_that_is_taken_away_ends_sockets_opened_with_a_key(wire: Wire) -> None:
    async with wire.connects(HARBOUR, wire.person("Ken")) as socket:
        assert await ended(socket, PATIENCE) is None
        async with wire.another_process() as db:
            gone = partial(staff.remove, by=wire.world.mira.actor, staff_id=wire.world.ken.id)
            await db.act("harbour", None, gone)
            await _ends_in_time(socket)
    assert await wire.refusal(HARBOUR, wire.person("Ken")) == Close.NOT_YOURS


async def test_a_changed_role_counts_within_two_seconds(wire: Wire) -> None:
    async with wire.connects(HARBOUR, wire.person("Ken")) as socket:
        assert await ended(socket, PATIENCE) is None
        section = PersonSection(name="Kenneth", role="agent")
        async with wire.another_process() as db:
            changed = partial(staff.change, by=wire.world.mira.actor, staff_id=wire.world.ken.id, section=section)
            await db.act("harbour", None, changed)
            await _ends_in_time(socket)
    assert await wire.refusal(HARBOUR, wire.person("Ken")) is None  # still an agent: asked again, and let in


async def test_two_revocations_saved_at_once_are_both_seen_whichever_appears_first(wire: Wire) -> None:
    """PostgreSQL gives out ids before it commits: the smaller one may appear after the larger was acted on."""
    async with wire.connects(HARBOUR, wire.person("Ken")) as kens:
        assert await ended(kens, PATIENCE) is None
        async with wire.another_process() as db:
            await db.act(None, None, partial(_revoked, id=900, subject="somebody"))
            seen = wire.app.state.kit.forgotten
            await _until(lambda: wire.app.state.kit.forgotten > seen)
            await db.act(None, None, partial(_revoked, id=899, subject=wire.world.ken.id))
            await _ends_in_time(kens)


@pytest.mark.parametrize("away", [timedelta(hours=1), timedelta(days=8)])
async def test_what_was_revoked_while_the_database_was_away_ends_when_it_is_back(
    wire: Wire, away: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After days nobody remembers what was revoked: then everybody is asked again."""
    db, clock, in_vain = wire.app.state.db, wire.app.state.db._clock, []

    def is_away(*_: Any, since: datetime) -> None:
        in_vain.append(since)
        raise Unavailable

    async with wire.connects(HARBOUR, wire.person("Ken")) as kens:
        assert await ended(kens, PATIENCE) is None
        with monkeypatch.context() as line:
            line.setattr(people, "revocations_since", is_away)
            await _until(lambda: in_vain)
            await db.act(None, None, partial(_revoked, id=900, subject=wire.world.ken.id))
            monkeypatch.setattr(db, "_clock", lambda: clock() + away)
            await db.act(None, None, forgetting.forget_doors)
        await _ends_in_time(kens)


async def test_a_session_that_ends_by_itself_ends_its_socket(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    ken = await wire.enters("Ken")
    token = ken["Cookie"].partition("=")[2]
    found = await wire.world.ask(staff_by_session, token, wire.app.state.kit.now())
    assert found.until - wire.app.state.kit.now() <= letting_in.SESSION_LIFE
    loop, later = asyncio.get_running_loop(), asyncio.get_running_loop().call_later
    half_a_day = letting_in.SESSION_LIFE.total_seconds() - 60
    with monkeypatch.context() as patch:  # the alarm of that evening rings now
        patch.setattr(loop, "call_later", lambda s, *rest, **k: later(0 if s > half_a_day else s, *rest, **k))
        async with wire.connects(f"/live/counters/{wire.world.counters['1']}", ken) as socket:
            assert await finally_ended(socket, PATIENCE) == Close.NOT_YOURS


async def test_a_client_that_reads_nothing_is_cut_and_delays_nobody(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connection, plain_line):
        monkeypatch.setattr(module, "SEND_SECONDS", 0.2)
    screens = wire.app.state.kit.hub._screens
    monkeypatch.setitem(screens, "lobby", lambda view, language, subject: b"x" * 8_000_000 + str(view.version).encode())
    await wire.connects_raw("/live/lobby", wire.device("Wall"))
    async with wire.connects(HARBOUR, wire.person("Ken")) as other:
        assert await ended(other, PATIENCE) is None
        assert await _still_hears(wire, other)
        await _until(lambda: wire.app.state.kit.hub.count() == 1)
    await _until(lambda: not wire.server.server_state.connections)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Running]:
    with running(None, tmp_path) as server:
        yield server


async def test_told_to_stop_the_server_tells_everybody_to_come_back_and_waits_for_no_stalled_client(
    town: Running,
) -> None:
    host = f"127.0.0.1:{town.port}"
    stuck = [await shake_hands(host, "/live/lobby", town.as_device("Wall")) for _ in range(5)]
    async with _lobby(town) as socket:
        assert await ended(socket, PATIENCE) is None
        assert town.process is not None
        town.process.send_signal(signal.SIGTERM)
        begun = monotonic()
        assert await finally_ended(socket, PATIENCE) == Close.RESTART
        status = await asyncio.to_thread(town.process.wait, PATIENCE)
    assert monotonic() - begun <= STOPPED_WITHIN
    assert status in (0, -signal.SIGTERM)
    for client in stuck:
        client.closes()


async def test_after_a_power_cut_the_first_thing_a_returning_screen_hears_is_the_newest_state(town: Running) -> None:
    frames: list[str] = []
    async with _branch(town) as socket:
        async with asyncio.timeout(PATIENCE):
            frames.append(str(await socket.recv()))
        await _joins(town)
        town.kill()
        assert await finally_ended(socket, PATIENCE) == 1006
    with pytest.raises((OSError, InvalidMessage)):
        await _branch(town)
    town.start()
    async with _branch(town) as socket:
        async with asyncio.timeout(PATIENCE):
            frames.append(str(await socket.recv()))
    before, after = (httpx.Response(200, text=frame).json() for frame in frames)
    assert after["v"] > before["v"]
    assert [service["waiting"] for service in after["services"]] == [1, 0]


def _lobby(town: Running) -> connect:
    return connect(f"ws://127.0.0.1:{town.port}/live/lobby", additional_headers=town.as_device("Wall"), proxy=None)


def _branch(town: Running) -> connect:
    return connect(f"ws://127.0.0.1:{town.port}{HARBOUR}", additional_headers=town.as_device("Wall"), proxy=None)


async def _joins(town: Running) -> None:
    wish = {"service": "new-passport", "presence": await asyncio.to_thread(town.code)}
    async with httpx.AsyncClient(base_url=town.base, timeout=PATIENCE) as http:
        key = {"Idempotency-Key": os.urandom(24).hex()}
        answer = await http.post("/api/v1/branches/harbour/tickets", json=wish, headers=key)
    assert answer.status_code == 201, answer.text


async def _ends_in_time(socket: Any) -> None:
    """In seconds in which this process ran: a machine that stops it for a while has stopped the server in it, too."""
    ran, end = 0.0, asyncio.create_task(finally_ended(socket, PATIENCE))
    while not end.done():
        looked = monotonic()
        await asyncio.wait([end], timeout=LOOK_EVERY)
        ran += min(monotonic() - looked, 2 * LOOK_EVERY)
    assert await end in (Close.NOT_YOURS, Close.RESTART)
    assert ran <= REVOKED_WITHIN


async def _still_hears(wire: Wire, socket: Any) -> bool:
    await wire.world.ada.joins()
    try:
        async with asyncio.timeout(PATIENCE):
            await socket.recv()
    except ConnectionClosed:
        return False
    return True


async def _until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)


def _revoked(session: Any, _: Any, now: Any, *, id: int, subject: str) -> dict[str, Any]:
    session.add(Revocation(id=id, subject_kind="staff", subject=subject, at=now))
    return {}
