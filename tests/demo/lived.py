"""A simulated day and what the database says of it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.demo.kinds import Kind
from server.demo.plan import Day
from server.demo.simulated import Simulation, simulated
from server.domain.feedback import Rating
from server.domain.moves import TicketEvent
from server.domain.people import Duty
from server.domain.ticket import Ticket
from tests import databases

Prelude = Callable[[Simulation], Awaitable[None]]


@dataclass(frozen=True)
class Lived:
    """`lines`: the diary of the branch, oldest first. `refused`: what the product did not let anybody do."""

    planned: Day
    tickets: list[Ticket]
    lines: list[TicketEvent]
    duties: list[Duty]
    ratings: list[Rating]
    refused: dict[str, int]

    def diary(self, ticket: Ticket) -> list[TicketEvent]:
        return [line for line in self.lines if line.ticket_id == ticket.id]

    def story(self) -> list[tuple[object, ...]]:
        """Everything that happened, without ids that are drawn anew for every branch."""
        numbers = {ticket.id: ticket.number for ticket in self.tickets}
        return [(line.at, numbers[line.ticket_id], line.move, line.service_id, line.version) for line in self.lines]


def morning(kind: Kind, minutes: float) -> Kind:
    """The same kind of branch, which sends its people home early."""
    flows = tuple(
        replace(flow, ends=min(flow.ends, minutes)) for flow in kind.flows if flow.begins < minutes
    )  # fmt: skip
    posts = tuple(replace(post, ends=None, begins=0.0, pauses=((minutes / 2, 5.0),)) for post in kind.posts)
    return replace(kind, flows=flows, closes=minutes, posts=posts)


def lived(
    pattern: str, folder: Path, kind: Kind, seed: int, prelude: Prelude | None = None, *, told: bool = False
) -> Lived:
    """One day and its night, on a copy of `pattern` in `folder`; `prelude`: what happens before anybody comes.

    `told`: everybody is told a wait, as people are; it takes longer.
    """
    folder.mkdir(exist_ok=True)
    with databases.waiting_for_no_disk():
        return asyncio.run(_lived(databases.copy_of(pattern, folder), kind, seed, prelude, told=told))


async def _lived(url: str, kind: Kind, seed: int, prelude: Prelude | None, *, told: bool) -> Lived:
    async with simulated(url, kind, seed, told=told) as simulation:
        if prelude is not None:
            await prelude(simulation)
        planned = await simulation.live()
        return await simulation.db.ask(lambda session: _told(session, planned, dict(simulation.hall.refused)))


def _told(session: Session, planned: Day, refused: dict[str, int]) -> Lived:
    return Lived(
        planned,
        list(session.scalars(select(Ticket).order_by(Ticket.joined_at, Ticket.number))),
        list(session.scalars(select(TicketEvent).order_by(TicketEvent.version))),
        list(session.scalars(select(Duty).order_by(Duty.started_at))),
        list(session.scalars(select(Rating))),
        refused,
    )
