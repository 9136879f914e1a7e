"""What happens while the phones listen: agents call, serve and miss people, and others walk in."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from time import monotonic

from benchmarks.agent import Agent, Told
from benchmarks.http import Connection
from benchmarks.phones.crowd import Crowd
from benchmarks.town import Branch, Town

WALK_INS = 0.2  # of the moments at which an agent is free
MISSES = 0.4  # of those who were called


class Drive:
    """`happened` counts calls, finishes, misses and joins. `tell` is called after each."""

    def __init__(self, town: Town, crowd: Crowd, seed: int, tell: Callable[[], None] = lambda: None) -> None:
        self.happened: Counter[str] = Counter()
        self.agents: list[Agent] = []
        self._town, self._crowd, self._tell = town, crowd, tell
        self._random = random.Random(seed)
        self._connections: list[Connection] = []
        self._left, self._until = 0, 0.0

    async def run(self, events: int, seconds: float, at_once: int) -> None:
        """So many events, or as many as fit into the seconds; then one last call in every branch."""
        self._left, self._until = events, monotonic() + seconds
        branches = list(self._town.branches.values())
        await asyncio.gather(*(self._work(branches[n::at_once]) for n in range(min(at_once, len(branches)))))

    def close(self) -> None:
        """The agents have nothing more to ask."""
        for connection in self._connections:
            connection.close()

    async def _work(self, branches: Sequence[Branch]) -> None:
        """Some of the branches, on one connection."""
        connection = Connection(self._town.port)
        self._connections.append(connection)
        agents = [Agent(connection, branch) for branch in branches]
        self.agents += agents
        called: dict[Agent, Told] = {}
        for agent in agents:
            await agent.takes_the_counter()
            await agent.frees_the_counter()
        while self._left > 0 and monotonic() < self._until:
            self._left -= 1
            await self._step(self._random.choice(agents), called)
        for agent in agents:
            await self._last_call(agent, called)

    async def _step(self, agent: Agent, called: dict[Agent, Told]) -> None:
        if (ticket := called.pop(agent, None)) is not None:
            missed = self._random.random() < MISSES
            await (agent.misses if missed else agent.serves)(ticket)
            self._count("missed" if missed else "served")
        elif self._random.random() < WALK_INS:
            await self._walk_in(agent)
        else:
            await self._call(agent, called)

    async def _last_call(self, agent: Agent, called: dict[Agent, Told]) -> None:
        """It moves every phone of the branch, so that all can be seen to know of it."""
        if agent in called:
            await self._step(agent, called)
        await self._call(agent, called)

    async def _call(self, agent: Agent, called: dict[Agent, Told]) -> None:
        try:
            called[agent] = await agent.calls()
        except LookupError:
            await self._walk_in(agent)
            called[agent] = await agent.calls()
        self._count("called")

    async def _walk_in(self, agent: Agent) -> None:
        """Somebody joins, and their phone listens from then on."""
        ticket = (await agent.lets_in())["id"]
        agent.branch.tickets.append(ticket)
        await self._crowd.arrive([self._town.phone(self._crowd, agent.branch, ticket)])
        self._count("joined")

    def _count(self, what: str) -> None:
        self.happened[what] += 1
        self._tell()
