"""Twenty at once, over HTTP, against the real server, on both databases."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests import databases
from tests.faults.clients import Client, Refused
from tests.running import Running, always_open, running
from tests.world import harbour

AT_ONCE = 20
RACES = 5  # tests below
JOINS_EACH = 5
AGENTS = {"1": "Ken", "2": "Lola", "3": "Mira"}


@pytest.fixture(scope="module", params=databases.BOTH)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """One server with a branch for each test."""
    folder = tmp_path_factory.mktemp("races")
    beside = [always_open(harbour(id=f"harbour{n}")) for n in range(RACES)]
    with databases.empty(request.param, folder) as url, running(url, folder, beside) as server:
        yield [server.at(made) for made in server.others]


@pytest.fixture
def server(town: list[Running]) -> Running:
    return town.pop()


async def test_twenty_at_once_get_twenty_numbers_in_the_order_of_their_places(server: Running) -> None:
    joined = await _everybody_joins(server)
    numbers = [ticket["number"] for ticket in joined]
    assert sorted(numbers) == [f"A{n:03d}" for n in range(1, AT_ONCE * JOINS_EACH + 1)]
    async with Client(server) as client:
        listed = (await client.ask("GET", _tickets(server, "waiting"), headers=server.as_staff("Ken")))[1]
    assert [ticket["number"] for ticket in listed] == sorted(numbers)


async def test_nobody_is_called_twice_or_out_of_order_and_nobody_waits_is_never_false(server: Running) -> None:
    joined = await _everybody_joins(server)
    await _take_counters(server)
    called = await _call_everybody(server)
    assert sorted(called_twice(called)) == []
    assert sorted(number for _, number in called) == sorted(ticket["number"] for ticket in joined)
    assert out_of_order(called) == []


async def test_joins_and_calls_at_once_lose_nobody(server: Running) -> None:
    await _take_counters(server)
    done = asyncio.Event()
    calling = [asyncio.create_task(call_until(server, label, name, done)) for label, name in AGENTS.items()]
    joined = await _everybody_joins(server)
    done.set()
    called = [entry for entries in await asyncio.gather(*calling) for entry in entries]
    assert sorted(called_twice(called)) == []
    assert sorted(number for _, number in called) == sorted(ticket["number"] for ticket in joined)
    assert out_of_order(called) == []


async def test_twenty_agents_presses_at_one_counter_call_one(server: Running) -> None:
    await _everybody_joins(server)
    await _take_counters(server)
    answers = await asyncio.gather(*(_press(server) for _ in range(AT_ONCE)))
    assert sorted(answers) == ["called"] + ["counter-busy"] * (AT_ONCE - 1)


async def test_one_key_sent_twenty_times_is_one_ticket(server: Running) -> None:
    code, key = server.code(), "k" * 32

    async def person() -> dict[str, Any]:
        async with Client(server) as client:
            return await client.join(code, key=key)

    answers = await asyncio.gather(*(person() for _ in range(AT_ONCE)))
    assert len({ticket["id"] for ticket in answers}) == len({ticket["secret"] for ticket in answers}) == 1


def test_the_checkers_notice_a_ticket_called_twice_and_a_wrong_order() -> None:
    """Positive control."""
    assert called_twice([(1, "A001"), (2, "A001")]) == ["A001"]
    assert out_of_order([(1, "A002"), (2, "A001")]) == ["A001"]


def called_twice(called: list[tuple[int, str]]) -> list[str]:
    return sorted(number for number, times in Counter(number for _, number in called).items() if times > 1)


def out_of_order(called: list[tuple[int, str]]) -> list[str]:
    """Who was called, by the branch's versions, after somebody who joined later."""
    numbers = [number for _, number in sorted(called)]
    return [after for before, after in pairwise(numbers) if int(after[1:]) < int(before[1:])]


async def _everybody_joins(server: Running) -> list[dict[str, Any]]:
    code = server.code()

    async def person() -> list[dict[str, Any]]:
        async with Client(server) as client:
            return [await client.join(code) for _ in range(JOINS_EACH)]

    return [ticket for tickets in await asyncio.gather(*(person() for _ in range(AT_ONCE))) for ticket in tickets]


async def _take_counters(server: Running) -> None:
    for label, name in AGENTS.items():
        path = f"/api/v1/counters/{server.counter(label)}/duty"
        async with Client(server) as client:
            await client.ask("POST", path, {"services": ["new-passport"]}, server.as_staff(name))


async def _call_everybody(server: Running) -> list[tuple[int, str]]:
    done = asyncio.Event()
    done.set()
    found = await asyncio.gather(*(call_until(server, label, name, done) for label, name in AGENTS.items()))
    return [entry for entries in found for entry in entries]


async def call_until(server: Running, label: str, name: str, done: asyncio.Event) -> list[tuple[int, str]]:
    """Call and miss until everybody has joined and nobody waits; (version, number) of each call."""
    called: list[tuple[int, str]] = []
    async with Client(server) as client:
        while True:
            everybody_is_here = done.is_set()
            ticket = await client.call_next(label, name)
            if ticket is not None:
                called.append((ticket["version"], ticket["number"]))
                await client.ask("POST", f"/api/v1/tickets/{ticket['id']}/miss", {}, server.as_staff(name))
            elif everybody_is_here:
                return called


async def _press(server: Running) -> str:
    try:
        async with Client(server) as client:
            return "called" if await client.call_next("1", "Ken") else "nobody"
    except Refused as refused:
        return str(refused.body["type"]).rsplit("/", 1)[-1]


def _tickets(server: Running, state: str) -> str:
    return f"/api/v1/branches/{server.branch}/tickets?state={state}"
