"""A test's database is its own: as it should be at the start, gone at the end."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from tests import databases


def tables(address: str) -> list[str]:
    engine = create_engine(address)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_an_empty_database_is_empty(empty_database_url: str) -> None:
    assert tables(empty_database_url) == []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_test_finds_the_rows_of_another(database_url: str, turn: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM installation")) == 0, turn
        connection.execute(text("INSERT INTO installation (id, epoch, created_at) VALUES (1, 1, 0)"))
    engine.dispose()


@pytest.mark.parametrize("kind", databases.BOTH)
def test_two_tests_never_share_an_empty_database(kind: str, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with databases.empty(kind, folders[0]) as one, databases.empty(kind, folders[1]) as two:
        assert one != two
