"""The day lived: who is in the hall, what customers do there, and whom it concerns at the counters."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from server.actions import joining, rating, serving
from server.chance import LETTERS
from server.demo import staged
from server.demo.agenda import Agenda, Life
from server.demo.plan import Day, Errand, Person
from server.demo.stages import Stage
from server.domain.errors import Refusal
from server.domain.moves import State
from server.domain.people import Actor
from server.domain.presence import Presence
from server.domain.ticket import Ticket
from server.queries import tickets

A_MOMENT = 0.05  # minutes in which an idle agent sees that somebody waits
ID_LENGTH = 16


@dataclass(slots=True)
class Visit:
    """Somebody in the hall, and what has become of their plan."""

    person: Person
    ticket: str
    leg: int = 0
    here: bool = False
    gone: bool = False  # went without a word
    missed: bool = False
    form_filled: bool = False
    left: float = 1.0  # share of the present errand that is still to be done
    over: bool = False

    @property
    def errand(self) -> Errand:
        return self.person.errands[self.leg]

    @property
    def by(self) -> Actor:
        return Actor("customer", self.ticket)

    def may_want(self, services: tuple[str, ...]) -> bool:
        """Whether they are still to come to an agent of these services."""
        wanted = {errand.service for errand in self.person.errands[self.leg :]}
        return self.here and not self.over and not self.gone and not wanted.isdisjoint(services)


@dataclass(frozen=True, slots=True)
class Place:
    """A branch as `setup` told it: ids by label and name."""

    branch: str
    counters: Mapping[str, str]
    agents: Mapping[str, str]  # the demo's own, by their counter
    door: str  # the kiosk whose code the phones read

    @staticmethod
    def of(made: Mapping[str, Any]) -> "Place":
        return Place(
            made["branch"]["id"],
            {counter["label"]: counter["id"] for counter in made["counters"]},
            {staged.counter_of(p["name"]): p["id"] for p in made["people"] if staged.is_ours(p["name"])},
            next(device["id"] for device in made["devices"] if device["kind"] == "kiosk"),
        )


@dataclass
class Hall:
    """Everybody in one branch. `refused` counts by slug what the product did not let them do."""

    stage: Stage
    place: Place
    presence: Presence
    seed: int
    agenda: Agenda = field(default_factory=Agenda)
    visits: dict[str, Visit] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._idle: dict[Life, tuple[str, ...]] = {}  # who waits for customers, and for which
        self._ids = _ids(self.seed)

    def invite(self, day: Day, opening: float) -> None:
        """Let a day's people come; `opening` is its minute 0."""
        for person in day.people:
            self.agenda.begin(self._visit(person, opening), opening + person.comes)

    def new_id(self) -> str:
        return next(self._ids)

    async def tries(self, action: Callable[..., Any], **said: Any) -> tuple[bool, Any]:
        """Whether the product let somebody do it, and its answer."""
        try:
            answer = await self.stage.act(partial(action, **said))
        except Refusal as refusal:
            self.refused[refusal.slug] += 1
            return False, None
        if answer is not None:
            self.done[action.__name__] += 1
        return True, answer

    async def may(self, action: Callable[..., Any], **said: Any) -> Any:
        """Its answer; None when the product did not let them."""
        return (await self.tries(action, **said))[1]

    def waits(self, service: str) -> None:
        """Somebody has begun to wait: the first of the idle agents sees it."""
        for life, services in self._idle.items():
            if service in services:
                del self._idle[life]
                self.agenda.begin(life, self.agenda.now + A_MOMENT)
                return

    def idle(self, life: Life, services: tuple[str, ...]) -> None:
        self._idle[life] = services

    def busy(self, life: Life) -> None:
        self._idle.pop(life, None)

    async def expects_nobody(self, services: tuple[str, ...]) -> bool:
        """Whether nobody is still to come to agents of these services, once nobody waits for them."""
        found = await self.stage.ask(lambda session: tickets.open_tickets(session, self.place.branch))
        visits = (self.visits.get(ticket.id) for ticket in found)
        return not any(visit is not None and visit.may_want(services) for visit in visits)

    async def answer(self, called: Iterable[Ticket]) -> None:
        """Who was called by somebody of flesh and blood says "I'm coming" as well, unless they are to miss it."""
        ours = self.place.agents.values()
        for ticket in called:
            visit = self.visits.get(ticket.id)
            if visit is None or ticket.staff_id in ours or ticket.acknowledged_at is not None:
                continue
            if visit.person.says_coming and not visit.gone and (visit.missed or not visit.person.misses):
                await self._moves(visit, joining.acknowledge)

    def forget_who_has_gone(self) -> None:
        self.visits = {id: visit for id, visit in self.visits.items() if not visit.over}

    def was_served(self, visit: Visit) -> None:
        visit.over = True
        if visit.person.rates is not None:
            self.agenda.begin(self._rates(visit, *visit.person.rates), self.agenda.now)

    def was_missed(self, visit: Visit) -> None:
        """They notice it and come back, or do not."""
        again = visit.person.returns is not None and not visit.gone and not visit.missed
        visit.missed = True
        visit.over = not again
        if again and visit.person.returns is not None:
            self.agenda.begin(self._returns(visit, visit.person.returns), self.agenda.now)

    def was_parked(self, visit: Visit, counter: Life) -> None:
        assert visit.person.form is not None
        visit.form_filled = True
        self.agenda.begin(self._fills_form(visit, counter, visit.person.form), self.agenda.now)

    async def _visit(self, person: Person, opening: float) -> Life:
        joined = await self._joins(person, opening)
        if joined is None:
            return
        visit = self.visits[joined["ticket"]] = Visit(person, joined["ticket"])
        if not _at_once(person):
            if person.arrives is None:
                return
            yield opening + person.arrives
            proof = self._pass(visit.ticket)
            arrived = await self.may(
                joining.arrive, by=visit.by, ticket_id=visit.ticket, proof=proof, presence=self.presence
            )
            if arrived is None:
                return
        visit.here = True
        self.waits(visit.errand.service)
        since = self.agenda.now
        if person.confirmed is not None:
            self.agenda.begin(self._is_believed(visit, person.confirmed), since)
        if person.stroll is not None:
            yield since + person.stroll[0]
            if await self._is_waiting(visit) and await self._moves(visit, joining.step_away):
                yield self.agenda.now + person.stroll[1]
                if await self._moves(visit, joining.come_back):
                    self.waits(visit.errand.service)
        yield since + person.patience
        await self._gives_up(visit)

    async def _joins(self, person: Person, opening: float) -> Any:
        visitor, ticket = self.new_id(), self.new_id()
        booked = None if person.appointment is None else self.stage.when(opening + person.appointment)
        here, kiosk = _at_once(person), person.channel == "kiosk"
        wish = joining.Joining(
            ticket, person.errands[0].service, person.channel, person.language,
            visitor=None if kiosk else visitor, here=kiosk, device_id=self.place.door if kiosk else None,
            proof=self._pass(visitor) if here and not kiosk else None,
            priority=person.priority, appointment_at=booked,
            promised=await self.stage.promise(person.errands[0].service),
        )  # fmt: skip
        by = Actor("device", self.place.door) if kiosk else Actor("customer", visitor)
        return await self.may(joining.join, by=by, joining=wish, presence=self.presence)

    def _pass(self, visitor: str) -> str:
        """What a phone has after it opened the door's link."""
        now = self.stage.when(self.agenda.now)
        return self.presence.mint_pass(self.place.branch, visitor, self.place.door, now)

    async def _is_believed(self, visit: Visit, after: float) -> Life:
        """By whoever of the agents looks at the queue."""
        yield self.agenda.now + after
        if await self._is_waiting(visit):
            by = Actor("staff", next(iter(self.place.agents.values())))
            await self.may(serving.reclass, by=by, ticket_id=visit.ticket, priority=visit.person.priority)

    async def _gives_up(self, visit: Visit) -> None:
        if visit.over or not await self._is_waiting(visit):
            return
        visit.gone = True
        if visit.person.says_so:
            visit.over = bool(await self._moves(visit, joining.leave))

    async def _returns(self, visit: Visit, after: float) -> Life:
        yield self.agenda.now + after
        if await self._moves(visit, joining.come_again):
            self.waits(visit.errand.service)
        else:
            visit.over = True

    async def _fills_form(self, visit: Visit, counter: Life, minutes: float) -> Life:
        yield self.agenda.now + minutes
        if await self._moves(visit, joining.get_ready) and counter in self._idle:
            self.busy(counter)
            self.agenda.begin(counter, self.agenda.now + A_MOMENT)

    async def _rates(self, visit: Visit, score: int, after: float) -> Life:
        yield self.agenda.now + after
        await self.may(rating.rate, ticket_id=visit.ticket, tap=rating.Tap(score))

    async def _moves(self, visit: Visit, move: Callable[..., Any]) -> Any:
        return await self.may(move, by=visit.by, ticket_id=visit.ticket)

    async def _is_waiting(self, visit: Visit) -> bool:
        """As their phone shows it: agents of flesh and blood may have called them."""
        found = await self.stage.ask(lambda session: tickets.ticket(session, self.place.branch, visit.ticket).state)
        return found == State.WAITING


def _at_once(person: Person) -> bool:
    """Whether they stand at the door when they join."""
    return person.appointment is None and person.arrives == person.comes


def _ids(seed: int) -> Iterator[str]:
    """Ids as new_id makes them, the same again for a seed."""
    chance = Random(f"ids {seed}")
    while True:
        yield chance.randbytes(ID_LENGTH).translate(LETTERS).decode()
