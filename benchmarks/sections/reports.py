"""What a report of a month and of a year costs in a branch that remembers a million visits, on both databases.

Beside each stands one plain scan of the same events: their columns that a report counts, in order, as rows in Python;
scans and reports take turns, in a Python that is set as the server's is. The time until the answer is told beside it:
on PostgreSQL most of it passes there. And what those who join feel of it: a join while a year is counted, beside a join
while nothing is.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import psycopg
from rich.progress import track
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks import disk
from benchmarks.databases import database
from benchmarks.report import MILLI, Report, note, p99, spread
from benchmarks.scale import often
from benchmarks.visitor import joins_meanwhile
from benchmarks.years import ID, PER_DAY, Years, lived
from server import interpreter
from server.bus import InProcessBus
from server.db import Database
from server.domain.base import table_of
from server.domain.moves import TicketEvent
from server.queries import reports
from server.queries.reports import PIECE

POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgresql://127.0.0.1/postgres")
RANGES = {"month": 30, "year": 365}  # days
AT_MOST = 10.0
QUIET_SECONDS = 3.0  # of joins while nothing is counted
JOIN_AT_MOST = 3.0  # × a join while nothing is counted


@dataclass
class Measured:
    """Seconds of each turn."""

    years: Years
    days: int
    db: Database
    people: int = 0
    scans: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)

    async def turn(self) -> None:
        self.scans.append(await self._timed(self._scan))
        self.reports.append(await self._timed(self._report))

    async def joins(self, *, counted: bool) -> list[float]:
        """Seconds of each join while this report is counted, or while nothing is."""
        doing = self.db.ask_at_length(self._report) if counted else asyncio.sleep(QUIET_SECONDS)
        return await joins_meanwhile(self.db, ID, "renewals", asyncio.ensure_future(doing))

    async def _timed(self, question: Callable[[Session], Any]) -> float:
        began = perf_counter()
        await self.db.ask_at_length(question)
        return perf_counter() - began

    def _scan(self, session: Session) -> None:
        """In pieces as large as a report's: PostgreSQL ends a transaction that rests while a million rows are made."""
        events, (first, last) = table_of(TicketEvent).c, self.years.versions(self.days)
        told = select(events.ticket_id, events.move, events.at, events.from_state, events.service_id, events.counter_id)
        told = told.where(events.branch_id == ID).order_by(events.version)
        piece = PIECE.days * PER_DAY * self.years.lines
        for begin in range(first, last + 1, piece):
            assert session.execute(told.where(events.version.between(begin, min(begin + piece - 1, last)))).all()

    def _report(self, session: Session) -> None:
        last = self.years.last
        self.people = reports.report(session, ID, last - timedelta(days=self.days - 1), last).whole.people


async def run() -> bool:
    """Print the table; whether every report is within its limit."""
    visits, turns = often(100_000, 1_000_000, least=2000), often(5, 7, least=2)
    report = Report(f"Reports, {visits:,} visits, {turns} turns", "", "people", "scan s", "report s", ratio="÷ scan")
    with ExitStack() as stack:
        measured: dict[str, Measured] = {}
        for kind, address in _places().items():
            years = await lived(stack.enter_context(_somewhere(address)), visits)
            db = Database(years.url, InProcessBus())
            stack.callback(db.close)
            for name, days in RANGES.items():
                measured[f"{kind}, {name}"] = Measured(years, days, db)
        interpreter.make_ready()  # else half of a scan, and a third of a report, is looking for garbage
        for _ in track(range(turns), "Reports", transient=True):
            for each in measured.values():
                await each.turn()
        for name, each in measured.items():
            ratio = median(each.reports) / median(each.scans)
            cells = (name, f"{each.people:,}", spread(each.scans, digits=2), spread(each.reports, digits=2))
            report.row(*cells, ratio=ratio, at_most=AT_MOST)
        within = report.say()
        whole_years = {name: each for name, each in measured.items() if each.days == RANGES["year"]}
        return await _beside(whole_years, turns) and within


async def _beside(years: dict[str, Measured], turns: int) -> bool:
    """Whoever joins while a year is counted: print the table; whether they are kept waiting no longer than they may."""
    report = Report("A join while a year is counted", "", "p50 ms", "p99 ms", ratio="÷ quiet p50")
    for name, year in years.items():
        quiet: list[float] = []
        meanwhile: list[float] = []
        for _ in track(range(turns), f"Joins, {name}", transient=True):
            quiet += await year.joins(counted=False)
            meanwhile += await year.joins(counted=True)
        anchor = median(quiet)
        report.row(f"{name}: quiet", *_p50_p99(quiet))
        report.row(f"{name}: meanwhile", *_p50_p99(meanwhile), ratio=median(meanwhile) / anchor, at_most=JOIN_AT_MOST)
    return report.say()


def _p50_p99(seconds: list[float]) -> tuple[str, str]:
    return f"{median(seconds) * MILLI:.1f}", f"{p99(seconds) * MILLI:.1f}"


def _places() -> dict[str, str]:
    """Kind of database → where it may be created."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        note("PostgreSQL is not there: BENCH_POSTGRES_URL says where; SQLite alone is measured.")
        return {"SQLite": ""}
    return {"SQLite": "", "PostgreSQL": POSTGRES}


@contextmanager
def _somewhere(address: str) -> Iterator[str]:
    with disk.folder() as folder, database(folder, address) as url:
        yield url
