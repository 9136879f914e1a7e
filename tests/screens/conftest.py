"""Harbour Branch with its whole server, for screens that are asked without a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import copy_of
from tests.screens.phones import Place, place


@pytest.fixture
async def here(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


@pytest.fixture
async def far(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Place]:
    """Where one may join from afar."""
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path, remote_joining="expected") as found:
        yield found
