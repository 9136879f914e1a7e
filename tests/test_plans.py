"""A branch that remembers a million visits answers as one that opened today: what is asked often never reads them all.

SQLite's own word for how it will answer: "SCAN" of a table reads every row, "(branch_id=?)" every row of a branch, and
where rows are only counted, an index that does not hold all that is asked for is not "COVERING". The largest of an
index is at its end: asked for max() alone, SQLite reads one row whatever it calls it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from server import prepared
from server.actions import joining, serving
from server.domain.base import to_ms
from server.domain.reports.facts import EVERYTHING, Only
from server.jobs import let_go_of_waits, note_waits, tick_where_due
from server.live.board import Boards
from server.queries import honesty, learning, reports
from tests import databases
from tests.world import World, opened

GROWING = ("tickets", "ticket_events", "answers", "ratings", "duties", "shown_waits")
HOLDS_FEW = "ix_duties_open"
OF_A_QUEUE = "SELECT count(*) AS count_1 \nFROM tickets"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with databases.empty("sqlite", tmp_path) as address:
        yield address


async def test_no_move_and_no_screen_reads_all_old_tickets(url: str, asked: list[tuple[str, Any]]) -> None:
    async with opened(url) as world:
        asked.clear()
        await _a_morning(world)
        asked = [each for each in asked if each[0].startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
    assert any("ticket_events.version DESC" in statement for statement, _ in asked)
    assert not (slow := _slow(url, asked)), "\n\n".join(slow)


async def test_people_ahead_are_counted_without_reading_their_tickets(url: str, asked: list[tuple[str, Any]]) -> None:
    async with opened(url) as world:
        await world.ada.joins()
    counts = [(statement, values) for statement, values in asked if statement.startswith(OF_A_QUEUE)]
    assert counts
    assert all("COVERING INDEX ix_tickets_queue" in _plan(url, *each) for each in counts)


async def test_told_waits_are_noted_and_counted_without_reading_all_of_them(
    url: str, asked: list[tuple[str, Any]]
) -> None:
    async with opened(url) as world:
        await world.ken.takes("1")
        await world.queue("Ada", "Bo")
        asked.clear()
        await note_waits(world.db, Boards(world.db.ask, world.db.now))
        await let_go_of_waits(world.db)
        await world.ken.calls_next()
        await world.ask(honesty.record_of, world.branch, world.clock())
    asked = [each for each in asked if each[0].startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
    assert any("JOIN tickets" in statement for statement, _ in asked)
    assert not (slow := _slow(url, asked)), "\n\n".join(slow)


async def test_what_is_learned_is_read_without_reading_all_that_ever_was(
    url: str, asked: list[tuple[str, Any]]
) -> None:
    async with opened(url) as world:
        await world.ken.takes("1")
        await world.queue("Ada", "Bo")
        called = await world.ken.calls_next()
        assert called is not None
        await world.ken.serves(called["ticket"])
        world.clock.forward(minutes=5)
        asked.clear()
        await world.view()
        await world.ask(learning.served_before, world.branch, "new-passport", to_ms(world.clock()), 9)
    asked = [each for each in asked if each[0].startswith("SELECT")]
    for table in ("ticket_events", "duties", "shown_waits", "tickets"):
        assert any(f"FROM {table}" in statement for statement, _ in asked), table
    assert not (slow := _slow(url, asked)), "\n\n".join(slow)


@pytest.mark.parametrize("only", [EVERYTHING, Only("new-passport", "1", "phone")])
async def test_a_report_reads_the_tickets_of_its_days_and_few_diaries(
    url: str, asked: list[tuple[str, Any]], only: Only
) -> None:
    async with opened(url) as world:
        await _a_morning(world)
        asked.clear()
        today = world.clock().date()
        await world.db.ask_at_length(lambda session: reports.report(session, world.branch, today, today, only))
    asked = [each for each in asked if "tickets.business_day" in each[0]]
    plans = [_plan(url, *each) for each in asked]
    assert len(plans) == 4  # people, diaries, ratings, visits
    assert all("(branch_id=? AND business_day>? AND business_day<?)" in plan for plan in plans)
    assert any("ix_ticket_events_told (ticket_id=?)" in plan for plan in plans)
    assert not (slow := _slow(url, asked)), "\n\n".join(slow)


async def test_what_is_asked_every_second_reads_called_tickets_only(url: str, asked: list[tuple[str, Any]]) -> None:
    async with opened(url, miss_after=3) as world:
        await _a_morning(world)
        asked.clear()
        await tick_where_due(world.db)
    (question,) = [each for each in asked if "miss_after" in each[0]]
    assert "SEARCH tickets USING INDEX ix_tickets_queue (branch_id=? AND state=?)" in _plan(url, *question)
    assert not _slow(url, [question])


async def test_a_question_that_reads_all_of_them_is_noticed(url: str) -> None:
    """Positive control, of each kind."""
    async with opened(url):
        pass
    assert _slow(url, [("SELECT * FROM tickets WHERE need = ?", ("none",))])
    assert _slow(url, [("SELECT * FROM tickets WHERE branch_id = ? ORDER BY joined_at", ("harbour",))])
    assert "COVERING" not in _plan(url, "SELECT count(need) FROM tickets WHERE branch_id = ?", ("harbour",))


async def _a_morning(world: World) -> None:
    """Every kind of move that thousands make, and the looks at the branch in between."""
    await world.view()
    await world.ken.takes("1")
    *_, last = await world.queue("Ada", "Bo", "Guest 1", "Guest 2")
    await last.does(joining.leave)
    await world.view()
    called = await world.ken.calls_next()
    assert called is not None
    await world.ken.serves(called["ticket"])
    missed = await world.ken.calls_next()
    assert missed is not None
    await world.ken.does(serving.miss, missed["ticket"])
    await world.ticks()
    await world.view()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that any engine sends, or any prepared one, with its values."""
    asked: list[tuple[str, Any]] = []
    written = prepared.Ready.written

    def noted(ready: prepared.Ready, values: prepared.Values) -> Any:
        asked.append((ready.text, written(ready, values)))
        return asked[-1][1]

    monkeypatch.setattr(prepared.Ready, "written", noted)

    def note(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def _slow(url: str, asked: list[tuple[str, Any]]) -> list[str]:
    """Those that read every row of what grows, or all of a branch's."""
    plans = {statement: _plan(url, statement, values) for statement, values in dict(asked).items()}
    return [
        f"{statement}\n{line}"
        for statement, plan in plans.items()
        for line in plan.splitlines()
        if _reads_all(line) and not ("SELECT max(" in statement and "COVERING" in line)
    ]


def _reads_all(line: str) -> bool:
    if line.startswith(tuple(f"SCAN {table}" for table in GROWING)):
        return True
    of_a_branch = line.startswith(tuple(f"SEARCH {table}" for table in GROWING)) and line.endswith("(branch_id=?)")
    return of_a_branch and HOLDS_FEW not in line


def _plan(url: str, statement: str, values: Any) -> str:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
    finally:
        engine.dispose()
