"""kill -9 in the middle of the work: what was acknowledged is there, what was not happened once or not at all."""

import asyncio
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests import databases
from tests.faults.clients import Client, Lost, Refused
from tests.faults.crowd import Ledger
from tests.faults.truth import Truth
from tests.running import Running, running

CYCLES = {"sqlite": 24, "postgresql": 6}
FULL_CYCLES = 500
CUSTOMERS = 8


@dataclass
class Unsure(Ledger):
    """What the customers and the agent were told, and what they were not."""

    unsure: dict[str, str] = field(default_factory=dict)  # key → code, of joins without an answer


@pytest.fixture(params=databases.BOTH)
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, Truth, int]]:
    cycles = FULL_CYCLES if os.environ.get("SCALE") == "full" else CYCLES[request.param]
    with (
        databases.empty(request.param, tmp_path) as url,
        running(url, tmp_path, recall_gap=0) as server,
        Truth(url, server.branch) as truth,
    ):
        yield server, truth, cycles


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(killed: tuple[Running, Truth, int]) -> None:
    server, truth, cycles = killed
    ledger, chance = Unsure(), Random(7)
    duty = f"/api/v1/counters/{server.counter('1')}/duty"
    async with Client(server) as client:
        await client.ask("POST", duty, {"services": ["new-passport"]}, server.as_staff("Ken"))
    for _ in range(cycles):
        await _one_life(server, ledger, chance.uniform(0.05, 0.4))
        server.start()
        await _ask_again(server, ledger)
        assert ledger.missing(truth.now()) == []


async def _one_life(server: Running, ledger: Unsure, seconds: float) -> None:
    """Everybody works until the power goes."""
    code = server.code()
    working = [asyncio.create_task(_customer(server, ledger, code)) for _ in range(CUSTOMERS)]
    working.append(asyncio.create_task(_agent(server, ledger)))
    await asyncio.wait(working, timeout=seconds)
    server.kill()
    await asyncio.gather(*working)


async def _customer(server: Running, ledger: Unsure, code: str) -> None:
    client = Client(server)
    while True:
        key = uuid.uuid4().hex + uuid.uuid4().hex
        try:
            ticket = await client.join(code, key=key)
        except Lost:
            ledger.unsure[key] = code
            return
        ledger.joined[ticket["id"]] = ticket["number"]


async def _agent(server: Running, ledger: Unsure) -> None:
    client = Client(server)
    while True:
        try:
            ticket = await client.call_next("1", "Ken")
            if ticket is not None:
                ledger.called[ticket["id"]] = ticket["version"]
                await client.ask("POST", f"/api/v1/tickets/{ticket['id']}/miss", {}, server.as_staff("Ken"))
        except Refused:  # somebody is still at the counter from the life before
            await _empty_the_counter(server, client)
        except Lost:
            return


async def _empty_the_counter(server: Running, client: Client) -> None:
    path = f"/api/v1/branches/{server.branch}/tickets?state=called"
    try:
        for ticket in (await client.ask("GET", path, headers=server.as_staff("Ken")))[1]:
            await client.ask("POST", f"/api/v1/tickets/{ticket['id']}/miss", {}, server.as_staff("Ken"))
    except (Lost, Refused):
        return


async def _ask_again(server: Running, ledger: Unsure) -> None:
    """A join without an answer, sent again with its key: the first one's answer, or the first time it happens."""
    for key, code in list(ledger.unsure.items()):
        try:
            async with Client(server) as client:
                first = await client.join(code, key=key)
                second = await client.join(code, key=key)
        except Refused as refused:
            if refused.status != 403:  # the code has grown too old meanwhile, so it cannot have happened before
                raise
        else:
            assert first == second
            ledger.joined[first["id"]] = first["number"]
        del ledger.unsure[key]
