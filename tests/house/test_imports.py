"""The import contracts of pyproject.toml are awake: a planted breach of each is noticed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import sources

BREACHES = {
    "Nobody imports a floor above": ("server/domain/upwards.py", "import server.db\n"),
    "Every room of the server has its floor": ("server/attic.py", "x = 1\n"),
    "Faces write no SQL and open no transaction": ("display/breach.py", "import sqlalchemy\nimport server.db\n"),
    "The rules know no framework, no clock and no loop": ("server/domain/breach.py", "import time\n"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house's Python without its furniture."""
    for room in sources.ROOMS:
        shutil.copytree(sources.ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("static", "locales"))
    shutil.copy(sources.ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_are_kept(copy: Path) -> None:
    assert broken(copy) == []


def test_a_breach_of_each_contract_is_noticed(copy: Path) -> None:
    for file, breach in BREACHES.values():
        (copy / file).write_text(breach)
    assert broken(copy) == list(BREACHES)


def broken(folder: Path) -> list[str]:
    """The contracts that do not hold in this folder, in the order of pyproject.toml."""
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = [line for line in said.stdout.splitlines() if line.endswith((" KEPT", " BROKEN"))]
    if not verdicts:
        pytest.fail(said.stdout + said.stderr, pytrace=False)
    return [line.removesuffix(" BROKEN") for line in verdicts if line.endswith(" BROKEN")]
