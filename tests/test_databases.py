"""A test's database is its own: empty at the start, gone at the end."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from tests import databases


def tables(address: str) -> list[str]:
    engine = create_engine(address)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_a_database_starts_empty(database_url: str) -> None:
    assert tables(database_url) == []


@pytest.mark.parametrize("kind", [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_two_tests_never_share_a_database(kind: str, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with databases.empty(kind, folders[0]) as one, databases.empty(kind, folders[1]) as two:
        assert one != two
