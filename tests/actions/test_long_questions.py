"""Questions that take seconds: they wait for each other, and nobody else waits for them."""

import asyncio
from threading import Event

import pytest
from sqlalchemy.orm import Session

from server.db import LONG_QUEUE, READERS
from server.domain.errors import TooMany
from server.domain.reports import report as told
from server.queries import branches, reports
from tests.world import World


class Slow:
    """A question that is not answered until it is let go; notes how many of its kind are asked at once."""

    def __init__(self) -> None:
        self.go, self.now, self.most = Event(), 0, 0

    def __call__(self, session: Session) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        self.go.wait(timeout=60)
        self.now -= 1
        return "answered"


async def test_no_move_and_no_short_question_waits_for_a_long_one(world: World) -> None:
    slow = Slow()
    long = [asyncio.create_task(world.db.ask_at_length(slow)) for _ in range(LONG_QUEUE)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await world.ken.takes("1")
        await world.ada.joins()
        names = await asyncio.gather(*(world.ask(branches.branch, world.branch) for _ in range(READERS * 2)))
    assert {branch.name for branch in names} == {"Harbour Branch"}
    assert not any(task.done() for task in long)
    slow.go.set()
    assert await asyncio.gather(*long) == ["answered"] * LONG_QUEUE
    assert slow.most == 1


async def test_who_comes_when_many_wait_is_told_when_to_come_again(world: World) -> None:
    slow = Slow()
    long = [asyncio.create_task(world.db.ask_at_length(slow)) for _ in range(LONG_QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany) as refused:
        await world.db.ask_at_length(slow)
    assert refused.value.slug == "reports-busy"
    slow.go.set()
    await asyncio.gather(*long)
    assert await world.db.ask_at_length(slow) == "answered"


async def test_a_long_question_that_fails_leaves_room_for_the_next(world: World) -> None:
    def broken(_: Session) -> None:
        raise LookupError

    for _ in range(LONG_QUEUE + 1):
        with pytest.raises(LookupError):
            await world.db.ask_at_length(broken)


async def test_a_report_is_counted_when_its_transaction_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that rests for five seconds is ended by PostgreSQL."""
    today, asked = world.clock().date(), []

    def question(session: Session) -> object:
        asked.append(session)
        return reports.report(session, world.branch, today, today)

    monkeypatch.setattr(told, "report", lambda *_: asked[0].in_transaction())
    assert await world.db.ask_at_length(question) is False
