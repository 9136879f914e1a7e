"""What this machine offers the tests, what a missing piece costs, and how often a loop turns."""

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
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
def _chromium() -> str:
    wanted = os.environ.get("CHROMIUM", "chromium")
    found = shutil.which(wanted)
    if found is None:
        raise FileNotFoundError(f"no {wanted} on the path")
    return found


POSTGRESQL = Piece(
    "PostgreSQL", _postgresql, "sudo apt-get install -y postgresql, then TEST_POSTGRES_URL=postgresql://…/postgres"
)
REDIS = Piece("Redis", _redis, "sudo apt-get install -y redis-server, or TEST_REDIS_URL=redis://…")
CHROMIUM = Piece("Chromium", _chromium, "sudo apt-get install -y chromium, or CHROMIUM=/path/to/it")
PIECES: Mapping[str, Piece] = {"postgres": POSTGRESQL, "redis": REDIS, "browser": CHROMIUM}


def need(piece: Piece) -> str:
    """Where the piece is; skips the test that asks for it when it is not there."""
    if reason := piece.reason():
        pytest.skip(reason)
    return piece.find()


def often(usual: int, full: int) -> int:
    """How many times a loop turns: `usual`, or with SCALE=full the long count, or SCALE=<number> times the usual."""
    scale = os.environ.get("SCALE", "1")
    return full if scale == "full" else max(1, round(usual * float(scale)))
