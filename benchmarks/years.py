"""Years of visits of every kind on either database: one real day's tickets, diaries and ratings, written again.

The day is played through the product's own actions: most people are served, some are missed and come back, some are
sent on, parked, undone, or leave. Its rows are then copied in SQL for earlier days, under ids that are scattered as
real ones are.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from rich.progress import track
from sqlalchemy import Connection, Engine, create_engine, text

from benchmarks.town import BRANCH
from server.actions import duties, joining, rating, serving, undoing
from server.branch_file import parse
from server.bus import InProcessBus
from server.chance import new_id
from server.db import Database
from server.domain.base import table_of
from server.domain.feedback import Rating
from server.domain.forecast import Promise
from server.domain.moves import TicketEvent
from server.domain.people import Actor
from server.domain.presence import Presence
from server.domain.ticket import Ticket
from server.first_start import set_up
from server.schema import migrate

ID = "years"
PER_DAY = 500  # visits
PATTERNS = 20  # people of the day that is copied: 14 as usual, 1 missed, 2 sent on, 1 parked, 1 undone, 1 who leaves
CHUNK = 25_000  # visits per commit
DAY_MS, MINUTE_MS = 24 * 3600 * 1000, 60_000
SERVED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)  # the day that is copied, a Monday
TICKET_INSTANTS = ("joined_at", "leg_since", "called_since", "called_at", "started_at", "parked_at",
                   "missed_at", "closed_at", "first_called_at", "excused_at", "acknowledged_at", "away_since",
                   "arrival", "place")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Years:
    """`visits` of them, the last on the day before SERVED. Versions count on from 1, `lines` for each visit at most."""

    url: str
    visits: int
    lines: int

    @property
    def last(self) -> date:
        return SERVED.date() - timedelta(days=1)

    def versions(self, days: int) -> tuple[int, int]:
        """What the diaries of the last `days` span, both ends among them."""
        first = max(0, self.visits - days * PER_DAY)
        return first * self.lines + 1, self.visits * self.lines


async def lived(url: str, visits: int) -> Years:
    """Write them into an empty database; whole days."""
    migrate(url)
    patterns = await _one_day(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        lines = _remember_patterns(connection, patterns)
    visits = -(-visits // PER_DAY) * PER_DAY
    name = f"{visits:,} old visits, {engine.dialect.name}"
    for first in track(range(0, visits, CHUNK), name, transient=True):
        bounds = {"first": first, "last": min(first + CHUNK, visits)}
        with engine.begin() as connection:
            for table, own in _own_columns(engine.dialect.name, visits, lines).items():
                connection.execute(_copied(table, own), bounds)
    _settle(engine)
    engine.dispose()
    return Years(url, visits, lines)


async def _one_day(url: str) -> list[str]:
    """The ids of its tickets."""
    clock = _Clock()
    db = Database(url, InProcessBus(), clock)
    try:
        made = await set_up(db, parse(BRANCH.format(id=ID)))
        ken, counter = Actor("staff", made["people"][0]["id"]), made["counters"][0]["id"]
        await db.act(
            ID, None, partial(duties.take, by=ken, counter_id=counter, duty_id=new_id(), services=None)
        )  # fmt: skip
        return [await _Visit(db, clock, ken, counter).lives(n) for n in range(PATTERNS)]
    finally:
        db.close()


class _Clock:
    def __init__(self) -> None:
        self.now = SERVED

    def __call__(self) -> datetime:
        return self.now

    def forward(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


class _Visit:
    """Somebody who comes to Ken's counter, and leaves it free."""

    def __init__(self, db: Database, clock: _Clock, ken: Actor, counter: str) -> None:
        self.db, self.clock, self.ken, self.counter = db, clock, ken, counter
        self.ticket = new_id()

    async def lives(self, n: int) -> str:
        wish = joining.Joining(
            self.ticket, ("new-passport", "renewals")[n % 2], ("phone", "kiosk")[n % 3 == 0], "en", here=True,
            promised=Promise(5, 8 + n % 5),
        )  # fmt: skip
        visitor = Actor("customer", self.ticket)
        await self._act(joining.join, by=visitor, joining=wish, presence=Presence(b"0" * 16))
        self.clock.forward(4 + n % 7)
        if n == PATTERNS - 1:
            await self._act(joining.leave, by=visitor, ticket_id=self.ticket)
            return self.ticket
        await self._called()
        await self._otherwise(n)
        self.clock.forward(5 + n % 4)
        await self._agent(serving.finish, outcome=None)
        if n % 2:
            await self._act(rating.rate, ticket_id=self.ticket, tap=rating.Tap(1 + n % 5, good=("care", "prompt")))
        return self.ticket

    async def _otherwise(self, n: int) -> None:
        """What happens between the call and the end, for some."""
        if n == 0:
            await self._agent(serving.miss)
            await self._act(joining.come_again, by=Actor("customer", self.ticket), ticket_id=self.ticket)
            await self._called()
        await self._agent(serving.start)
        self.clock.forward(2)
        if n in (1, 2):
            await self._agent(serving.transfer, service="renewals")
            await self._called()
            await self._agent(serving.start)
        if n == 3:
            await self._agent(serving.park)
            await self._agent(serving.unpark)
        if n == 4:
            await self._agent(serving.finish, outcome=None)
            await self._agent(undoing.undo)

    async def _called(self) -> None:
        await self._act(serving.call_next, by=self.ken, counter_id=self.counter)

    async def _agent(self, action: Any, **more: Any) -> None:
        await self._act(action, by=self.ken, ticket_id=self.ticket, **more)

    async def _act(self, action: Any, **arguments: Any) -> None:
        await self.db.act(ID, None, partial(action, **arguments))


def _remember_patterns(connection: Connection, patterns: list[str]) -> int:
    """Which ticket is copied when; the longest diary of them."""
    connection.execute(text("CREATE TABLE patterns (k INTEGER PRIMARY KEY, id VARCHAR)"))
    rows = [{"k": k, "id": id} for k, id in enumerate(patterns)]
    connection.execute(text("INSERT INTO patterns VALUES (:k, :id)"), rows)
    longest = connection.scalar(
        text("SELECT max(n) FROM (SELECT count(*) AS n FROM ticket_events GROUP BY ticket_id) AS each")
    )
    assert longest is not None
    return int(longest)


def _own_columns(dialect: str, visits: int, lines: int) -> dict[str, dict[str, str]]:
    """Table → column → SQL of what differs from the pattern `t`. The oldest visit is n = 0."""
    back = f"({visits // PER_DAY} - n / {PER_DAY})"  # days
    scattered = "(n * 2654435761) % 4294967296"  # an odd factor: no two alike
    if dialect == "sqlite":
        id, number = f"printf('%08x%08x', {scattered}, n)", f"printf('Z%03d', n % {PER_DAY} + 1)"
        day = f"date(t.business_day, printf('-%d days', {back}))"
    else:
        id = "lpad(to_hex((n::bigint * 2654435761) % 4294967296), 8, '0') || lpad(to_hex(n), 8, '0')"
        number, day = f"'Z' || lpad((n % {PER_DAY} + 1)::text, 3, '0')", f"t.business_day - {back}::int"

    def earlier(column: str) -> str:
        spread = f"CAST(n % {PER_DAY} AS BIGINT) * {MINUTE_MS}"
        return f"t.{column} - CAST({back} AS BIGINT) * {DAY_MS} + {spread}"

    before = "SELECT count(*) FROM ticket_events e WHERE e.ticket_id = t.ticket_id AND e.version <= t.version"
    ticket = {"id": id, "visit_id": id, "number": number, "business_day": day, "pass_id": "NULL", "visitor": "NULL"}
    versions = dict.fromkeys(("moved", "changed", "place_version"), f"n * {lines} + 1")
    return {
        "tickets": ticket | versions | {column: earlier(column) for column in TICKET_INSTANTS},
        "ticket_events": {"ticket_id": id, "version": f"n * {lines} + ({before})", "at": earlier("at")},
        "ratings": {"visit_id": id, "ticket_id": id, "at": earlier("at"), "changed_at": earlier("changed_at")},
    }


def _copied(table: str, own: dict[str, str]) -> Any:
    """Each pattern's rows once for each n of the bounds, with columns of its own."""
    stored = {"tickets": Ticket, "ticket_events": TicketEvent, "ratings": Rating}[table]
    columns = table_of(stored).columns.keys()
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(own.get(column, f't."{column}"') for column in columns)
    key = "id" if table == "tickets" else "ticket_id"
    return text(
        f"INSERT INTO {table} ({names}) WITH RECURSIVE numbers(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL"  # noqa: S608 - our own names
        f" SELECT n + 1 FROM numbers WHERE n + 1 < :last) SELECT {values} FROM numbers"
        f" JOIN patterns p ON p.k = numbers.n % {PATTERNS} JOIN {table} t ON t.{key} = p.id ORDER BY n"
    )


def _settle(engine: Engine) -> None:
    """As it is after a while: PostgreSQL has looked through its tables by itself, SQLite's journal is written back."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP TABLE patterns"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))
        else:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
