"""What this machine offers the tests, what a missing piece costs, and how often a loop turns."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://127.0.0.1/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
NOTHING_LEFT_OUT = os.environ.get("NOWSERVING_REQUIRE") == "all"


@dataclass(frozen=True, slots=True)
class Piece:
    """Something a test may need; `find` gives where it is, or raises OSError saying why it is not there."""

    name: str
    find: Callable[[], str]
    remedy: str

    def reason(self) -> str | None:
        """Why it cannot be used, or None when it can."""
        try:
            self.find()
        except OSError as problem:
            return f"{self.name} is not there ({problem}): {self.remedy}"
        return None


@cache
def _postgresql() -> str:
    try:
        with psycopg.connect(POSTGRES_URL, connect_timeout=3):
            return POSTGRES_URL
    except psycopg.Error as problem:
        raise ConnectionError(str(problem).strip().splitlines()[0]) from None


@cache
def _redis() -> str:
    where = urlsplit(REDIS_URL)
    with socket.create_connection((where.hostname or "127.0.0.1", where.port or 6379), timeout=3) as connection:
        connection.sendall(b"PING\r\n")
        if not connection.recv(64):
            raise ConnectionError("no answer")
    return REDIS_URL


@cache
def _postgresql_programs() -> str:
    found = shutil.which("initdb")
    on_the_path = [Path(found).resolve()] if found else []
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    for initdb in [*on_the_path, *reversed(installed)]:
        if (initdb.parent / "postgres").exists():
            return str(initdb.parent)
    raise FileNotFoundError("no initdb on the path or in /usr/lib/postgresql")


@cache
def _redis_program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        raise FileNotFoundError("no redis-server on the path")
    return found


@cache
def _chromium() -> str:
    wanted = os.environ.get("CHROMIUM", "chromium")
    found = shutil.which(wanted)
    if found is None:
        raise FileNotFoundError(f"no {wanted} on the path")
    # What drives it comes with Playwright, and needs a library of the system's.
    started = subprocess.run(
        [sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True, check=False
    )
    if started.returncode:
        raise FileNotFoundError(started.stderr.strip().splitlines()[0])
    return found


@cache
def _dejavu() -> str:
    found = next((file for folder in FONT_FOLDERS for file in folder.rglob("DejaVuSans.ttf")), None)
    if found is None:
        raise FileNotFoundError("no DejaVuSans.ttf in the folders for fonts")
    return str(found.parent)


POSTGRESQL = Piece(
    "PostgreSQL", _postgresql, "sudo apt-get install -y postgresql, then TEST_POSTGRES_URL=postgresql://…/postgres"
)
REDIS = Piece("Redis", _redis, "sudo apt-get install -y redis-server, or TEST_REDIS_URL=redis://…")
CHROMIUM = Piece("Chromium", _chromium, "sudo apt-get install -y chromium libatomic1, or CHROMIUM=/path/to/it")
DEJAVU = Piece("DejaVu Sans", _dejavu, "sudo apt-get install -y fonts-dejavu-core")
POSTGRESQL_PROGRAMS = Piece("initdb", _postgresql_programs, "sudo apt-get install -y postgresql")
REDIS_PROGRAM = Piece("redis-server", _redis_program, "sudo apt-get install -y redis-server")
PIECES: Mapping[str, Piece] = {
    "postgres": POSTGRESQL,
    "redis": REDIS,
    "browser": CHROMIUM,
    "dejavu": DEJAVU,
    "own_postgres": POSTGRESQL_PROGRAMS,
    "own_redis": REDIS_PROGRAM,
}


def need(piece: Piece) -> str:
    """Where the piece is; skips the test that asks for it when it is not there."""
    if reason := piece.reason():
        pytest.skip(reason)
    return piece.find()


def often(usual: int, full: int) -> int:
    """How many times a loop turns: `usual`, or with SCALE=full the long count, or SCALE=<number> times the usual."""
    scale = os.environ.get("SCALE", "1")
    return full if scale == "full" else max(1, round(usual * float(scale)))
