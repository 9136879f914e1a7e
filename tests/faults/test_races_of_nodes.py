"""Agents at two nodes call from one queue at once, and people join at both: a lock in PostgreSQL is all they share."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases, machine
from tests.faults.clients import Client
from tests.faults.nodes import SETTINGS, twin
from tests.faults.test_races import call_until, called_twice, out_of_order
from tests.redis_server import private_redis
from tests.running import Running, running

CALLS = machine.often(60, 20_000)
AT_ONCE = 20  # who join, while everybody is called: a short queue, so that the agents are in each other's way
LONG = 7200  # seconds, for the long count
AGENTS = {"1": ("Ken", 0), "2": ("Lola", 1), "3": ("Mira", 1)}  # counter → who stands there, at which node
pytestmark = [pytest.mark.postgres, pytest.mark.own_redis]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Running]]:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    with databases.empty("postgresql", tmp_path) as url, private_redis() as redis:
        settings = SETTINGS | {"REDIS_URL": redis.url}
        with running(url, folders[0], settings=settings) as a, twin(a, folders[1]) as b:
            yield [a, b]


@pytest.mark.timeout(LONG)
async def test_agents_at_two_nodes_call_nobody_twice_and_everybody_in_order(nodes: list[Running]) -> None:
    await _take_counters(nodes)
    joined, called = list[dict[str, Any]](), list[tuple[int, str]]()
    for _ in range(-(-CALLS // AT_ONCE)):
        everybody_is_here = asyncio.Event()
        calling = [
            asyncio.create_task(call_until(nodes[at], label, name, everybody_is_here))
            for label, (name, at) in AGENTS.items()
        ]
        joined += await _join(nodes)
        everybody_is_here.set()
        called += [entry for entries in await asyncio.gather(*calling) for entry in entries]
    assert len(called) >= CALLS
    assert called_twice(called) == []
    assert sorted(number for _, number in called) == sorted(ticket["number"] for ticket in joined)
    assert out_of_order(called) == []
    for node in nodes:
        assert await _states(node, joined[-AT_ONCE:]) == {"missed"}


async def _take_counters(nodes: list[Running]) -> None:
    for label, (name, at) in AGENTS.items():
        path = f"/api/v1/counters/{nodes[at].counter(label)}/duty"
        async with Client(nodes[at]) as client:
            await client.ask("POST", path, {"services": ["new-passport"]}, nodes[at].as_staff(name))


async def _join(nodes: list[Running]) -> list[dict[str, Any]]:
    """At both nodes, given by staff: a door lets only so many in."""

    async def half(node: Running) -> list[dict[str, Any]]:
        path, who = f"/api/v1/branches/{node.branch}/tickets", node.as_staff("Ken")
        async with Client(node) as client:
            return [(await client.ask("POST", path, {"service": "new-passport"}, who))[1] for _ in range(AT_ONCE // 2)]

    return [ticket for tickets in await asyncio.gather(*(half(node) for node in nodes)) for ticket in tickets]


async def _states(node: Running, joined: list[dict[str, Any]]) -> set[str]:
    """What this node says of them: a page is never older than an answer, whichever node gave it."""
    async with Client(node) as client:
        paths = [f"/api/v1/tickets/{ticket['id']}" for ticket in joined]
        return {(await client.ask("GET", path, None, node.as_staff("Ken")))[1]["state"] for path in paths}
