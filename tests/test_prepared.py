"""A prepared statement answers and fails as SQLAlchemy's own execution of it does, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from server.domain.base import table_of
from server.domain.branch import Branch
from server.domain.people import Answer
from server.prepared import Prepared, insertion

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANSWERS, BRANCHES = table_of(Answer), table_of(Branch)
BY_KEY = select(ANSWERS.c.body, ANSWERS.c.at, ANSWERS.c.fingerprint).where(
    ANSWERS.c.scope == bindparam("scope"), ANSWERS.c.key == bindparam("key"), ANSWERS.c.fingerprint != "none"
)
ROW = {"scope": "ada", "key": "1", "fingerprint": "f", "body": {"é": [1, None]}, "at": AT}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_what_was_written_is_read_by_either(connection: Connection) -> None:
    insertion(ANSWERS).run(connection, ROW)
    connection.execute(insert(ANSWERS), ROW | {"key": "2"})
    for key in ("1", "2"):
        of_key = {"scope": "ada", "key": key}
        found = connection.execute(BY_KEY, of_key).one()
        assert Prepared(BY_KEY).row(connection, of_key) == tuple(found) == (ROW["body"], AT, "f")
        assert Prepared(BY_KEY).value(connection, of_key) == ROW["body"]


def test_nothing_found_is_none(connection: Connection) -> None:
    nobody = {"scope": "nobody", "key": "1"}
    assert Prepared(BY_KEY).row(connection, nobody) is None
    assert Prepared(BY_KEY).value(connection, nobody) is None


def test_an_update_says_what_it_returns(connection: Connection) -> None:
    connection.execute(insert(BRANCHES), {"id": "harbour", "name": "Harbour Branch"})
    counted = (
        update(BRANCHES)
        .where(BRANCHES.c.id == bindparam("branch"))
        .values(version=BRANCHES.c.version + 1)
        .returning(BRANCHES.c.version, BRANCHES.c.languages)
    )
    statement = Prepared(counted)
    assert statement.row(connection, {"branch": "harbour"}) == (1, ["en"])
    assert statement.value(connection, {"branch": "harbour"}) == 2


@pytest.mark.parametrize(("wrong", "kind"), [({}, IntegrityError), ({"key": None, "scope": "bo"}, IntegrityError)])
def test_what_the_database_refuses_is_raised_as_sqlalchemy_raises_it(
    connection: Connection, wrong: dict[str, Any], kind: type[DBAPIError]
) -> None:
    insertion(ANSWERS).run(connection, ROW)
    with pytest.raises(kind) as refused, connection.begin_nested():
        insertion(ANSWERS).run(connection, ROW | wrong)
    assert "é" not in str(refused.value)  # what people typed stays out of the log


def test_a_text_that_postgresql_cannot_hold_is_a_data_error(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        insertion(ANSWERS).run(connection, ROW | {"key": "a\0b"})
        return
    with pytest.raises(DataError):
        insertion(ANSWERS).run(connection, ROW | {"key": "a\0b"})
