"""Years of tickets that were served: one real visit's rows, written again for earlier days.

In SQL, because a million visits are five million rows. The copies have numbers, days, versions and instants of their
own and stand below everything that happens now; what they say in their diaries is the first one's.
"""

import asyncio
import sqlite3
from pathlib import Path

from rich.progress import track

from benchmarks.waiting import SERVICE

PER_DAY = 500  # visits in the branch
CHUNK = 20_000  # visits per commit
COUNTED = ("tickets.moved", "tickets.changed", "tickets.place_version", "ticket_events.version", "duties.changed")
INSTANTS = ("joined_at", "leg_since", "called_at", "started_at", "closed_at", "arrival", "place")
DAY_MS = 24 * 3600 * 1000


async def remember(database: Path, branch: str, visits: int) -> None:
    """Write so many old visits into a database nobody has open; the branch must have served somebody."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")  # ours alone, and thrown away
        connection.execute("PRAGMA cache_size=-400000")
        pattern, lines = _make_room(connection, branch, visits)
        for first in track(range(0, visits, CHUNK), f"{visits:,} old tickets", transient=True):
            last = min(first + CHUNK, visits)
            connection.execute("BEGIN IMMEDIATE")
            _copy_tickets(connection, pattern, lines, first, last)
            _copy_lines(connection, pattern, lines, first, last)
            connection.execute("COMMIT")
            await asyncio.sleep(0)  # whoever presses Ctrl-C is heard
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _make_room(connection: sqlite3.Connection, branch: str, visits: int) -> tuple[str, int]:
    """(id of the served ticket, lines of its diary); everything known so far moves above what is to come."""
    served = "SELECT id FROM tickets WHERE branch_id = ? AND state = 'served' AND service_id = ?"
    pattern = str(connection.execute(served, (branch, SERVICE)).fetchone()[0])
    lines = int(connection.execute("SELECT count(*) FROM ticket_events WHERE ticket_id = ?", (pattern,)).fetchone()[0])
    above = visits * lines
    for table, column in (name.split(".") for name in COUNTED):
        connection.execute(f"UPDATE {table} SET {column} = {column} + ? WHERE branch_id = ?", (above, branch))  # noqa: S608
    counted = "UPDATE branches SET version = version + ?1, arranged = arranged + ?1 WHERE id = ?2"
    connection.execute(counted, (above, branch))
    return pattern, lines


def _copy_tickets(connection: sqlite3.Connection, pattern: str, lines: int, first: int, last: int) -> None:
    own = {
        "id": "printf('old%013d', n)",
        "visit_id": "printf('old%013d', n)",
        "number": f"printf('A%03d', n % {PER_DAY} + 1)",
        "business_day": f"date(business_day, printf('-%d days', n / {PER_DAY} + 1))",
        "place_version": f"n * {lines} + 1",
        "moved": f"(n + 1) * {lines}",
        "changed": f"(n + 1) * {lines}",
    }
    own |= {instant: _earlier(instant) for instant in INSTANTS}
    _copy(connection, "tickets", "id", own, (first, last, pattern))


def _copy_lines(connection: sqlite3.Connection, pattern: str, lines: int, first: int, last: int) -> None:
    order = "(SELECT count(*) FROM ticket_events e WHERE e.ticket_id = t.ticket_id AND e.version <= t.version)"
    own = {"ticket_id": "printf('old%013d', n)", "version": f"n * {lines} + {order}", "at": _earlier("at")}
    _copy(connection, "ticket_events", "ticket_id", own, (first, last, pattern))


def _copy(
    connection: sqlite3.Connection, table: str, key: str, own: dict[str, str], bounds: tuple[int, int, str]
) -> None:
    """Each row of the pattern once for each n of the bounds, with columns of its own."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(own.get(column, f't."{column}"') for column in columns)
    connection.execute(
        "WITH RECURSIVE numbers(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)"  # noqa: S608 - our own names
        f" INSERT INTO {table} SELECT {values} FROM numbers CROSS JOIN {table} t WHERE t.{key} = ?3",
        bounds,
    )


def _earlier(column: str) -> str:
    """The same moment of an earlier day; visits of one day follow each other by the minute."""
    return f"{column} - (n / {PER_DAY} + 1) * {DAY_MS} + n % {PER_DAY} * 60000"
