"""A new epoch is larger than any that screens may know, whatever the copy that was brought back knows of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from server.first_start import _next_epoch
from server.schema import migrate
from tests.test_command import says
from tests.world import KEY

NOW = datetime(2026, 11, 27, 13, tzinfo=UTC)


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    migrate(empty_database_url)
    made = create_engine(empty_database_url)
    yield made
    made.dispose()


def test_a_new_epoch_is_larger_than_any_before_known_or_not(engine: Engine) -> None:
    begun = [_epoch_after(engine, 7, NOW + timedelta(seconds=n)) for n in (0, 60)]  # the same copy, brought back twice
    assert 7 < begun[0] < begun[1] < 2**31
    assert _epoch_after(engine, begun[1], NOW - timedelta(days=30)) == begun[1] + 1  # the clock was set back
    assert _epoch_after(engine, 3, datetime(2090, 1, 1, tzinfo=UTC)) < 2**31


def test_the_command_begins_one(engine: Engine, empty_database_url: str, tmp_path: Path) -> None:
    said = says(tmp_path / "data", "new-epoch", DATABASE_URL=empty_database_url, SECRET_KEY=KEY.decode())
    assert said.exit_code == 0, said.output
    epoch = _stored(engine)
    assert said.output.startswith(f"Epoch {epoch} has begun")
    assert epoch > 28_000_000  # seconds of this year
    says(tmp_path / "data", "new-epoch", DATABASE_URL=empty_database_url, SECRET_KEY=KEY.decode())
    assert _stored(engine) > epoch


def _epoch_after(engine: Engine, stored: int, now: datetime) -> int:
    """The epoch that begins at that moment where this one is stored."""
    with Session(engine) as session, session.begin():
        _next_epoch(session, None, now)
        session.flush()
        session.execute(text("UPDATE installation SET epoch = :stored"), {"stored": stored})
        session.expire_all()
        return int(_next_epoch(session, None, now)["epoch"])


def _stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT epoch FROM installation")).scalar_one())
