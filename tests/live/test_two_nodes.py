"""Two processes on one PostgreSQL and one Redis are one server, whatever becomes of Redis."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import httpx2 as httpx
import pytest
from limits import RateLimitItemPerMinute
from typer.testing import CliRunner
from websockets.asyncio.client import ClientConnection

from kiosk_ui import pairing
from server.__main__ import command
from server.bus import InProcessBus
from server.live import hub
from server.live.board import Boards
from server.web import shared_counters
from tests.databases import copy_of
from tests.live.conftest import PATIENCE, Wire, served
from tests.redis_server import PrivateRedis, private_redis
from tests.running import free_port
from tests.world import KEY, harbour

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

QUICK = 1.0  # seconds from one node's answer to a screen of the other; without a nudge it takes up to five
TOLD_WITHIN = 5.0  # seconds; without being told they would never know
ROUNDS = 9


class Nodes:
    """Both servers, and what somebody does at either of them."""

    def __init__(self, one: Wire, other: Wire, http: httpx.AsyncClient) -> None:
        self.one, self.other, self._http = one, other, http

    async def joins(self, at: Wire) -> dict[str, Any]:
        return await self.asks(at, "POST", "/branches/harbour/tickets", self.one.person("Ken"), service="renewals")

    async def asks(self, at: Wire, method: str, path: str, who: dict[str, str], **body: Any) -> dict[str, Any]:
        answer = await self._http.request(method, f"{at.home}/api/v1{path}", headers=who, json=body or None)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def waiting(self, at: Wire) -> int:
        """How many a page of that node says are waiting."""
        branch = await self.asks(at, "GET", "/branches/harbour", {})
        return sum(service["waiting"] for service in branch["services"])

    async def guesses_a_link(self, at: Wire) -> int:
        """The status it is answered with."""
        return (await self._http.post(f"{at.home}/pair", data={"token": "a guess"})).status_code

    async def ready(self, at: Wire) -> tuple[int, bool]:
        answer = await self._http.get(f"{at.home}/readyz")
        return answer.status_code, answer.json()["bus"]


@asynccontextmanager
async def both(url: str, folder: Path, redis_url: str) -> AsyncIterator[Nodes]:
    async with (
        served(url, folder, redis_url=redis_url) as one,
        served(url, folder, one, redis_url=redis_url) as other,
        httpx.AsyncClient(timeout=PATIENCE) as http,
    ):
        yield Nodes(one, other, http)


async def connected(nodes: Nodes) -> None:
    async with asyncio.timeout(PATIENCE):
        while not all([(await nodes.ready(node))[1] for node in (nodes.one, nodes.other)]):
            pass


async def shows(screen: ClientConnection, waiting: int, within: float) -> float:
    """Seconds until the screen has been told that so many wait."""
    return await _told(screen, lambda services: sum(service["waiting"] for service in services) == waiting, within)


async def offers(screen: ClientConnection, service: str, within: float) -> float:
    """Seconds until the screen has been told of the service."""
    return await _told(screen, lambda services: any(each["id"] == service for each in services), within)


async def _told(screen: ClientConnection, so: Callable[[list[dict[str, Any]]], bool], within: float) -> float:
    began = monotonic()
    async with asyncio.timeout(within):
        while not ("services" in (frame := json.loads(await screen.recv())) and so(frame["services"])):
            pass  # a heartbeat, or not yet
    return monotonic() - began


@pytest.fixture
def url(postgresql_pattern: str, tmp_path: Path) -> str:
    return copy_of(postgresql_pattern, tmp_path)


@pytest.fixture
def redis() -> Iterator[PrivateRedis]:
    with private_redis() as server:
        yield server


@pytest.fixture
async def nodes(url: str, tmp_path: Path, redis: PrivateRedis) -> AsyncIterator[Nodes]:
    """Both, who hear each other."""
    async with both(url, tmp_path, redis.url) as nodes:
        await connected(nodes)
        yield nodes


@asynccontextmanager
async def on_the_wall(at: Wire) -> AsyncIterator[ClientConnection]:
    """A screen that has been told that nobody waits."""
    async with at.connects("/api/v1/live/branches/harbour", at.device("Wall"), origin=None) as screen:
        await shows(screen, 0, PATIENCE)
        yield screen


async def test_what_happens_at_one_node_is_seen_at_the_other_well_within_a_second(nodes: Nodes) -> None:
    took = []
    async with on_the_wall(nodes.other) as screen:
        for count in range(1, ROUNDS + 1):
            await nodes.joins(nodes.one)
            took.append(await shows(screen, count, PATIENCE))
    assert median(took) < QUICK


async def test_what_setup_changes_beside_the_nodes_is_told_to_both(
    nodes: Nodes, redis: PrivateRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REDRAW_SECONDS", 1e9)
    more = '[[services]]\nid = "visas"\nname = "Visas"\nletter = "V"\n'
    (file := tmp_path / "branch.toml").write_text(harbour() + more)
    settings = {"DATABASE_URL": nodes.one.url, "REDIS_URL": redis.url, "SECRET_KEY": KEY.decode()}
    setup = partial(CliRunner().invoke, command, ["setup", str(file)])
    async with on_the_wall(nodes.one) as one, on_the_wall(nodes.other) as other:
        done = await asyncio.to_thread(setup, env={**settings, "DATA_DIR": str(tmp_path / "elsewhere")})
        assert done.exit_code == 0, done.output
        for screen in (one, other):
            await offers(screen, "visas", TOLD_WITHIN)


async def test_a_phone_at_one_node_is_called_by_the_other(nodes: Nodes) -> None:
    ada = await nodes.joins(nodes.one)
    ken, counter = nodes.one.person("Ken"), f"/counters/{nodes.one.world.counters['1']}"
    secret = {"Authorization": f"Ticket {ada['secret']}"}
    async with nodes.other.connects(f"/api/v1/live/tickets/{ada['id']}", secret, origin=None) as phone:
        async with asyncio.timeout(PATIENCE):
            assert json.loads(await phone.recv())["state"] == "waiting"
        await nodes.asks(nodes.one, "POST", f"{counter}/duty", ken)
        await nodes.asks(nodes.one, "POST", f"{counter}/calls", ken)
        async with asyncio.timeout(PATIENCE):
            while json.loads(await phone.recv()).get("state") != "called":
                pass


async def test_a_page_is_as_new_as_what_the_other_node_answered_though_every_nudge_is_lost(
    url: str, tmp_path: Path
) -> None:
    async with both(url, tmp_path, f"redis://127.0.0.1:{free_port()}") as nodes:
        for count in range(1, ROUNDS + 1):
            acts, asked = (nodes.one, nodes.other) if count % 2 else (nodes.other, nodes.one)
            assert await nodes.waiting(asked) == count - 1  # so that a board is in its memory
            await nodes.joins(acts)
            assert await nodes.waiting(asked) == count


async def test_a_node_that_reads_only_its_own_memory_would_be_noticed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Boards.__init__
    monkeypatch.setattr(Boards, "__init__", lambda self, ask, clock, *, alone: made(self, ask, clock, alone=True))
    with pytest.raises(AssertionError):
        await test_a_page_is_as_new_as_what_the_other_node_answered_though_every_nudge_is_lost(url, tmp_path)


async def test_both_nodes_count_together(
    url: str, tmp_path: Path, redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "LINKS_PER_ADDRESS", RateLimitItemPerMinute(4))
    monkeypatch.setattr(shared_counters, "ANSWER_SECONDS", PATIENCE)  # a busy machine must not make them count alone
    async with both(url, tmp_path, redis.url) as nodes:
        guesses = [await nodes.guesses_a_link(node) for node in (nodes.one, nodes.other) * 3]
        assert guesses == [410] * 4 + [429] * 2


async def test_without_redis_both_nodes_serve_say_so_and_heal_when_it_is_back(
    nodes: Nodes, redis: PrivateRedis
) -> None:
    async with on_the_wall(nodes.other) as screen:
        redis.kill()
        async with asyncio.timeout(PATIENCE):
            while (await nodes.ready(nodes.one))[1] or (await nodes.ready(nodes.other))[1]:
                pass
        assert (await nodes.ready(nodes.one), await nodes.ready(nodes.other)) == ((200, False), (200, False))
        await nodes.joins(nodes.one)
        await shows(screen, 1, 10)
        await nodes.joins(nodes.one)
        redis.start()
        await shows(screen, 2, 10)
        await connected(nodes)
        await nodes.joins(nodes.one)
        await shows(screen, 3, 10)


async def test_forged_nudges_by_the_hundred_delay_no_true_one(nodes: Nodes, redis: PrivateRedis) -> None:
    channel, took = f"nowserving:{nodes.one.world.presence.alias('installation')}", []
    async with on_the_wall(nodes.other) as screen:
        for count in range(1, ROUNDS + 1):
            for forged in (2**53, 2**52 + count, 1):
                redis.does("PUBLISH", channel, json.dumps({"from": "x", "branch": "harbour", "version": forged}))
                redis.does("PUBLISH", channel, json.dumps({"from": "x", "branch": "nowhere", "version": forged}))
            await nodes.joins(nodes.one)
            took.append(await shows(screen, count, PATIENCE))
    assert median(took) < QUICK


async def test_nodes_that_tell_each_other_nothing_would_be_noticed(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.bus.over_redis.RedisBus._announced", InProcessBus._announced)
    monkeypatch.setattr("tests.live.test_two_nodes.ROUNDS", 2)
    with pytest.raises(AssertionError):
        await test_what_happens_at_one_node_is_seen_at_the_other_well_within_a_second(nodes)


async def test_a_setup_that_tells_nobody_would_be_noticed(
    nodes: Nodes, redis: PrivateRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.__main__._neighbours", lambda _: None)
    with pytest.raises(TimeoutError):
        await test_what_setup_changes_beside_the_nodes_is_told_to_both(nodes, redis, tmp_path, monkeypatch)
