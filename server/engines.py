"""How each database is opened: its locks, its durability, its errors made plain."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from server import observe
from server.patience import LINE

BUSY_SECONDS = 10  # how long SQLite waits for another process's lock


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def writing_engine(url: str, size: int) -> Engine:
    """SQLite: the one connection that writes and checkpoints. PostgreSQL: a pool of `size`."""
    if not is_sqlite(url):
        return create_engine(
            url, pool_size=size, max_overflow=0, pool_pre_ping=True, hide_parameters=True, connect_args=LINE
        )
    engine = create_engine(
        url,
        poolclass=StaticPool,
        hide_parameters=True,  # what people typed stays out of the log
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _durable)
    # IMMEDIATE: a transaction that reads first and writes later fails with BUSY in spite of the timeout.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def reading_engine(url: str, size: int) -> Engine:
    """Connections that see one snapshot per transaction and cannot write."""
    if not is_sqlite(url):
        return create_engine(
            url, pool_size=size, max_overflow=0, pool_pre_ping=True, isolation_level="REPEATABLE READ",
            hide_parameters=True, connect_args=LINE,
            execution_options={"postgresql_readonly": True},
        )  # fmt: skip
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=size, max_overflow=0, hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )  # fmt: skip
    event.listen(engine, "connect", _query_only)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


@contextmanager
def in_turn(url: str, what: str) -> Iterator[None]:
    """Do `what` in one process at a time. SQLite: there is only one, the data folder's lock has seen to it."""
    if is_sqlite(url):
        yield
        return
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=LINE)
    # For the length of a transaction, so that it is let go of whatever happens, also behind a connection pooler.
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"nowserving {what}", 0))))
        yield


def measured(engine: Engine, pool: str) -> Engine:
    """The same engine; from now on it is known how many of its connections are in use."""
    observe.pool_opened(pool, engine.pool.size() if isinstance(engine.pool, QueuePool) else 1)
    event.listen(engine, "checkout", lambda *_: observe.connections_in_use(pool, 1))
    event.listen(engine, "checkin", lambda *_: observe.connections_in_use(pool, -1))
    return engine


def _durable(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    # secure_delete: what is forgotten is overwritten in the file, not only unlinked from it.
    for pragma in (
        "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=1000", "secure_delete=ON",
        "temp_store=MEMORY",  # there may be no folder for temporary files that can be written
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _query_only(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    # Before SQLite 3.51.3 two connections that checkpoint can corrupt a WAL: readers never do.
    for pragma in ("query_only=ON", "wal_autocheckpoint=0", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
