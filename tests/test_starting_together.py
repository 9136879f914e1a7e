"""Several machines that start at the same moment: tables and first rows are made once, by whoever comes first."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from server.engines import in_turn
from server.schema import migrate
from tests import databases
from tests.running import PATIENCE, ROOT

pytestmark = pytest.mark.postgres

MACHINES = 2
MIGRATES = "from server.schema import migrate; print(migrate({url!r})[0])"
PREPARES = "from server.first_start import prepare; print(len(prepare({url!r}).doors))"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with databases.empty("postgresql", tmp_path) as address:
        yield address


def test_tables_are_made_once(url: str) -> None:
    assert sorted(_all_at_once(url, "migration", MIGRATES)) == ["0010", "None"]


def test_the_first_branch_is_made_once(url: str) -> None:
    migrate(url)
    _all_at_once(url, "first start", PREPARES)
    with psycopg.connect(url) as connection:
        made = connection.execute("SELECT (SELECT count(*) FROM branches), (SELECT count(*) FROM installation)")
        assert made.fetchone() == (1, 1)


def test_a_turn_that_failed_is_over(url: str) -> None:
    with pytest.raises(ZeroDivisionError), in_turn(url, "migration"):
        raise ZeroDivisionError
    assert migrate(url)[0] is None


def test_machines_that_do_not_wait_for_each_other_would_be_noticed(url: str) -> None:
    with pytest.raises(AssertionError, match="did not wait"):
        _all_at_once(url, "another turn", MIGRATES)


def _all_at_once(url: str, what: str, command: str) -> list[str]:
    """What each of several processes says that come to the same turn at the same moment."""
    with ExitStack() as stack:
        with in_turn(url, what):
            machines = [
                stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-c", command.format(url=url)],
                        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    )
                )
                for _ in range(MACHINES)
            ]  # fmt: skip
            until = time.monotonic() + PATIENCE
            while _waiting(url) < MACHINES:
                assert time.monotonic() < until, "they do not wait for their turn"
                assert all(machine.poll() is None for machine in machines), "one did not wait for its turn"
        said = [machine.communicate(timeout=PATIENCE) for machine in machines]
    assert all(machine.returncode == 0 for machine in machines), said
    return [out.strip().splitlines()[-1] for out, _ in said]


def _waiting(url: str) -> int:
    """How many processes wait for a turn in this database."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
    assert found is not None
    return int(found[0])
