"""What every test may ask for, and what is said before and after them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import databases, machine
from tests.world import World, opened

# How long an example takes says how busy the machine is, nothing about us.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure() -> None:
    reasons = [reason for piece in machine.PIECES.values() if (reason := piece.reason())]
    if machine.NOTHING_LEFT_OUT and reasons:
        raise pytest.UsageError("Nothing may be left out here. " + " ".join(reasons))


def pytest_report_header() -> list[str]:
    return [piece.reason() or f"{piece.name} is there" for piece in machine.PIECES.values()]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, piece in machine.PIECES.items():
        if item.get_closest_marker(marker):
            machine.need(piece)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for piece in machine.PIECES.values():
        skipped = [
            report
            for report in terminalreporter.stats.get("skipped", [])
            if isinstance(report, pytest.TestReport) and f"{piece.name} is not there" in report.longreprtext
        ]
        if skipped:
            terminalreporter.write_line(f"Left out {len(skipped)} tests: {piece.reason()}", yellow=True)


@pytest.fixture(params=databases.BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, once on SQLite and once on PostgreSQL."""
    with databases.empty(request.param, tmp_path) as address:
        yield address


@pytest.fixture(params=databases.BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with this version's tables and no rows, once on SQLite and once on PostgreSQL."""
    return databases.copy_of(request.getfixturevalue(f"{request.param}_pattern"), tmp_path)


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.migrated("sqlite", tmp_path_factory.mktemp("pattern")) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_pattern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.migrated("postgresql", tmp_path_factory.mktemp("pattern")) as address:
        yield address


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Harbour Branch with its cast, once on SQLite and once on PostgreSQL."""
    async with opened(database_url) as world:
        yield world
