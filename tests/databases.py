"""Empty databases to test on, one per test, gone afterwards."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.machine import POSTGRESQL, need

KINDS = ("sqlite", "postgresql")


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of this kind; SQLite's file stands in `folder`."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'nowserving.sqlite3'}"
    else:
        with postgresql() as address:
            yield address


@contextmanager
def postgresql(template: str = "template1") -> Iterator[str]:
    """The address of a PostgreSQL database of its own; `template` names the database it starts as a copy of."""
    server = need(POSTGRESQL)
    name = f"nowserving_test_{uuid.uuid4().hex[:12]}"
    order(server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        # FORCE, because a test that failed half-way may have left a connection open.
        order(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def order(server: str, statement: sql.Composed) -> None:
    """Say one thing to the server outside any transaction, as creating a database demands."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
