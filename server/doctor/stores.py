"""Checks of what keeps and what tells: the database, its tables and clock, Redis, and the processes around them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alembic.script import ScriptDirectory
from redis import Redis, RedisError
from sqlalchemy import Engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from server.doctor.finding import Finding, good, mind, wrong
from server.domain.branch import Branch
from server.domain.moves import TicketEvent
from server.engines import is_sqlite, reading_engine
from server.schema import MIGRATIONS, hidden, revision
from server.settings import Settings

OLDEST_POSTGRESQL = 15
OLDEST_SQLITE = (3, 35)  # RETURNING
DRIFT, FAR_OFF = timedelta(seconds=5), timedelta(seconds=60)
AHEAD = timedelta(minutes=2)  # an event of the future: more than machines drift apart
REDIS_SECONDS = 2


@contextmanager
def opened(settings: Settings) -> Iterator["Opened"]:
    """The database as far as it can be opened; an embedded one that is not there is not made."""
    engine, problem = None, ""
    try:
        url = settings.database
        file = Path(make_url(url).database or "") if is_sqlite(url) else None
        if file is None or file.exists():
            engine = reading_engine(url, 1)
        else:
            problem = f"there is none in {file.parent} yet"
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError):
        problem = "DATABASE_URL is not an address we know"
    found = Opened(settings, engine, problem)
    try:
        yield found
    finally:
        if engine is not None:
            engine.dispose()


class Opened:
    """What can be asked of the database."""

    def __init__(self, settings: Settings, engine: Engine | None, problem: str) -> None:
        self._settings, self._engine, self._problem = settings, engine, problem

    def database(self) -> Finding:
        """It answers, and is new enough."""
        engine = self._engine
        if engine is None:
            absent = "there is none" in self._problem
            do = "nowserving setup FILE, or the first start, makes it." if absent else _LOOKS_LIKE
            return mind("database", self._problem, do) if absent else wrong("database", self._problem, do)
        try:
            with engine.connect() as connection:
                version = connection.dialect.server_version_info or ()
        except SQLAlchemyError as problem:
            reason = str(getattr(problem, "orig", "") or "no answer").strip().splitlines()[0]
            self._engine, self._problem = None, reason
            return wrong(
                "database",
                f"{hidden(self._settings.database)} does not open: {reason}",
                "Start it, or correct DATABASE_URL.",
            )
        embedded = is_sqlite(self._settings.database)
        name = f"{'SQLite' if embedded else 'PostgreSQL'} {'.'.join(map(str, version[:3]))}"
        oldest: tuple[int, ...] = OLDEST_SQLITE if embedded else (OLDEST_POSTGRESQL,)
        if tuple(version) < oldest:
            return wrong("database", f"{name} is too old", f"Use {'.'.join(map(str, oldest))} or newer.")
        return good("database", f"{name} answers")

    def tables(self) -> Finding:
        """They are of this version of the program."""
        if self._engine is None:
            return mind("tables", "not looked at: the database is not open", "See database.")
        found, scripts = revision(self._engine), ScriptDirectory(str(MIGRATIONS))
        head = scripts.get_current_head()
        if found == head:
            return good("tables", f"at {found}, as this version needs them")
        known = {script.revision for script in scripts.walk_revisions()}
        self._engine, self._problem = None, "its tables are of another version"
        if found is None or found in known:
            return wrong(
                "tables",
                f"at {found or 'nothing'}, this version needs {head}",
                "nowserving migrate (the next start does it too).",
            )
        return wrong("tables", f"a newer version wrote them (at {found})", "Start that version, or restore a backup.")

    def clock(self) -> Finding:
        """This machine's clock, beside the database's and what happened last."""
        if self._engine is None:
            return mind("clock", "not compared: the database is not open", "See database.")
        with Session(self._engine) as session:
            last = session.scalar(select(func.max(TicketEvent.at)))
            theirs = None if is_sqlite(self._settings.database) else session.scalar(select(func.clock_timestamp()))
        return compared(datetime.now(UTC), _instant(theirs), last)

    def zones(self) -> Finding:
        """The time zone of every branch is known to this machine."""
        zones = {"UTC"}
        if self._engine is not None:
            with Session(self._engine) as session:
                zones |= set(session.scalars(select(Branch.time_zone)))
        for zone in sorted(zones):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError):
                return wrong(
                    "time zones", f"{zone} is not known here", "pip install tzdata, or apt-get install -y tzdata."
                )
        return good("time zones", f"{', '.join(sorted(zones))} known")


def compared(ours: datetime, theirs: datetime | None, last: datetime | None) -> Finding:
    """What the clocks say: ours, the database's where it has one of its own, and when something happened last."""
    do = "Set it by NTP (timedatectl set-ntp true): waits, opening hours and the door's codes follow the clock."
    if last is not None and last - ours > AHEAD:
        return wrong("clock", f"the newest event is {_span(last - ours)} ahead of this clock", do)
    if theirs is not None and abs(theirs - ours) > DRIFT:
        found = f"the database's clock is {_span(abs(theirs - ours))} off this one"
        return wrong("clock", found, do) if abs(theirs - ours) > FAR_OFF else mind("clock", found, do)
    return good("clock", f"{ours:%Y-%m-%d %H:%M:%S} UTC" + (", as the database's" if theirs else ""))


def processes(settings: Settings) -> Finding:
    """Several processes share a database, a bus and a key."""
    cores = os.cpu_count() or 1
    if not settings.shared:
        return good("processes", "one, which is as many as this installation can have")
    if settings.embedded:
        return wrong(
            "processes",
            "REDIS_URL is set, but SQLite serves one process",
            "Set DATABASE_URL to PostgreSQL, or take REDIS_URL away.",
        )
    if not settings.secret_key:
        return wrong(
            "processes", "they share REDIS_URL and have no common key", "Set SECRET_KEY, the same for all of them."
        )
    return good("processes", f"may be several; nowserving serve --workers {cores} uses every core")


def redis(settings: Settings) -> Finding:
    """What tells one process of another's doings."""
    if not settings.shared:
        return good("Redis", "not used: REDIS_URL is empty")
    client = Redis.from_url(
        settings.redis_url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS, retry=None
    )
    try:
        client.ping()
    except (RedisError, OSError) as problem:
        found = f"does not answer ({type(problem).__name__})"
        return wrong("Redis", found, "Start it, or correct REDIS_URL; until then screens may be ten seconds late.")
    finally:
        client.close()
    return good("Redis", "answers")


def _instant(answered: object) -> datetime | None:
    return answered if isinstance(answered, datetime) else None


def _span(much: timedelta) -> str:
    seconds = int(much.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60:,} min"


_LOOKS_LIKE = "It looks like postgresql://user:password@host/database."
