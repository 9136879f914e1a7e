"""What others wrote and we ship: files as they left their makers, packages named where they are used."""

import ast
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house import sources

VENDORS = [file for room in (*sources.ROOMS, "tests") for file in sorted((sources.ROOT / room).rglob("VENDOR.toml"))]
PROJECT = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]

# Needed at run time though no line imports them: the event loop and the parser uvicorn picks up, the socket library it
# speaks, time zones for machines without their own, and what FastAPI reads forms with.
UNSEEN = {"httptools", "python-multipart", "tzdata", "uvloop", "websockets", "psycopg"}
# The same for the test tools: commands, and plugins pytest finds by itself.
TOOLS = {
    *("httpx2", "import-linter", "mypy", "pytest-asyncio", "pytest-timeout", "pytest-xdist", "ruff"),
    *("types-pyyaml", "types-qrcode"),
}


@pytest.mark.parametrize("inventory", VENDORS, ids=sources.name)
def test_every_vendored_file_is_the_one_its_makers_published(inventory: Path) -> None:
    assert strangers(inventory) == []


def test_there_is_something_to_check() -> None:
    assert VENDORS


def test_every_package_we_import_is_named_in_pyproject() -> None:
    assert imported(sources.python(*sources.ROOMS, "migrations")) <= named(PROJECT["dependencies"])


def test_every_package_named_in_pyproject_is_used() -> None:
    used = imported(sources.python(*sources.ROOMS, "migrations")) | UNSEEN
    assert named(PROJECT["dependencies"]) - used == set()


def test_every_test_tool_named_in_pyproject_is_used() -> None:
    used = imported(sources.python("tests", "benchmarks")) | TOOLS
    assert named(PROJECT["optional-dependencies"]["test"]) - used == set()


def test_every_package_the_tests_import_is_named() -> None:
    known = named(PROJECT["dependencies"]) | named(PROJECT["optional-dependencies"]["test"])
    assert imported(sources.python("tests", "benchmarks")) <= known


def test_every_package_named_in_pyproject_is_pinned() -> None:
    pinned = named((sources.ROOT / "constraints.txt").read_text().splitlines())
    wanted = named(PROJECT["dependencies"]) | named(PROJECT["optional-dependencies"]["test"])
    assert wanted - pinned == set()


def test_a_changed_vendored_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "good.js").write_text("1")
    (tmp_path / "changed.js").write_text("2")
    (tmp_path / "unlisted.js").write_text("3")
    good = hashlib.sha256(b"1").hexdigest()
    (tmp_path / "VENDOR.toml").write_text(
        f'[a]\nfiles = {{ "good.js" = "{good}", "changed.js" = "{good}", "gone.js" = "{good}" }}\n'
    )
    assert strangers(tmp_path / "VENDOR.toml") == [
        "changed.js is not what VENDOR.toml says",
        "gone.js is missing",
        "unlisted.js is not in VENDOR.toml",
    ]


def test_an_import_nobody_named_is_noticed(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import os\nimport pytest\nfrom server import domain\n")
    assert imported([planted]) == {"pytest"}


def strangers(inventory: Path) -> list[str]:
    """Files beside VENDOR.toml that are not listed in it with their sha256, or differ from it."""
    listed = hashes(tomllib.loads(inventory.read_text()))
    beside = {file.name for file in inventory.parent.iterdir() if file.is_file()} - {"VENDOR.toml"}
    complaints = [f"{name} is missing" for name in listed.keys() - beside]
    complaints += [f"{name} is not in VENDOR.toml" for name in beside - listed.keys() if "LICENSE" not in name]
    complaints += [
        f"{name} is not what VENDOR.toml says"
        for name in listed.keys() & beside
        if hashlib.sha256((inventory.parent / name).read_bytes()).hexdigest() != listed[name]
    ]
    return sorted(complaints)


def hashes(inventory: object) -> dict[str, str]:
    """File name → sha256, wherever the inventory says `"name.js" = "<hash>"` or has `file` beside `sha256`."""
    found: dict[str, str] = {}
    if isinstance(inventory, list):
        for entry in inventory:
            found |= hashes(entry)
    if isinstance(inventory, dict):
        if "file" in inventory and "sha256" in inventory:
            found[inventory["file"]] = inventory["sha256"]
        for key, value in inventory.items():
            if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) and key != "sha256":
                found[key] = value
            found |= hashes(value)
    return found


def named(requirements: Iterable[str]) -> set[str]:
    """Distribution names of requirement lines, without extras, versions and markers."""
    return {match.group().lower() for line in requirements if (match := re.match(r"[A-Za-z0-9._-]+", line))}


def imported(files: Iterable[Path]) -> set[str]:
    """Distributions whose modules these files import; neither the standard library nor our own rooms."""
    by_module = packages_distributions()
    outside = {module for file in files for module in _modules(file)} - set(sys.stdlib_module_names)
    outside -= {*sources.ROOMS, "migrations", "tests", "benchmarks"}
    return {by_module.get(module, [module])[0].lower().replace("_", "-") for module in outside}


def _modules(file: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
