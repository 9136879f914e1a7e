"""People and visits that a benchmark makes up are those the product would have made."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks import disk
from benchmarks.history import remember
from benchmarks.scale import often
from benchmarks.town import BRANCH
from benchmarks.waiting import SERVICE, queue_up
from server.actions import duties, joining, serving
from server.branch_file import parse
from server.bus import InProcessBus
from server.chance import new_id
from server.db import Database
from server.domain.base import to_ms
from server.domain.branch import Branch
from server.domain.moves import TicketEvent, recount
from server.domain.people import Actor
from server.domain.presence import Presence
from server.domain.ticket import Ticket, stored
from server.first_start import set_up
from tests.databases import copy_of

PRESENCE = Presence(b"0" * 16)
OWN = {"id", "visit_id", "number", "arrival", "place", "place_version", "moved", "changed", "joined_at", "leg_since"}
VISITS = 1200  # more than one day's, fewer than a second's work


@pytest.fixture
async def db(sqlite_pattern: str, tmp_path: Path) -> Any:
    db = Database(copy_of(sqlite_pattern, tmp_path), InProcessBus())
    await set_up(db, parse(BRANCH.format(id="b0")))
    yield db
    db.close()


async def test_people_who_wait_already_are_like_people_who_joined(db: Database) -> None:
    made_up = await db.act("b0", None, partial(queue_up, count=3, presence=PRESENCE))
    asked = joining.Joining(new_id(), SERVICE, "phone", "en", here=True)
    join = partial(joining.join, by=Actor("customer"), joining=asked, presence=PRESENCE)
    joined = await db.act("b0", None, join)
    rows, branch = await db.ask(_tickets), await db.ask(lambda session: session.get_one(Branch, "b0"))
    assert [ticket.number for ticket in rows] == ["A001", "A002", "A003", "A004"]
    assert [ticket.id for ticket in rows] == [*made_up, joined["ticket"]]
    assert [ticket.moved for ticket in rows] == sorted({ticket.moved for ticket in rows})
    assert rows[-1].moved == branch.version
    assert [ticket.key for ticket in rows] == sorted({ticket.key for ticket in rows})
    ours, theirs = (
        {name: value for name, value in vars(ticket).items() if name not in OWN and name[0] != "_"}
        for ticket in (rows[1], rows[-1])
    )
    assert ours == theirs


async def test_the_diary_of_somebody_made_up_recounts_them(db: Database) -> None:
    await db.act("b0", None, partial(queue_up, count=3, presence=PRESENCE))
    for ticket in await db.ask(_tickets):
        diary = await db.ask(partial(_diary, ticket_id=ticket.id))
        assert recount(diary) == {field: stored(getattr(ticket, field)) for field in Ticket.RECOUNTED}


async def test_old_visits_lie_below_today_and_disturb_no_call(db: Database, tmp_path: Path) -> None:
    await db.act("b0", None, partial(queue_up, count=3, presence=PRESENCE))
    await _serve_one(db)
    db.close()
    file = tmp_path / "nowserving.db"
    await remember(file, "b0", VISITS)
    again = Database(f"sqlite:///{file}", InProcessBus())
    try:
        called = await again.act("b0", None, partial(serving.call_next, by=_ken(file), counter_id=_counter(file)))
        assert called["number"] == "A002"
        old = await again.ask(lambda session: _tickets(session, "served"))
    finally:
        again.close()
    assert len(old) == VISITS + 1
    assert max(ticket.moved for ticket in old) < called["version"]
    assert all(to_ms(ticket.joined_at) <= to_ms(ticket.closed_at) for ticket in old if ticket.closed_at)
    lines = _one(
        file, "SELECT count(*), count(DISTINCT version), max(version) FROM ticket_events WHERE branch_id = 'b0'"
    )
    assert lines[:2] == (4 * (VISITS + 1) + 3, 4 * (VISITS + 1) + 3), "each line has a version of its own"
    assert _one(file, "SELECT count(*) FROM pragma_foreign_key_check") == (0,)


def test_a_benchmarks_folder_is_on_a_disk_and_goes(tmp_path: Path) -> None:
    with disk.folder() as folder:
        assert folder.is_dir()
        assert not disk.in_memory(folder)
    assert not folder.exists()


@pytest.mark.parametrize(("scale", "count"), [("", 200), ("full", 9000), ("0.1", 20), ("0.001", 4)])
def test_a_scale_says_how_much_is_measured(monkeypatch: pytest.MonkeyPatch, scale: str, count: int) -> None:
    monkeypatch.setenv("SCALE", scale)
    assert often(200, 9000, least=4) == count


async def _serve_one(db: Database) -> None:
    file = Path(str(db._writing.url.database))
    ken, counter = _ken(file), _counter(file)
    await db.act("b0", None, partial(duties.take, by=ken, counter_id=counter, duty_id=new_id()))
    called = await db.act("b0", None, partial(serving.call_next, by=ken, counter_id=counter))
    for move in (serving.start, serving.finish):
        await db.act("b0", None, partial(move, by=ken, ticket_id=called["ticket"]))


def _ken(file: Path) -> Actor:
    return Actor("staff", _one(file, "SELECT id FROM staff WHERE name = 'Ken'")[0])


def _counter(file: Path) -> str:
    return str(_one(file, "SELECT id FROM counters WHERE label = '1'")[0])


def _one(file: Path, question: str) -> Any:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(question).fetchone()
    finally:
        connection.close()


def _tickets(session: Session, state: str = "waiting") -> list[Ticket]:
    return list(session.scalars(select(Ticket).where(Ticket.state == state).order_by(Ticket.moved)))


def _diary(session: Session, ticket_id: str) -> list[TicketEvent]:
    return list(session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)))
