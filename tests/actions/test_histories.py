"""Random histories on both databases at once, held against the branch on paper (tests/model.py)."""

import asyncio
import itertools
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.actions import joining, serving
from server.bus import InProcessBus
from server.db import Database
from server.domain.base import to_ms
from server.domain.branch import Branch
from server.domain.errors import Refusal
from server.domain.moves import State, TicketEvent, recount
from server.domain.people import Duty
from server.domain.ticket import Ticket, stored
from server.queries import tickets
from tests import databases, model
from tests.world import Clock, Customer, World, branch_of_its_own

LETTERS = {"new-passport": "A", "renewals": "B"}
DESKS = {
    "1": model.Desk("Ken", ("new-passport", "renewals")),
    "2": model.Desk("Lola", ("renewals",)),
    "3": model.Desk("Mira", ("new-passport",)),
}
EXAMPLES = {"full": 1000}.get(os.environ.get("SCALE", ""), 20)
STEPS = 40
pick = st.integers(0, 1_000_000)
serial = itertools.count()


class Histories(RuleBasedStateMachine):
    """Each rule happens to every database and on paper; all must say the same."""

    urls: ClassVar[list[str]] = []
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.worlds: list[World] = []
        self.people: list[list[Customer]] = []  # by ticket, one per world

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(doing)

    @initialize()
    def open(self) -> None:
        clock = Clock()
        name = f"h{next(serial)}"
        for url in self.urls:
            world = self.run(branch_of_its_own(Database(url, InProcessBus(), clock), clock, name))
            self.worlds.append(world)
            for label, desk in DESKS.items():
                self.run(getattr(world, desk.agent.lower()).takes(label, list(desk.services)))
        self.clock = clock
        self.paper = model.Branch(DESKS, to_ms(clock()))

    def teardown(self) -> None:
        for world in self.worlds:
            world.db.close()

    @rule(seconds=st.one_of(st.integers(0, 120), st.integers(-3600, 0)))
    def the_clock_moves(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)
        self.paper.now = to_ms(self.clock())

    @rule(service=st.sampled_from(sorted(LETTERS)), priority=st.sampled_from([None, None, "elderly"]))
    def somebody_joins(self, service: str, priority: str | None) -> None:
        ticket = self.paper.join(service, LETTERS[service], priority)
        people = [world.customer(ticket.number) for world in self.worlds]
        numbers = [self.run(person.joins(service, priority=priority))["number"] for person in people]
        assert numbers == [ticket.number] * len(people)
        self.people.append(people)

    @rule(label=st.sampled_from(sorted(DESKS)))
    def an_agent_calls_next(self, label: str) -> None:
        expected = self._paper(lambda: self.paper.call_next(label))
        for world in self.worlds:
            called = self._really(self._agent(world, label).calls_next())
            if isinstance(expected, model.Paper):
                assert called not in (None, "refused")
                assert called["number"] == expected.number
            else:
                assert called == expected

    @precondition(lambda self: self.people)
    @rule(who=pick, label=st.sampled_from(sorted(DESKS)))
    def an_agent_chooses(self, who: int, label: str) -> None:
        self._agent_does(who, label, serving.call, self.paper.call, counter=True, reason="asked for")

    @precondition(lambda self: self.people)
    @rule(who=pick, move=st.sampled_from(["recall", "start", "finish", "miss", "put back", "park", "unpark"]))
    def the_agent_at_the_counter(self, who: int, move: str) -> None:
        ticket = self._ticket(who)
        label = ticket.counter or "1"
        real = {
            "recall": serving.recall, "start": serving.start, "finish": serving.finish, "miss": serving.miss,
            "put back": serving.put_back, "park": serving.park, "unpark": serving.unpark,
        }[move]  # fmt: skip
        needed = move == "finish" and ticket.service == "new-passport"

        def outcome(world: World) -> dict[str, str]:
            return {"outcome": "resolved"} if needed else {}

        self._agent_does(who, label, real, lambda t, c: self.paper.by_agent(t, c, move), outcome)

    @precondition(lambda self: self.people)
    @rule(who=pick, to=pick, place=st.sampled_from(["arrival", "front", "end"]))
    def a_transfer(self, who: int, to: int, place: str) -> None:
        ticket = self._ticket(who)
        label = ticket.counter or "1"
        targets: list[tuple[str, str]] = [("service", s) for s in LETTERS]
        targets += [("counter", c) for c in DESKS] + [("agent", d.agent) for d in DESKS.values()]
        kind, name = targets[to % len(targets)]
        service, bound = (name, None) if kind == "service" else (ticket.service, (kind, name))

        def on_paper(t: model.Paper, c: str) -> None:
            self.paper.transfer(t, c, service, bound, place)

        def real_target(world: World) -> dict[str, str]:
            ids = {"service": name, "counter": world.counters.get(name, ""), "agent": self._named(world, name)}
            return {kind: ids[kind]}

        self._agent_does(who, label, serving.transfer, on_paper, real_target, place=place)

    @precondition(lambda self: self.people)
    @rule(
        who=pick,
        move=st.sampled_from(["step away", "come back", "postpone", "acknowledge", "ready", "return", "leave"]),
    )
    def the_customer(self, who: int, move: str) -> None:
        ticket = self._ticket(who)
        real: dict[str, Callable[..., Any]] = {
            "step away": joining.step_away, "come back": joining.come_back, "postpone": joining.postpone,
            "acknowledge": joining.acknowledge, "ready": joining.get_ready, "return": joining.come_again,
            "leave": joining.leave,
        }  # fmt: skip
        expected = self._paper(lambda: self.paper.by_customer(ticket, move))
        for person in self.people[who % len(self.people)]:
            answer = self._really(person.does(real[move]))
            assert (answer == "refused") == (expected == "refused"), (move, ticket.state)

    @precondition(lambda self: self.people)
    @rule(who=pick)
    def a_manager_undoes(self, who: int) -> None:
        ticket = self._ticket(who)
        expected = self._paper(lambda: self.paper.undo(ticket))
        for world, person in zip(self.worlds, self.people[who % len(self.people)], strict=True):
            answer = self._really(world.mira.undoes(person.ticket))
            assert (answer == "refused") == (expected == "refused"), ticket.past[-3:]

    @invariant()
    def everything_is_as_on_paper(self) -> None:
        for world in self.worlds:
            rows, diaries = self.run(world.ask(_everything, world.branch))
            self._rows_are_as_on_paper(world, rows)
            for row, ticket in zip(rows, self.paper.tickets, strict=True):
                diary = diaries[row.id]
                assert [line.move for line in diary[1:]] == [move for move, _, _ in ticket.past]
                assert recount(diary) == {field: stored(getattr(row, field)) for field in Ticket.RECOUNTED}
                assert [line.to_state for line in diary[:-1]] == [line.from_state for line in diary[1:]]

    def _rows_are_as_on_paper(self, world: World, rows: list[Ticket]) -> None:
        labels = {id: label for label, id in world.counters.items()}
        for row, ticket in zip(rows, self.paper.tickets, strict=True):
            assert (row.number, row.state, row.service_id) == (ticket.number, ticket.state, ticket.service)
            if ticket.state in ("called", "serving", "parked"):
                assert labels[row.counter_id or ""] == ticket.counter
        assert len({row.number for row in rows}) == len(rows)
        at_counters = [row.counter_id for row in rows if row.state in ("called", "serving")]
        assert len(set(at_counters)) == len(at_counters)
        waiting = sorted((row for row in rows if row.state == State.WAITING), key=lambda row: row.key)
        on_paper = sorted((t for t in self.paper.tickets if t.state == "waiting"), key=lambda t: t.key)
        assert [row.number for row in waiting] == [t.number for t in on_paper]

    def _ticket(self, who: int) -> model.Paper:
        return self.paper.tickets[who % len(self.people)]

    def _agent(self, world: World, label: str) -> Any:
        return getattr(world, DESKS[label].agent.lower())

    def _named(self, world: World, name: str) -> str:
        person = getattr(world, name.lower(), None)
        return person.id if person is not None else ""

    def _paper(self, doing: Callable[[], Any]) -> Any:
        try:
            return doing()
        except model.No:
            return "refused"

    def _really(self, doing: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.run(doing)
        except Refusal:
            return "refused"

    def _agent_does(
        self, who: int, label: str, real: Callable[..., Any], paper: Callable[[model.Paper, str], None],
        target: Callable[[World], dict[str, str]] = lambda world: {}, *, counter: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        ticket = self._ticket(who)
        expected = self._paper(lambda: paper(ticket, label))
        for world, person in zip(self.worlds, self.people[who % len(self.people)], strict=True):
            agent = self._agent(world, label)
            here = {"counter_id": world.counters[label]} if counter else {}
            answer = self._really(agent.does(real, person.ticket, **more, **here, **target(world)))
            assert (answer == "refused") == (expected == "refused"), (real.__name__, ticket.state, answer)


def _everything(session: Session, branch_id: str) -> tuple[list[Ticket], dict[str, list[TicketEvent]]]:
    """The branch's tickets in the order they joined, and the diary of each."""
    events = session.scalars(
        select(TicketEvent).where(TicketEvent.branch_id == branch_id).order_by(TicketEvent.version)
    )
    diaries: dict[str, list[TicketEvent]] = {}
    for line in events:
        diaries.setdefault(line.ticket_id, []).append(line)
    rows = {row.id: row for row in session.scalars(select(Ticket).where(Ticket.branch_id == branch_id))}
    return [rows[id] for id in diaries], diaries


@pytest.fixture
def both(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Both databases, without waiting for a disk: what survives a power cut is another test's question."""
    memory = Path("/dev/shm")  # noqa: S108 - Linux's own memory disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        sqlite, postgresql = (request.getfixturevalue(f"{kind}_pattern") for kind in ("sqlite", "postgresql"))
        in_no_hurry = "options=-csynchronous_commit%3Doff"
        yield [databases.copy_of(sqlite, Path(folder)), f"{databases.copy_of(postgresql, Path(folder))}?{in_no_hurry}"]


@pytest.mark.postgres
@pytest.mark.timeout(3600)
def test_every_history_is_as_on_paper_on_both_databases(both: list[str]) -> None:
    _play(both)


@pytest.mark.postgres
def test_the_paper_notices_a_wrong_order(both: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: the last who joined is called first."""

    def last(session: Session, branch: Branch, duty: Duty) -> Ticket | None:
        waiting = [ticket for service in duty.services for ticket in tickets.queue(session, branch.id, service)]
        return waiting[-1] if waiting else None

    monkeypatch.setattr(serving, "head", last)
    with pytest.raises(AssertionError):
        _play(both)


def _play(urls: list[str]) -> None:
    Histories.urls, Histories.loop = urls, asyncio.new_event_loop()
    try:
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=False,
                suppress_health_check=list(HealthCheck), database=None,
                derandomize=os.environ.get("SCALE") != "full",  # the same each day; others when asked for many
                phases=[Phase.generate],  # shrinking replays databases for minutes; the notes of one run tell enough
            ),
        )  # fmt: skip
    finally:
        Histories.loop.close()
