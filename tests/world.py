"""The named cast: Harbour Branch, Mira the manager, Ken and Lola the agents, Ada and Bo the customers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.actions import duties, joining, rating, serving, timekeeping, undoing
from server.branch_file import parse
from server.bus import InProcessBus
from server.chance import new_id
from server.db import Database, Key
from server.domain.branch import Branch
from server.domain.moves import TicketEvent
from server.domain.people import Actor
from server.domain.presence import Presence
from server.domain.ticket import Ticket
from server.first_start import set_up
from server.live.board import Board
from server.live.views import BoardView
from server.queries import branches, tickets
from server.schema import migrate

KEY = b"a key for tests, as long as a real one"
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HARBOUR = """
[branch]
id = "{id}"
name = "Harbour Branch"
time_zone = "Africa/Lagos"
languages = ["en", "fr"]
remote_joining = "{remote_joining}"
return_behind = {return_behind}
recall_gap = {recall_gap}
miss_after = {miss_after}
full_at = {full_at}
[branch.hours]
mon = ["08:00-16:00"]
tue = ["08:00-16:00"]
[[services]]
id = "new-passport"
name = {{ en = "New passport", fr = "Nouveau passeport" }}
letter = "A"
outcomes = ["Resolved", "Needs documents", "Referred"]
[[services]]
id = "renewals"
name = {{ en = "Renewals", fr = "Renouvellements" }}
letter = "B"
[[counters]]
label = "1"
[[counters]]
label = "2"
[[counters]]
label = "3"
services = ["new-passport"]
[[priorities]]
id = "elderly"
name = "65 or older"
head_start = 10
[[priorities]]
id = "business"
name = "Business"
head_start = 5
confirm = true
[[people]]
name = "Mira"
role = "manager"
key = true
[[people]]
name = "Ken"
role = "agent"
key = true
[[people]]
name = "Lola"
role = "agent"
key = true
[[devices]]
name = "Door"
kind = "kiosk"
[[devices]]
name = "Wall"
kind = "lobby"
"""
RULES = {
    "id": "harbour",
    "remote_joining": "refuse",
    "return_behind": 3,
    "recall_gap": 15,
    "miss_after": 0,
    "full_at": 0,
}


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: datetime = MONDAY_NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Customer:
    """Somebody with a phone, in front of the door unless said otherwise."""

    world: "World"
    name: str
    visitor: str = field(default_factory=new_id)
    ticket: str = ""
    number: str = ""

    async def joins(self, service: str = "new-passport", **more: Any) -> dict[str, Any]:
        world = self.world
        proof = more.pop("proof", None) or world.presence.mint_pass(
            world.branch, self.visitor, world.devices["Door"], world.clock()
        )
        wish = joining.Joining(
            new_id(), service, "phone", more.pop("language", "en"), visitor=self.visitor, proof=proof, **more
        )
        answer: dict[str, Any] = await world.act(
            joining.join, by=Actor("customer", self.visitor), joining=wish, presence=world.presence
        )
        self.ticket, self.number = answer["ticket"], answer["number"]
        return answer

    async def does(self, action: Callable[..., Any], **more: Any) -> dict[str, Any]:
        """One of the customer's own moves: `await ada.does(joining.leave)`."""
        return dict(await self.world.act(action, by=Actor("customer", self.ticket), ticket_id=self.ticket, **more))

    async def rates(self, score: int, **more: Any) -> dict[str, Any]:
        return dict(await self.world.act(rating.rate, ticket_id=self.ticket, tap=rating.Tap(score, **more)))

    async def is_(self) -> Ticket:
        return await self.world.ticket(self.ticket)


@dataclass
class Agent:
    """Somebody of the staff."""

    world: "World"
    name: str
    id: str
    counter: str = ""

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.id)

    async def takes(self, label: str, services: list[str] | None = None) -> dict[str, Any]:
        self.counter = self.world.counters[label]
        taken: dict[str, Any] = await self.world.act(
            duties.take, by=self.actor, counter_id=self.counter, duty_id=new_id(), services=services
        )
        return taken

    async def calls_next(self) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.world.act(serving.call_next, by=self.actor, counter_id=self.counter)
        return answer

    async def does(self, action: Callable[..., Any], ticket: str, **more: Any) -> dict[str, Any]:
        """A move with a ticket: `await ken.does(serving.start, ada.ticket)`."""
        return dict(await self.world.act(action, by=self.actor, ticket_id=ticket, **more))

    async def serves(self, ticket: str, outcome: str | None = "resolved") -> dict[str, Any]:
        await self.does(serving.start, ticket)
        return await self.does(serving.finish, ticket, outcome=outcome)

    async def undoes(self, ticket: str) -> dict[str, Any]:
        return await self.does(undoing.undo, ticket)


class World:
    """One branch on one database, with the people around it."""

    def __init__(self, db: Database, clock: Clock, made: dict[str, Any]) -> None:
        self.db, self.clock, self.made = db, clock, made
        self.presence = Presence(KEY)
        self.branch: str = made["branch"]["id"]
        self.counters: dict[str, str] = {counter["label"]: counter["id"] for counter in made["counters"]}
        self.devices: dict[str, str] = {device["name"]: device["id"] for device in made["devices"]}
        staff = {person["name"]: Agent(self, person["name"], person["id"]) for person in made["people"]}
        self.mira, self.ken, self.lola = staff["Mira"], staff["Ken"], staff["Lola"]
        self.ada, self.bo = self.customer("Ada"), self.customer("Bo")

    def customer(self, name: str) -> Customer:
        return Customer(self, name)

    async def queue(self, *names: str, service: str = "new-passport") -> list[Customer]:
        """Several people who join one after the other."""
        people = [self.customer(name) for name in names]
        for person in people:
            self.clock.forward(seconds=1)
            await person.joins(service)
        return people

    async def act(self, action: Callable[..., Any], *, key: Key | None = None, **arguments: Any) -> Any:
        return await self.db.act(self.branch, key, partial(action, **arguments))

    async def ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        return await self.db.ask(lambda session: question(session, *arguments))

    async def ticks(self) -> Any:
        """What happens by itself, now."""
        return await self.db.act(self.branch, None, timekeeping.tick)

    async def ticket(self, ticket_id: str) -> Ticket:
        found: Ticket = await self.ask(tickets.ticket, self.branch, ticket_id)
        return found

    async def diary(self, ticket_id: str) -> list[TicketEvent]:
        found: list[TicketEvent] = await self.ask(tickets.diary, ticket_id)
        return found

    async def view(self) -> BoardView:
        board = Board(self.branch)
        return await self.db.ask(lambda session: board.refresh(session, self.clock()))

    async def changes(self, **rules: Any) -> None:
        """Change rules of the branch in place."""

        def change(session: Session, branch: Branch, now: datetime) -> dict[str, Any]:
            for rule, value in rules.items():
                setattr(branch, rule, value)
            branch.arranged = branch.version
            return {}

        await self.db.act(self.branch, None, change)

    async def branch_row(self) -> Branch:
        found: Branch = await self.ask(branches.branch, self.branch)
        return found


def harbour(**rules: Any) -> str:
    """The branch file of the cast's branch."""
    return HARBOUR.format(**(RULES | rules))


@asynccontextmanager
async def opened(url: str, **rules: Any) -> AsyncIterator[World]:
    """Harbour Branch on an empty database, on a Monday at 13:00 in Lagos."""
    migrate(url)
    clock = Clock()
    db = Database(url, InProcessBus(), clock)
    try:
        yield await branch_of_its_own(db, clock, "harbour", **rules)
    finally:
        db.close()


async def branch_of_its_own(db: Database, clock: Clock, id: str, **rules: Any) -> World:
    """The cast in a branch beside others in the same database."""
    return World(db, clock, await set_up(db, parse(harbour(id=id, **rules))))
