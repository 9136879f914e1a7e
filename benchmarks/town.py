"""Branches in one installation, people who wait in them, and the real server in a process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import track

from benchmarks import disk
from benchmarks.databases import database
from benchmarks.http import Connection, free_port
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.phone import Phone
from benchmarks.phones.wire import handshake
from benchmarks.process import Process
from benchmarks.waiting import queue_up
from server.branch_file import parse
from server.bus import InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.domain.presence import Presence
from server.first_start import set_up
from server.schema import migrate

READY_SECONDS = 60.0
BRANCH = """
[branch]
id = "{id}"
name = "Branch {id}"
languages = ["en", "fr"]
[[services]]
id = "new-passport"
name = "New passport"
letter = "A"
[[services]]
id = "renewals"
name = "Renewals"
letter = "B"
[[counters]]
label = "1"
[[counters]]
label = "2"
[[people]]
name = "Ken"
role = "agent"
key = true
[[devices]]
name = "Door"
kind = "kiosk"
[[devices]]
name = "Wall"
kind = "lobby"
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch: what `setup --json` said of it, and the tickets of those who wait there."""

    id: str
    made: dict[str, Any]
    tickets: list[str]

    @property
    def counter(self) -> str:
        return str(self.made["counters"][0]["id"])

    @property
    def as_agent(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.made['people'][0]['key']}"}

    def as_device(self, name: str) -> dict[str, str]:
        key = next(device["key"] for device in self.made["devices"] if device["name"] == name)
        return {"Authorization": f"Device {key}"}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a town is served: SQLite and one process, unless more is asked for."""

    postgres: str = ""  # where a database for it may be created
    redis: str = ""
    workers: int = 1


ALONE = Setting()


class Town:
    """An installation and its server. `branches` by id, in the order they were asked for."""

    def __init__(
        self, folder: Path, branches: Mapping[str, Branch], presence: Presence, url: str, setting: Setting
    ) -> None:
        self.folder, self.branches, self._presence = folder, branches, presence
        self.port = free_port()
        command = ["-m", "server", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        if setting.workers > 1:
            command += ["--workers", str(setting.workers)]
        environment = {
            "DATA_DIR": str(folder / "data"), "DATABASE_URL": url if setting.postgres else "",
            "REDIS_URL": setting.redis, "PUBLIC_URL": "",
        }  # fmt: skip
        self.process = Process(command, self.port, folder / "server.log", environment)

    async def ready(self) -> None:
        """Its port answers before it can serve."""
        async with asyncio.timeout(READY_SECONDS):
            connection = Connection(self.port)
            await connection.ask("GET", "/readyz", None)
            connection.close()

    def phone(self, crowd: Crowd, branch: Branch, ticket: str, kind: type[Phone] = Phone) -> Phone:
        """The page of a ticket, as a browser opens its socket."""
        cookie = f"ticket_{ticket}={self._presence.secret(ticket, 1)}"
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Cookie": cookie, "User-Agent": "Mozilla/5.0"}
        opening = handshake(f"127.0.0.1:{self.port}", f"/api/v1/live/tickets/{ticket}", headers)
        return kind(opening, crowd.audience(branch.id), ticket)

    def phones(self, crowd: Crowd, branch: Branch) -> list[Phone]:
        return [self.phone(crowd, branch, ticket) for ticket in branch.tickets]

    def watchers(self, crowd: Crowd, branch: Branch, count: int) -> list[Phone]:
        """Programs that watch a branch: all of them are sent the same text."""
        opening = handshake(f"127.0.0.1:{self.port}", f"/api/v1/live/branches/{branch.id}", branch.as_device("Door"))
        return [Phone(opening, crowd.audience(branch.id), f"watcher {n}") for n in range(count)]

    def screens(self, crowd: Crowd, branch: Branch, count: int) -> list[Phone]:
        """Lobby screens: the same, with a fragment of several kilobytes."""
        opening = handshake(f"127.0.0.1:{self.port}", "/live/lobby", branch.as_device("Wall"))
        return [Phone(opening, crowd.audience(branch.id), f"screen {n}") for n in range(count)]


@asynccontextmanager
async def founded(waiting: Mapping[str, int], setting: Setting = ALONE) -> AsyncIterator[Town]:
    """Branch id → how many wait there; not served yet. Its folder and its rows go with it."""
    with disk.folder() as folder:
        presence = Presence(DataFolder(folder / "data").key())
        with database(folder / "data", setting.postgres) as url:
            yield Town(folder, await _found(url, waiting, presence), presence, url, setting)


@asynccontextmanager
async def town(waiting: Mapping[str, int], setting: Setting = ALONE) -> AsyncIterator[Town]:
    """The same, served; the server ends with it."""
    async with founded(waiting, setting) as here:
        try:
            await here.process.start()
            await here.ready()
            yield here
        finally:
            await here.process.stop()


def numbered(branches: int, people: int) -> dict[str, int]:
    """So many branches, and the people spread over them."""
    return {f"b{n}": people // branches + (n < people % branches) for n in range(branches)}


async def _found(url: str, waiting: Mapping[str, int], presence: Presence) -> dict[str, Branch]:
    migrate(url)
    db = Database(url, InProcessBus())
    branches = {}
    try:
        for id, count in track(waiting.items(), "Branches", transient=True):
            made = json.loads(json.dumps(await set_up(db, parse(BRANCH.format(id=id)))))
            tickets = await db.act(id, None, partial(queue_up, count=count, presence=presence)) if count else []
            branches[id] = Branch(id, made, tickets)
    finally:
        db.close()
    return branches
