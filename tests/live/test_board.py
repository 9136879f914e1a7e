"""The board in memory: what is read of it since a version is what reading all of it would give."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import duties, joining, serving, timekeeping, undoing
from server.actions.arranging import counters, staff
from server.branch_file import PersonSection
from server.chance import new_id
from server.domain.errors import NotFound, Refusal, Unavailable
from server.domain.people import Actor, Installation
from server.domain.ticket import Ticket
from server.live import board as boards
from server.live import drawing
from server.live.board import Board, Boards
from server.live.drawing import CALLS_SHOWN
from server.live.views import BoardView, TicketView
from server.live.wire import phone_frame
from server.queries import tickets
from tests.world import Agent, World

STEPS = 120
FLAVOURS = range(3)
CONTROL = 7


class Day:
    """Random moves of everybody in one branch; refused ones are part of a day."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.known: list[str] = []

    async def goes_on(self) -> None:
        self.world.clock.forward(seconds=self.chance.choices([0, 1, 7, 65, 400, 3700], [20, 20, 20, 10, 5, 1])[0])
        step = self.chance.choices([self._join, self._customer, self._call, self._agent, self._place], [4, 3, 4, 6, 1])
        with suppress(Refusal):
            await step[0]()

    async def _join(self) -> None:
        given = joining.Joining(
            new_id(), self.chance.choice(["new-passport", "renewals"]), "agent", "en", here=True,
            priority=self.chance.choice([None, None, "elderly", "business"]),
        )  # fmt: skip
        answer = await self.world.act(
            joining.join, by=self.world.ken.actor, joining=given, presence=self.world.presence
        )
        self.known.append(answer["ticket"])

    async def _customer(self) -> None:
        moves: list[Callable[..., Any]] = [
            joining.step_away, joining.come_back, joining.postpone, joining.leave, joining.acknowledge,
            joining.come_again, joining.get_ready,
        ]  # fmt: skip
        ticket = self.chance.choice(self.known)
        await self.world.act(self.chance.choice(moves), by=Actor("customer", ticket), ticket_id=ticket)

    async def _call(self) -> None:
        agent = self._somebody()
        if not agent.counter or self.chance.random() < 0.2:
            await agent.takes(self.chance.choice(["1", "2", "3"]))
        await agent.calls_next()

    async def _agent(self) -> None:
        moves: dict[Callable[..., Any], int] = {
            serving.start: 6, partial(serving.finish, outcome="resolved"): 4, serving.miss: 2, serving.park: 2,
            serving.unpark: 2, serving.put_back: 1, serving.recall: 1, partial(serving.remove, reason="asked to"): 1,
            partial(serving.transfer, service="renewals", counter=None, agent=None, place="front"): 2,
            undoing.undo: 4, joining.come_again: 2,
        }  # fmt: skip
        moving = [t for t in (await self.world.view()).by_ticket.values() if t.state not in ("waiting", "expired")]
        if moving:
            ticket = self.chance.choice(moving)
            agents = {agent.id: agent for agent in (self.world.ken, self.world.lola, self.world.mira)}
            agent = agents.get(ticket.agent or "", self.world.ken)
            await agent.does(self.chance.choices([*moves], [*moves.values()])[0], ticket.id)

    async def _place(self) -> None:
        mira = self.world.mira.actor
        name = self.chance.choice(["Lola", "Lolita", "Dolores"])
        called_otherwise = partial(
            staff.change, by=mira, staff_id=self.world.lola.id, section=PersonSection(name=name, role="agent")
        )
        archived = partial(counters.archive, by=mira, counter_id=self.world.counters["3"])
        on_break = partial(
            duties.change_break, by=self.world.ken.actor, counter_id=self.world.ken.counter, on_break=True, back_at=None
        )
        happens: list[Callable[..., Any]] = [called_otherwise, archived, on_break, timekeeping.tick]
        await self.world.act(self.chance.choice(happens))

    def _somebody(self) -> Agent:
        return self.chance.choice([self.world.ken, self.world.lola, self.world.mira])


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_what_changed_since_then_gives_what_everything_gives(world: World, flavour: int) -> None:
    kept, chance = Board(world.branch), random.Random(flavour)
    day = Day(world, chance)
    await world.changes(hours=None)
    await day._join()
    for _ in range(STEPS):
        await day.goes_on()
        if chance.random() < 0.5:  # sometimes several moves lie between two looks
            assert _comparable(await _look(world, kept)) == _comparable(await _look(world, Board(world.branch)))


async def test_a_move_that_a_refresh_misses_would_be_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "changed_since", lambda session, branch, known: [])
    with pytest.raises(AssertionError):
        await test_what_changed_since_then_gives_what_everything_gives(world, CONTROL)


async def test_of_a_board_only_what_changed_is_drawn_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, drawn = Board(world.branch), drawing._ticket
    await world.queue(*(f"Guest {n}" for n in range(20)))
    await world.ken.takes("1")
    await _look(world, kept)
    anew: list[str] = []

    def noted(ticket: Ticket, labels: dict[str, str]) -> TicketView:
        anew.append(ticket.id)
        return drawn(ticket, labels)

    monkeypatch.setattr(drawing, "_ticket", noted)
    called = await world.ken.calls_next()
    assert called is not None
    view = await _look(world, kept)
    assert anew == [called["ticket"]]
    assert [ticket.ahead for ticket in view.tickets if ticket.state == "waiting"] == list(range(19))


async def test_a_refresh_that_failed_half_way_heals_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Board(world.branch)
    await _look(world, kept)
    await world.queue("Ada", "Bo")
    with monkeypatch.context() as broken:
        broken.setattr(tickets, "changed_since", _fails)
        with pytest.raises(Unavailable):
            await _look(world, kept)
    healed = await _look(world, kept)
    assert [ticket.number for ticket in healed.tickets] == ["A001", "A002"]
    assert _comparable(healed) == _comparable(await _look(world, Board(world.branch)))


async def test_after_a_restore_the_board_is_the_restored_one_even_at_the_same_version(world: World) -> None:
    kept = Board(world.branch)
    (ada,) = await world.queue("Ada")
    assert len((await _look(world, kept)).tickets) == 1

    def restored(session: Session, branch: Any, now: Any) -> dict[str, Any]:
        installation = session.get(Installation, 1) or Installation(id=1, epoch=1, created_at=now)
        installation.epoch += 1
        session.add(installation)
        branch.version -= 1
        ticket = tickets.ticket(session, branch.id, ada.ticket)
        ticket.state, ticket.closed_at = "left", now
        return {}

    await world.db.act(world.branch, None, restored)
    again = await _look(world, kept)
    assert (again.epoch, len(again.tickets)) == (2, 0)


async def test_a_call_that_was_taken_back_vanishes(world: World) -> None:
    kept = Board(world.branch)
    ada, bo = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    assert [call.number for call in (await _look(world, kept)).calls] == [ada.number]
    await world.ken.undoes(ada.ticket)
    assert (await _look(world, kept)).calls == ()
    await world.ken.calls_next()
    await world.ken.does(serving.miss, ada.ticket)
    await world.ken.calls_next()
    assert [call.number for call in (await _look(world, kept)).calls] == [bo.number, ada.number]


async def test_the_last_eight_calls_are_shown_newest_first_and_a_recall_is_a_new_one(world: World) -> None:
    kept = Board(world.branch)
    people = await world.queue("Ada", "Bo", "Cy", "Di", "Ed", "Fay", "Gil", "Hal", "Ina", "Jo")
    await world.ken.takes("1")
    for person in people:
        await world.ken.calls_next()
        await _look(world, kept)
        await world.ken.serves(person.ticket)
    view = await _look(world, kept)
    assert [call.number for call in view.calls] == [p.number for p in reversed(people)][:CALLS_SHOWN]
    assert not any(call.active for call in view.calls)
    (kim,) = await world.queue("Kim")
    await world.ken.calls_next()
    first = (await _look(world, kept)).calls[0]
    world.clock.forward(seconds=20)
    await world.ken.does(serving.recall, kim.ticket)
    again = (await _look(world, kept)).calls[0]
    assert first.ticket == again.ticket == kim.ticket
    assert first.id != again.id


async def test_a_call_does_not_come_to_life_again_when_its_ticket_is_forgotten(world: World) -> None:
    kept = Board(world.branch)
    ada, _ = await world.queue("Ada", "Bo")
    await world.ken.takes("1")
    await world.ken.calls_next()
    assert (await _look(world, kept)).calls[0].active
    await world.ken.serves(ada.ticket)
    await _look(world, kept)
    world.clock.forward(minutes=61)
    await world.queue("Cy")
    shown = (await _look(world, kept)).calls[0]
    assert (shown.number, shown.active) == (ada.number, False)


async def test_a_view_is_at_least_as_new_as_what_was_announced(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    before = await found.fresh(world.branch)
    await world.ada.joins()
    assert await found.fresh(world.branch) is before  # nobody said anything, and it is new enough
    found.announced(world.branch, before.version + 1)
    assert (await found.fresh(world.branch)).version == before.version + 1


async def test_without_a_word_a_board_is_believed_for_ten_seconds(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    before = await found.fresh(world.branch)
    await world.ada.joins()
    world.clock.forward(seconds=boards.STALE_SECONDS + 1)
    assert (await found.fresh(world.branch)).version > before.version


async def test_a_clock_set_back_does_not_freeze_the_board(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    before = await found.fresh(world.branch)
    world.clock.forward(hours=-1)
    await world.ada.joins()
    for look in (found.refresh, found.fresh):
        assert (await look(world.branch)).version > before.version


async def test_a_forged_announcement_costs_a_look_and_nothing_more(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    found.announced(world.branch, 10**9)
    view = await found.fresh(world.branch)
    assert await found.fresh(world.branch) is view


async def test_whoever_guesses_names_fills_no_memory(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    for name in ("nowhere", "harbor", ""):
        with pytest.raises(NotFound):
            await found.fresh(name)
    assert not found._boards
    assert not found._claimed
    assert not len(found._refreshed)


async def test_a_ticket_that_closed_long_ago_is_still_found(world: World) -> None:
    found = Boards(world.db.ask, world.clock)
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(ada.ticket)
    world.clock.forward(hours=2)
    _, ticket = await found.ticket(world.branch, ada.ticket)
    assert ticket is not None
    assert (ticket.state, ticket.counter_label) == ("served", "1")
    assert (await found.ticket(world.branch, "nobodys"))[1] is None
    view, framed = await found.framed(world.branch, ada.ticket)
    assert framed is not None
    assert phone_frame(view, framed, world.clock()) == phone_frame(view, ticket, world.clock())
    assert (await found.framed(world.branch, "nobodys"))[1] is None


def _look(world: World, board: Board) -> Awaitable[BoardView]:
    return world.db.ask(lambda session: board.refresh(session, world.clock()))


def _comparable(view: BoardView) -> tuple[BoardView, object]:
    """Without what only one of the two still remembers: tickets that closed about an hour ago, and what was told."""
    tickets = [ticket._replace(wait=None, why=None) for ticket in view.tickets]
    same = replace(view, tickets=tuple(tickets), by_ticket={ticket.id: ticket for ticket in tickets})
    return same, view.forecast and view.forecast.waits


def _fails(*_: Any) -> Any:
    raise Unavailable
