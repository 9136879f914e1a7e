"""Databases to test on: empty ones, and ones with this version's tables; nobody else's rows are ever in them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg import sql

from benchmarks.databases import database
from server import engines
from server.domain import branch, device, feedback, honesty, learned, moves, people, ticket  # noqa: F401 - all tables
from server.domain.base import Base
from server.schema import migrate
from tests.machine import POSTGRESQL, need

BOTH = (pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres))
FILE = "nowserving.db"


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[str]:
    """The address of a database without a table; SQLite's file stands in `folder`."""
    with database(folder, need(POSTGRESQL) if kind == "postgresql" else "") as address:
        yield address


def copy_of(pattern: str, folder: Path) -> str:
    """The address of a database with tables and no rows, as `pattern` was when it was migrated.

    SQLite's is a copy of the file. PostgreSQL's is the very same one, wiped: making one takes half a second there.
    """
    if pattern.startswith("sqlite"):
        shutil.copy(pattern.removeprefix("sqlite:///"), folder / FILE)
        return f"sqlite:///{folder / FILE}"
    wipe(pattern)
    return pattern


@contextmanager
def waiting_for_no_disk() -> Iterator[None]:
    """Of those opened meanwhile, SQLite's: three quarters of a simulated day is its two thousand commits."""
    durable = engines._durable

    def hurried(connection: Any, record: Any) -> None:
        durable(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    with patch.object(engines, "_durable", hurried):
        yield


@contextmanager
def migrated(kind: str, folder: Path) -> Iterator[str]:
    """The address of a database with this version's tables."""
    with empty(kind, folder) as address:
        migrate(address)
        yield address


def wipe(address: str) -> None:
    """Take every row out of a PostgreSQL database, after sending away whoever a failed test left in it."""
    with psycopg.connect(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
