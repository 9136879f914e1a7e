"""Where a benchmark or a test keeps an installation's rows: a file in its folder, or a PostgreSQL database of ours."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@contextmanager
def database(data: Path, postgres: str = "") -> Iterator[str]:
    """Its address. `postgres`: where we may create databases; ours is dropped at the end."""
    if not postgres:
        yield f"sqlite:///{data / 'nowserving.db'}"
        return
    name = f"nowserving_made_{uuid.uuid4().hex[:12]}"
    _order(postgres, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
    finally:
        # FORCE, because what failed half-way may have left a connection open.
        _order(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _order(server: str, statement: sql.Composed) -> None:
    """Outside any transaction, as creating a database demands."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
