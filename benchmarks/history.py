"""Years of tickets that were served: the rows of real visits, one of each service, written again for earlier days.

In SQL, because a million visits are five million rows. The copies have numbers, days, versions and instants of their
own and stand below everything that happens now; what they say in their diaries is the real one's.
"""

import asyncio
import sqlite3
from pathlib import Path

from rich.progress import track

PER_DAY = 500  # visits in the branch
CHUNK = 20_000  # visits per commit
COUNTED = ("tickets.moved", "tickets.changed", "tickets.place_version", "ticket_events.version", "duties.changed")
INSTANTS = ("joined_at", "leg_since", "called_since", "called_at", "started_at", "closed_at", "arrival", "place")
DAY_MS = 24 * 3600 * 1000
Which = tuple[int, int, str, int, int]
"""From visit, to visit, the pattern; of how many patterns it is the turn of which."""


async def remember(database: Path, branch: str, visits: int, *, quietly: bool = False) -> None:
    """Write so many old visits into a database nobody has open; the branch must have served somebody."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")  # ours alone, and thrown away
        connection.execute("PRAGMA cache_size=-400000")
        patterns, lines = _make_room(connection, branch, visits)
        for first in track(range(0, visits, CHUNK), f"{visits:,} old tickets", transient=True, disable=quietly):
            last = min(first + CHUNK, visits)
            connection.execute("BEGIN IMMEDIATE")
            for turn, pattern in enumerate(patterns):
                which = (first, last, pattern, len(patterns), turn)
                _copy_tickets(connection, branch, lines, which)
                _copy_lines(connection, branch, lines, which)
            connection.execute("COMMIT")
            await asyncio.sleep(0)  # whoever presses Ctrl-C is heard
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _make_room(connection: sqlite3.Connection, branch: str, visits: int) -> tuple[list[str], int]:
    """(ids of the served tickets, lines of the longest diary); all that is known moves above what is to come."""
    served = "SELECT min(id) FROM tickets WHERE branch_id = ? AND state = 'served' GROUP BY service_id"
    patterns = [str(id) for (id,) in connection.execute(served, (branch,)).fetchall()]
    counted = "SELECT count(*) FROM ticket_events WHERE ticket_id = ?"
    lines = max(int(connection.execute(counted, (pattern,)).fetchone()[0]) for pattern in patterns)
    above = visits * lines
    for table, column in (name.split(".") for name in COUNTED):
        connection.execute(f"UPDATE {table} SET {column} = {column} + ? WHERE branch_id = ?", (above, branch))  # noqa: S608
    counted = "UPDATE branches SET version = version + ?1, arranged = arranged + ?1 WHERE id = ?2"
    connection.execute(counted, (above, branch))
    return patterns, lines


def _copy_tickets(connection: sqlite3.Connection, branch: str, lines: int, which: Which) -> None:
    own = {
        "id": _id(branch),
        "visit_id": _id(branch),
        "number": f"printf('%s%03d', substr(t.number, 1, 1), n % {PER_DAY} + 1)",
        "business_day": f"date(business_day, printf('-%d days', n / {PER_DAY} + 1))",
        "place_version": f"n * {lines} + 1",
        "moved": f"(n + 1) * {lines}",
        "changed": f"(n + 1) * {lines}",
    }
    own |= {instant: _earlier(instant) for instant in INSTANTS}
    _copy(connection, "tickets", "id", own, which)


def _copy_lines(connection: sqlite3.Connection, branch: str, lines: int, which: Which) -> None:
    order = "(SELECT count(*) FROM ticket_events e WHERE e.ticket_id = t.ticket_id AND e.version <= t.version)"
    own = {"ticket_id": _id(branch), "version": f"n * {lines} + {order}", "at": _earlier("at")}
    _copy(connection, "ticket_events", "ticket_id", own, which)


def _copy(connection: sqlite3.Connection, table: str, key: str, own: dict[str, str], which: Which) -> None:
    """Each row of the pattern once for each n that is its turn, with columns of its own."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(own.get(column, f't."{column}"') for column in columns)
    connection.execute(
        "WITH RECURSIVE numbers(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)"  # noqa: S608 - our own names
        f" INSERT INTO {table} SELECT {values} FROM numbers CROSS JOIN {table} t WHERE t.{key} = ?3"
        " AND n % ?4 = ?5",
        which,
    )


def _id(branch: str) -> str:
    return f"printf('old{branch}x%013d', n)"


def _earlier(column: str) -> str:
    """The same moment of an earlier day; visits of one day follow each other by the minute."""
    return f"{column} - (n / {PER_DAY} + 1) * {DAY_MS} + n % {PER_DAY} * 60000"
