"""What is saved, and what is said when it cannot be: batches, keys used at once, a full disk, faults of ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from server.actions import joining, serving
from server.bus import InProcessBus
from server.chance import new_id
from server.db import WRITERS, Database, Key, Unchanged
from server.domain.branch import AuditLine, Branch
from server.domain.errors import Conflict, Invalid, Unavailable
from server.domain.people import Actor, Answer
from server.domain.ticket import Ticket
from tests.world import World

PATIENCE = 20.0  # seconds
PAGES_LEFT = 2  # of a full disk: too few for what follows


def _join(world: World, ticket_id: str = "", **more: Any) -> Any:
    wish = joining.Joining(ticket_id or new_id(), "new-passport", "kiosk", "en", here=True, **more)
    return partial(joining.join, by=Actor("device", "door"), joining=wish, presence=world.presence)


async def _at_once(world: World, *actions: Any, keys: tuple[Key | None, ...] = ()) -> list[Any]:
    """All handed in before the first is answered; each one's answer or exception."""
    given = keys or (None,) * len(actions)
    waiting = [world.db.act(world.branch, key, action) for action, key in zip(actions, given, strict=True)]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def _numbers(world: World) -> list[str]:
    found = select(Ticket.number).where(Ticket.branch_id == world.branch).order_by(Ticket.number)
    return await world.db.ask(lambda session: list(session.scalars(found)))


# Keys


async def test_one_key_sent_many_times_at_once_makes_one_ticket(world: World) -> None:
    key = Key("visitor", "k", "same")
    answers = await _at_once(world, *(_join(world) for _ in range(20)), keys=(key,) * 20)
    assert [answer for answer in answers if answer != answers[0]] == []
    assert await _numbers(world) == ["A001"] == [answers[0]["number"]]


async def test_one_key_sent_at_once_with_two_bodies_makes_one_ticket(world: World) -> None:
    answers = await _at_once(
        world, _join(world), _join(world), keys=(Key("visitor", "k", "one"), Key("visitor", "k", "two"))
    )
    assert len([answer for answer in answers if isinstance(answer, Invalid)]) == 1
    assert await _numbers(world) == ["A001"]


async def test_one_key_sent_at_once_for_the_installation_happens_once(world: World) -> None:
    """No branch's lock stands between them there: the key itself does."""
    key = Key("mira", "k", "same")
    sent = [world.db.act(None, key, partial(_noted, what="once")) for _ in range(8)]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert answers == [{"noted": "once"}] * 8
    assert await _lines(world, "once") == 1


async def test_the_same_key_of_two_who_ask_is_two_keys(world: World) -> None:
    keys = (Key("ada", "k", "same"), Key("bo", "k", "same"))
    await _at_once(world, _join(world), _join(world), keys=keys)
    assert await _numbers(world) == ["A001", "A002"]


# Batches


async def test_a_refused_action_takes_nothing_of_the_others_with_it(world: World) -> None:
    await world.changes(full_at=2)
    answers = await _at_once(world, *(_join(world) for _ in range(5)))
    assert [answer["number"] for answer in answers if isinstance(answer, dict)] == ["A001", "A002"]
    assert [answer.slug for answer in answers if isinstance(answer, Conflict)] == ["branch-full"] * 3
    assert await _numbers(world) == ["A001", "A002"]


async def test_a_fault_of_ours_takes_nothing_of_the_others_with_it(world: World) -> None:
    def broken(session: Session, branch: Branch, now: Any) -> Any:
        _join(world)(session, branch, now)
        session.flush()
        raise ZeroDivisionError

    answers = await _at_once(world, _join(world), broken, _join(world), broken, _join(world))
    assert [type(answer) for answer in answers] == [dict, ZeroDivisionError, dict, ZeroDivisionError, dict]
    assert await _numbers(world) == ["A001", "A002", "A003"]


async def test_what_breaks_a_rule_of_the_database_takes_nothing_of_the_others_with_it(world: World) -> None:
    answers = await _at_once(world, _join(world, "twin"), _join(world, "twin"), _join(world))
    assert sorted(type(answer).__name__ for answer in answers) == ["Unavailable", "dict", "dict"]
    assert await _numbers(world) == ["A001", "A002"]


async def test_an_action_that_changes_nothing_leaves_no_trace(world: World) -> None:
    def looks(session: Session, branch: Branch, now: Any) -> Unchanged:
        branch.name = "Elsewhere"
        return Unchanged("nothing")

    before = await world.branch_row()
    key = Key("ken", "k", "same")
    assert (await _at_once(world, looks, _join(world), keys=(key, None)))[0] == "nothing"
    after = await world.branch_row()
    assert (after.name, after.version) == (before.name, before.version + 1)
    assert await world.db.ask(lambda session: session.get(Answer, ("ken", "k"))) is None


# A disk that takes no more


async def test_when_nothing_can_be_saved_everybody_is_told_and_the_next_one_succeeds(world: World) -> None:
    kept = await world.db.act(world.branch, None, _join(world))
    with _no_commit(world.db):
        answers = await _at_once(world, *(_join(world) for _ in range(10)))
    assert [type(answer) for answer in answers] == [Unavailable] * 10
    assert await _numbers(world) == [kept["number"]]
    again = await world.db.act(world.branch, None, _join(world))
    assert await _numbers(world) == ["A001", "A002"] == [kept["number"], again["number"]]


async def test_what_was_not_saved_leaves_no_answer_behind(world: World) -> None:
    key = Key("visitor", "k", "same")
    with _no_commit(world.db), pytest.raises(Unavailable):
        await world.db.act(world.branch, key, _join(world))
    assert (await world.db.act(world.branch, key, _join(world)))["number"] == "A001"


async def test_what_was_not_saved_is_announced_to_nobody(world: World, database_url: str) -> None:
    heard: list[int] = []
    bus = InProcessBus()
    bus.listen(lambda branch, version: heard.append(version))
    await bus.start()
    db = Database(database_url, bus, world.clock)
    try:
        with _no_commit(db), pytest.raises(Unavailable):
            await db.act(world.branch, None, _join(world))
        saved = await db.act(world.branch, None, _join(world))
        await asyncio.sleep(0)
        assert heard == [saved["version"]]
    finally:
        db.close()


async def test_at_the_end_what_was_begun_is_kept_and_what_waits_is_refused(world: World, database_url: str) -> None:
    db, is_begun, may_end = Database(database_url, InProcessBus(), world.clock), Event(), Event()

    def slowly(*given: Any) -> Any:
        is_begun.set()
        may_end.wait()
        return _join(world)(*given)

    try:
        orders = [asyncio.create_task(db.act(world.branch, None, slowly))]
        await asyncio.to_thread(is_begun.wait)
        orders += [asyncio.create_task(db.act(world.branch, None, _join(world))) for _ in range(3 * WRITERS)]
        await asyncio.sleep(0)
        assert not await asyncio.to_thread(db.close_within, 0.1)
        with pytest.raises(Unavailable):
            await db.act(world.branch, None, _join(world))
    finally:
        may_end.set()
        assert await asyncio.to_thread(db.close_within, PATIENCE)
    first, *others = await asyncio.gather(*orders, return_exceptions=True)
    assert isinstance(first, dict)
    assert [type(answer) for answer in others].count(Unavailable) > WRITERS
    assert await _numbers(world) == sorted(each["number"] for each in (first, *others) if isinstance(each, dict))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_full_disk_loses_nothing_that_was_acknowledged(world: World) -> None:
    """SQLite ends its whole transaction then, savepoints and all: nothing that follows may commit by itself."""
    acknowledged = [(await world.db.act(world.branch, None, _join(world)))["number"] for _ in range(3)]
    await world.db.act(None, None, _fill_up_to(PAGES_LEFT))
    refused = 0
    for _ in range(20):
        answers = await _at_once(world, *(_join(world, need="x" * 400) for _ in range(5)))
        acknowledged += [answer["number"] for answer in answers if isinstance(answer, dict)]
        refused += sum(isinstance(answer, Unavailable) for answer in answers)
        assert all(isinstance(answer, dict | Unavailable) for answer in answers)
    assert refused
    assert await _numbers(world) == acknowledged
    await world.db.act(None, None, _fill_up_to(1_000_000))
    acknowledged.append((await world.db.act(world.branch, None, _join(world)))["number"])
    assert await _numbers(world) == acknowledged
    assert acknowledged == [f"A{n:03d}" for n in range(1, len(acknowledged) + 1)]


# Readers


async def test_a_question_cannot_write(world: World) -> None:
    def write(session: Session) -> None:
        session.execute(text("UPDATE branches SET name = 'Elsewhere'"))
        session.commit()

    with pytest.raises((DBAPIError, Unavailable)):
        await world.db.ask(write)
    assert (await world.branch_row()).name == "Harbour Branch"


async def test_a_question_sees_one_moment(world: World) -> None:
    def count_twice(session: Session) -> tuple[int | None, int | None]:
        count = select(func.count()).select_from(Ticket)
        before = session.scalar(count)
        joined = world.db.act(world.branch, None, _join(world))
        asyncio.run_coroutine_threadsafe(joined, loop).result(timeout=10)
        return before, session.scalar(count)

    loop = asyncio.get_running_loop()
    assert await world.db.ask(count_twice) == (0, 0)
    assert await _numbers(world) == ["A001"]


async def test_two_agents_who_call_at_once_never_get_the_same_person(world: World) -> None:
    people = await world.queue("Ada", "Bo", "Cy")
    agents = {"1": world.ken, "2": world.lola, "3": world.mira}
    for label, agent in agents.items():
        await agent.takes(label)
    calls = [partial(serving.call_next, by=agent.actor, counter_id=agent.counter) for agent in agents.values()]
    called = await _at_once(world, *calls)
    assert sorted(answer["number"] for answer in called) == [person.number for person in people]


def _noted(session: Session, _: None, now: Any, *, what: str) -> dict[str, str]:
    session.add(AuditLine(at=now, actor_kind="system", what=what, subject="-"))
    return {"noted": what}


async def _lines(world: World, what: str) -> int | None:
    found = select(func.count()).select_from(AuditLine).where(AuditLine.what == what)
    return await world.db.ask(lambda session: session.scalar(found))


@contextmanager
def _no_commit(db: Database) -> Iterator[None]:
    """As a disk behaves that takes no more: every commit fails."""

    def fail(connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    engine = db._writing
    event.listen(engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(engine, "commit", fail)


def _fill_up_to(more: int) -> Any:
    """Let SQLite's file grow by `more` pages and no further."""

    def limit(session: Session, _: None, now: Any) -> Unchanged:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {int(pages or 0) + more}"))
        return Unchanged(None)

    return limit
