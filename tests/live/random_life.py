"""A branch where anything that is allowed may happen next: people and agents who choose by a seed."""

import random
from collections.abc import Awaitable, Callable

from sqlalchemy import select

from server.actions import duties, joining, serving, undoing
from server.domain.errors import Refusal
from server.domain.forecast import Promise
from server.domain.moves import CURRENT, State
from server.domain.ticket import Ticket
from server.jobs import note_waits
from server.live.board import Boards
from tests.world import Agent, Customer, World

SERVICES = ("new-passport", "renewals")
SECONDS = (5, 90)  # between two things that happen


class Life:
    """`boards` are looked at as a server's are, now and then, and what they show is noted."""

    def __init__(self, world: World, seed: int, boards: Boards) -> None:
        self._world, self._chance, self._boards = world, random.Random(seed), boards
        self._people: list[Customer] = []

    async def begins(self) -> None:
        await self._world.ken.takes("1")
        await self._world.lola.takes("2")

    async def goes_on(self, times: int) -> None:
        """So many things happen, or are refused."""
        world, chance = self._world, self._chance
        for _ in range(times):
            world.clock.forward(seconds=chance.randint(*SECONDS))
            agent = chance.choice((world.ken, world.lola))
            doing: list[Callable[[Agent], Awaitable[None]]] = [self._joins, self._serves, self._works, self._breaks]
            try:
                await chance.choices(doing, (3, 5, 3, 0.3))[0](agent)
            except Refusal:
                continue
            if chance.random() < 0.3:
                await self._boards.refresh(world.branch)
                await note_waits(world.db, self._boards)

    async def _joins(self, _: Agent) -> None:
        self._people.append(somebody := self._world.customer(f"Guest {len(self._people)}"))
        promised = Promise(5, 9, 4.0 + self._chance.random(), 8.0 + self._chance.random())
        priority = self._chance.choice((None, None, "elderly"))
        await somebody.joins(self._chance.choice(SERVICES), promised=promised, priority=priority)

    async def _serves(self, agent: Agent) -> None:
        """As it should be: whoever is at the counter goes one step on, or the next is called."""
        ticket = await self._at(agent)
        if ticket is None:
            await agent.calls_next()
        elif ticket.state == State.CALLED:
            await agent.does(serving.start, ticket.id)
        else:
            outcome = "resolved" if ticket.service_id == "new-passport" else None
            await agent.does(serving.finish, ticket.id, outcome=outcome)

    async def _works(self, agent: Agent) -> None:
        """Or otherwise: anything with the ticket that is there, or with one of those who came last."""
        ticket = await self._at(agent)
        if ticket is not None and self._chance.random() < 0.6:
            return await self._does_otherwise(agent, ticket.id)
        if self._people:
            somebody = self._chance.choice(self._people[-5:])
            if self._chance.random() < 0.4:
                await self._does_otherwise(agent, somebody.ticket)
            else:
                await somebody.does(self._chance.choice((joining.leave, joining.come_again, joining.step_away)))
        return None

    async def _does_otherwise(self, agent: Agent, ticket: str) -> None:
        move = self._chance.choice((serving.miss, serving.put_back, serving.park, serving.unpark, undoing.undo, None))
        if move is not None:
            await agent.does(move, ticket)
        else:
            await agent.does(serving.transfer, ticket, service=self._chance.choice(SERVICES))

    async def _breaks(self, agent: Agent) -> None:
        for on_break in (True, False):
            await self._world.act(
                duties.change_break, by=agent.actor, counter_id=agent.counter, on_break=on_break
            )  # fmt: skip
            self._world.clock.forward(minutes=self._chance.randint(1, 9))

    async def _at(self, agent: Agent) -> Ticket | None:
        mine = select(Ticket).where(Ticket.counter_id == agent.counter, Ticket.state.in_(CURRENT))
        found: Ticket | None = await self._world.ask(lambda session: session.scalar(mine))
        return found
