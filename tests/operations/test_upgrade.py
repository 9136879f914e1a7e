"""A newer program was here: an older one does not start, and one that runs goes on while tables were only added to."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.schema import migrate, revision
from tests.databases import migrated
from tests.security.conftest import Town, town_of
from tests.test_command import refused, says
from tests.world import KEY, harbour

NEWER = "9999"
MARKED = "UPDATE alembic_version SET version_num = '9999'"
OFTEN = 8  # more than it takes until PostgreSQL keeps the plans of statements
ADDED = ("ALTER TABLE tickets ADD COLUMN later TEXT", "CREATE TABLE later (id INTEGER PRIMARY KEY)")
TAKEN = ("ALTER TABLE tickets DROP COLUMN need",)


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("migrate",), ("setup",)])
def test_an_older_program_does_not_start_on_a_newer_schema_and_says_what_to_do(
    empty_database_url: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    migrate(empty_database_url)
    _upgrade(empty_database_url)
    branch = tmp_path / "branch.toml"
    branch.write_text(harbour())
    more = (str(branch),) if words == ("setup",) else ()
    settings = {"DATABASE_URL": empty_database_url, "SECRET_KEY": KEY.decode()}
    sentence = refused(says(tmp_path / "data", *words, *more, **settings))
    assert sentence == (
        f"A newer Now Serving wrote this database (at {NEWER}): start that version, or restore a backup."
    )
    engine = create_engine(empty_database_url)
    assert revision(engine) == NEWER
    engine.dispose()


@pytest.fixture
def node_url(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL database of its own: what is changed here would stay for the tests after it."""
    with migrated("postgresql", tmp_path) as address:
        yield address


@pytest.fixture
async def node(node_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town_of(node_url, tmp_path) as found:
        yield found


@pytest.mark.postgres
async def test_a_node_that_runs_goes_on_when_a_newer_one_adds_to_the_tables(node: Town, node_url: str) -> None:
    for _ in range(OFTEN):
        assert await _serves(node)
    _upgrade(node_url, *ADDED)
    assert await _serves(node)


@pytest.mark.postgres
async def test_it_does_not_when_something_is_taken_away(node: Town, node_url: str) -> None:
    """This is what needs a stop; and the check above would notice it."""
    assert await _serves(node)
    _upgrade(node_url, *TAKEN)
    assert not await _serves(node)


async def _serves(node: Town) -> bool:
    """Somebody joins by the door, and is seen by the staff."""
    key = next(person["key"] for person in node.made[0]["people"] if person["name"] == "Ken")
    told = {"authorization": f"Bearer {key}"}
    joined = await node.http.post("/api/v1/branches/harbour/tickets", json={"service": "renewals"}, headers=told)
    if joined.status_code != 201:
        return False
    listed = await node.http.get("/api/v1/branches/harbour/tickets", headers=told)
    return joined.json()["id"] in {ticket["id"] for ticket in listed.json()}


def _upgrade(url: str, *changes: str) -> None:
    """What a newer program's migration leaves."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for change in (*changes, MARKED):
            connection.execute(text(change))
    engine.dispose()
