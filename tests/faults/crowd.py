"""Agents who add whoever walks in and one who calls, whatever breaks; each asks with one key until answered."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

from tests.faults.clients import Client, Lost, Refused
from tests.faults.truth import Facts
from tests.running import PATIENCE, Running

AGAIN = 0.3  # seconds at most between two tries
UNAVAILABLE = 503


@dataclass
class Ledger:
    """What people were told. `saved`: version → when its answer came; `failures`: tries without an answer."""

    joined: dict[str, str] = field(default_factory=dict)  # ticket id → number
    called: dict[str, int] = field(default_factory=dict)  # ticket id → version
    saved: dict[int, float] = field(default_factory=dict)
    failures: int = 0

    def missing(self, facts: Facts) -> list[str]:
        """Numbers that were acknowledged and are not there, not as they were told, or there twice."""
        there = facts.tickets
        numbers = [ticket["number"] for ticket in there.values()]
        lost = [number for id, number in self.joined.items() if id not in there or there[id]["number"] != number]
        forgotten = [there[id]["number"] for id in self.called if id in there and there[id]["state"] == "waiting"]
        return lost + forgotten + sorted({number for number in numbers if numbers.count(number) > 1})

    def unasked(self, facts: Facts) -> list[str]:
        """Numbers there that nobody was told: something that happened twice for one who asked again."""
        return [ticket["number"] for id, ticket in facts.tickets.items() if id not in self.joined]


@dataclass
class Person:
    """Somebody of the staff who wants an answer."""

    name: str
    server: Running
    ledger: Ledger
    chance: Random

    def __post_init__(self) -> None:
        self._client = Client(self.server)

    async def adds(self) -> None:
        """Somebody who walked in; not by a code, which grows old, nor by a door, which lets only so many through."""
        path = f"/api/v1/branches/{self.server.branch}/tickets"
        ticket = await self._asks(path, {"service": "new-passport"})
        self.ledger.joined[ticket["id"]] = ticket["number"]

    async def calls(self, label: str) -> str | None:
        """The called ticket's id."""
        ticket = await self._asks(f"/api/v1/counters/{self.server.counter(label)}/calls", {})
        if ticket is None:
            return None
        self.ledger.called[ticket["id"]] = ticket["version"]
        return str(ticket["id"])

    async def misses(self, ticket_id: str) -> None:
        await self._asks(f"/api/v1/tickets/{ticket_id}/miss", {})

    async def goes(self) -> None:
        await self._client.close()

    async def _asks(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {**self.server.as_staff(self.name), "Idempotency-Key": uuid.uuid4().hex + uuid.uuid4().hex}
        async with asyncio.timeout(2 * PATIENCE):
            while (answer := await self._one_try(path, body, headers)) is Ellipsis:
                self.ledger.failures += 1
                await asyncio.sleep(self.chance.random() * AGAIN)
        if answer is not None:
            self.ledger.saved[answer["version"]] = monotonic()
        return answer

    async def _one_try(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """`...` when there was no answer, or the answer that nothing was saved."""
        try:
            return (await self._client.ask("POST", path, body, headers))[1]
        except Lost:
            return ...
        except Refused as refused:
            if refused.status != UNAVAILABLE:
                raise
            return ...


@asynccontextmanager
async def crowd(server: Running, before: Facts, people: int, pause: float) -> AsyncIterator[Ledger]:
    """So many `people` who add walk-ins, all by Lola's key, and Ken, who calls at counter 1, `pause` seconds apart.

    `before`: what is there when they come. When the block ends, all still wait for the answer to what they asked.
    """
    ledger, over = Ledger({id: ticket["number"] for id, ticket in before.tickets.items()}), asyncio.Event()
    works = [_keeps_adding(Person("Lola", server, ledger, Random(seed)), pause, over) for seed in range(people)]
    works.append(_keeps_calling(Person("Ken", server, ledger, Random("Ken")), pause, over))
    async with asyncio.TaskGroup() as everybody:  # whoever fails ends the block, and says why
        for work in works:
            everybody.create_task(work)
        yield ledger
        over.set()


async def _keeps_adding(lola: Person, pause: float, over: asyncio.Event) -> None:
    while not await _soon(over, lola.chance.uniform(0.5, 1.5) * pause):
        await lola.adds()
    await lola.goes()


async def _keeps_calling(ken: Person, pause: float, over: asyncio.Event) -> None:
    """The last one stays called."""
    while (called := await ken.calls("1")) is None or not await _soon(over, pause):
        if called is not None:
            await ken.misses(called)
    await ken.goes()


async def _soon(over: asyncio.Event, seconds: float) -> bool:
    """Whether it is over, now or within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return False
    return True
