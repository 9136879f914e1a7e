"""Ken at his counter: what he does goes over HTTP, as his own program would do it."""

import uuid
from collections.abc import Sequence
from typing import Any

from benchmarks.http import Connection
from benchmarks.town import Branch
from benchmarks.waiting import SERVICE

Told = dict[str, Any]


class Agent:
    """One agent of one branch, on one connection that stays open. What is refused is a RuntimeError."""

    def __init__(self, connection: Connection, branch: Branch) -> None:
        self.branch = branch
        self.version = 0  # of the branch after what this agent did last
        self._connection = connection
        self._calls = f"/api/v1/counters/{branch.counter}/calls"

    async def takes_the_counter(self, services: Sequence[str] | None = None) -> None:
        """To work all of its services, or these."""
        body = None if services is None else {"services": list(services)}
        await self._does("POST", f"/api/v1/counters/{self.branch.counter}/duty", body)

    async def frees_the_counter(self) -> None:
        """Whoever was left standing there is missed."""
        for left in await self.sees(("called",)):
            await self.misses(left)

    async def calls(self) -> Told:
        """The next ticket; LookupError when nobody waits."""
        called = await self._does("POST", self._calls)
        if called is None:
            raise LookupError(f"nobody waits in {self.branch.id} any more")
        return called

    async def misses(self, called: Told) -> Told:
        return await self._moves("POST", called, "miss")

    async def puts_back(self, called: Told) -> Told:
        return await self._moves("POST", called, "queue")

    async def serves(self, called: Told) -> Told:
        await self._moves("POST", called, "service")
        return await self._moves("PUT", called, "outcome")

    async def lets_in(self, service: str = SERVICE) -> Told:
        """A walk-in: {id, secret, version, …}."""
        return await self._must("POST", f"/api/v1/branches/{self.branch.id}/tickets", {"service": service})

    async def sees(self, states: Sequence[str]) -> list[Told]:
        """The branch's tickets in these states, in order."""
        asked = "&".join(f"state={state}" for state in states)
        path = f"/api/v1/branches/{self.branch.id}/tickets?{asked}"
        return list(await self._connection.ask("GET", path, None, self.branch.as_agent))

    async def sees_calls(self) -> list[Told]:
        """The last eight calls, newest first."""
        path = f"/api/v1/live/branches/{self.branch.id}"
        return list((await self._connection.ask("GET", path, None, self.branch.as_agent))["calls"])

    async def _moves(self, method: str, ticket: Told, verb: str) -> Told:
        return await self._must(method, f"/api/v1/tickets/{ticket['id']}/{verb}", {})

    async def _must(self, method: str, path: str, body: Told) -> Told:
        answer = await self._does(method, path, body)
        assert answer is not None
        return answer

    async def _does(self, method: str, path: str, body: Told | None = None) -> Told | None:
        headers = {**self.branch.as_agent, "Idempotency-Key": uuid.uuid4().hex}
        answer: Told | None = await self._connection.ask(method, path, body or {}, headers)
        self.version = max(self.version, (answer or {}).get("version", 0))
        return answer
