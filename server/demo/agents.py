"""The demo's agents: they take a counter, call in the product's order, serve, rest, go home at last."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.actions import duties, joining, serving
from server.demo.agenda import Life
from server.demo.hall import Hall, Visit
from server.demo.plan import Day, Pause, Shift
from server.domain.moves import State
from server.domain.people import Actor
from server.queries import branches, tickets

RECALL_AFTER = 1.0  # minutes of looking around
GIVEN_UP_AFTER = 1.2  # minutes more
TRIES_AGAIN = 2.0  # minutes after which an agent who was not let tries again
BEFORE_FORM = 0.3  # share of an errand that is done before the form
STRANGER_WALKS, STRANGER_MINUTES = 10.0, 15.0  # real seconds: somebody from outside the plan wants to see what happens


class AgentAt:
    """One agent through one day; `life` is begun on the hall's agenda."""

    def __init__(self, hall: Hall, shift: Shift, opening: float, closing: float, ended: Callable[[], None]) -> None:
        self._hall, self._shift, self._ended = hall, shift, ended
        self._opening, self._closing = opening, closing
        self._goes = float("inf") if shift.ends is None else opening + shift.ends
        self._pauses = list(shift.pauses)
        self._there = self._home = False
        self._by = Actor("staff", hall.place.agents[shift.counter])
        self._counter = hall.place.counters[shift.counter]
        self.life: Life = self._lives()

    @property
    def _now(self) -> float:
        return self._hall.agenda.now

    async def _lives(self) -> Life:
        while not self._home:
            async for minute in self._works() if self._there else self._comes_in():
                yield minute
            self._home |= self._now >= self._goes
        await self._hall.may(duties.end, by=self._by, counter_id=self._counter, parked="transfer")
        self._ended()

    async def _comes_in(self) -> AsyncIterator[float]:
        """While somebody else stands there they get no place: people come first."""
        taken = await self._hall.may(
            duties.take, by=self._by, counter_id=self._counter, duty_id=self._hall.new_id(),
            services=list(self._shift.services),
        )  # fmt: skip
        self._there = taken is not None
        if self._there:
            async for minute in self._finishes_what_is_there():
                yield minute
        elif self._now >= self._closing:
            self._home = True
        else:
            yield self._now + TRIES_AGAIN

    async def _works(self) -> AsyncIterator[float]:
        if self._pauses and self._now >= self._opening + self._pauses[0].begins:
            async for minute in self._rests(self._pauses.pop(0)):
                yield minute
        self._there, called = await self._hall.tries(serving.call_next, by=self._by, counter_id=self._counter)
        if called is not None:
            async for minute in self._receives(called["ticket"]):
                yield minute
        elif not self._there:
            yield self._now + TRIES_AGAIN
        elif self._now >= self._closing and await self._hall.expects_nobody(self._shift.services):
            self._home = True
        else:
            self._hall.idle(self.life, self._shift.services)
            yield self._wakes()
            self._hall.busy(self.life)

    def _wakes(self) -> float:
        """When an idle agent does something though nobody has come."""
        known = [self._closing, self._goes] + [self._opening + pause.begins for pause in self._pauses[:1]]
        return min([self._now + self._hall.stage.looks_up, *(minute for minute in known if minute > self._now)])

    async def _finishes_what_is_there(self) -> AsyncIterator[float]:
        """Somebody may have given this counter a customer back, by an undo."""
        current = await self._hall.stage.ask(lambda session: tickets.current_at(session, self._counter))
        if current is not None:
            if current.state == State.SERVING:
                await self._acts(serving.finish, current.id, outcome=await self._an_outcome(current.id))
            else:
                async for minute in self._receives(current.id):
                    yield minute

    async def _rests(self, pause: Pause) -> AsyncIterator[float]:
        back = self._now + pause.minutes
        at = self._hall.stage.when(back) if pause.told else None
        here = partial(self._hall.may, duties.change_break, by=self._by, counter_id=self._counter)
        if await here(on_break=True, back_at=at):
            yield back
            await here(on_break=False)

    async def _receives(self, ticket_id: str) -> AsyncIterator[float]:
        """From the call to the moment when the counter is ready for the next."""
        visit = self._hall.visits.get(ticket_id)
        if visit is None:
            async for minute in self._receives_stranger(ticket_id):
                yield minute
        elif visit.gone or (visit.person.misses and not visit.missed):
            async for minute in self._waits_in_vain(visit):
                yield minute
        else:
            async for minute in self._serves(visit):
                yield minute

    async def _waits_in_vain(self, visit: Visit) -> AsyncIterator[float]:
        yield self._now + RECALL_AFTER
        await self._acts(serving.recall, visit.ticket)
        yield self._now + GIVEN_UP_AFTER
        await self._acts(serving.miss, visit.ticket)
        self._hall.was_missed(visit)

    async def _serves(self, visit: Visit) -> AsyncIterator[float]:
        yield self._now + visit.person.walks / 2
        if visit.person.says_coming:
            await self._hall.may(joining.acknowledge, by=visit.by, ticket_id=visit.ticket)
        yield self._now + visit.person.walks / 2
        await self._acts(serving.start, visit.ticket)
        errand = visit.errand
        if visit.person.form is not None and not visit.form_filled:
            yield self._now + errand.minutes * BEFORE_FORM
            visit.left = 1 - BEFORE_FORM
            if await self._acts(serving.park, visit.ticket):
                self._hall.was_parked(visit, self.life)
                return
        yield self._now + errand.minutes * visit.left
        await self._sends_on(visit)
        yield self._now + errand.gap

    async def _sends_on(self, visit: Visit) -> None:
        if visit.leg + 1 < len(visit.person.errands):
            following = visit.person.errands[visit.leg + 1].service
            if await self._acts(serving.transfer, visit.ticket, service=following):
                visit.leg, visit.left = visit.leg + 1, 1.0
                self._hall.waits(following)
        elif await self._acts(serving.finish, visit.ticket, outcome=visit.errand.outcome):
            self._hall.was_served(visit)

    async def _receives_stranger(self, ticket_id: str) -> AsyncIterator[float]:
        """Somebody who joined with a phone of their own."""
        a_second = self._hall.stage.speed / 60
        yield self._now + STRANGER_WALKS * a_second
        await self._acts(serving.start, ticket_id)
        yield self._now + STRANGER_MINUTES * a_second
        await self._acts(serving.finish, ticket_id, outcome=await self._an_outcome(ticket_id))

    async def _an_outcome(self, ticket_id: str) -> str | None:
        """The first one that its service has."""
        branch = self._hall.place.branch

        def first(session: Session) -> str | None:
            service = tickets.ticket(session, branch, ticket_id).service_id
            found = (o.id for o in branches.outcomes(session, branch) if o.service_id == service and not o.archived)
            return next(found, None)

        return await self._hall.stage.ask(first)

    async def _acts(self, move: Callable[..., Any], ticket_id: str, **said: Any) -> Any:
        return await self._hall.may(move, by=self._by, ticket_id=ticket_id, **said)


async def live_day(hall: Hall, day: Day, opening: float = 0.0) -> None:
    """A day from its opening (its minute 0 on the hall's agenda) until the last agent has gone home."""
    at_work = len(day.shifts)

    def ended() -> None:
        nonlocal at_work
        at_work -= 1

    for shift in day.shifts:
        agent = AgentAt(hall, shift, opening, opening + day.closes, ended)
        hall.agenda.begin(agent.life, opening + shift.begins)
    hall.invite(day, opening)
    await hall.agenda.run(hall.stage.reach, lambda: at_work > 0)
