"""Where the house's own text stands: its Python, its templates, its documents."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("server", "kiosk_ui", "display", "staff_console")
LEFT_BEHIND = {"__pycache__", "node_modules"}
NOT_OURS = LEFT_BEHIND | {"data", "dist", "test-results"}  # what .gitignore names, where there is no git to ask
OUR_HIDDEN = {".ci", ".gitignore", ".dockerignore", ".editorconfig"}


def python(*folders: str) -> list[Path]:
    """The Python files of these top-level folders, in a steady order."""
    return [file for folder in folders for file in _under(ROOT / folder, "*.py")]


def templates() -> list[Path]:
    return [file for room in ROOMS for file in _under(ROOT / room, "*.html")]


def scripts_and_styles() -> list[Path]:
    """Our own JavaScript and CSS; what others wrote stands in vendor/ and keeps its own rules."""
    own = [file for room in ROOMS for kind in ("*.js", "*.css") for file in _under(ROOT / room, kind)]
    return [file for file in own if "vendor" not in file.parts]


def tracked() -> list[Path]:
    """Every file of the repository, also the ones not yet committed; none of what .gitignore names."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):  # no git here, or an unpacked archive
        return unpacked(ROOT)
    return [file for name in listed.split("\0") if name and (file := ROOT / name).is_file()]


def unpacked(root: Path) -> list[Path]:
    """The same of a folder that git knows nothing of."""
    return [
        file
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(_is_foreign(part) for part in file.relative_to(root).parts)
    ]


def documents() -> list[Path]:
    return [file for file in tracked() if file.suffix == ".md"]


def name(file: Path) -> str:
    """A file as a reader would say it: from the top of the repository."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name


def nothing(complaints: list[str]) -> None:
    """Fail with every complaint on a line of its own, so that all can be mended at once."""
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def _under(folder: Path, pattern: str) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob(pattern)) if not LEFT_BEHIND.intersection(file.parts))


def _is_foreign(part: str) -> bool:
    hidden = part.startswith(".") and part not in OUR_HIDDEN
    return hidden or part in NOT_OURS or part.endswith((".egg-info", ".pyc", ".mo"))
