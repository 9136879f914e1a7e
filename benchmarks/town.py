"""Fifty branches in one installation, the server in a process of its own, and phones that listen."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import websockets
from rich.progress import track

from benchmarks.http import Connection, free_port
from server.branch_file import parse
from server.bus import InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.first_start import set_up
from server.schema import migrate

ROOT = Path(__file__).parents[1]
START_SECONDS = 30
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
"""


@dataclass
class Town:
    """The served branches (what `setup --json` says of each) and who joined."""

    port: int
    bare_port: int
    folder: Path
    branches: list[dict[str, Any]]
    tickets: list[dict[str, Any]] = field(default_factory=list)
    frames: int = 0
    _listening: list["asyncio.Task[None]"] = field(default_factory=list)

    def key(self, branch: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {branch['people'][0]['key']}"}

    async def code(self, connection: Connection, branch: dict[str, Any]) -> str:
        headers = {"Authorization": f"Device {branch['devices'][0]['key']}"}
        answer = await connection.ask("GET", f"/api/v1/branches/{branch['branch']['id']}/presence", None, headers)
        return str(answer["code"])

    async def listen(self) -> None:
        """A phone for everybody who joined; returns when each has heard its first frame."""
        first = [asyncio.get_running_loop().create_future() for _ in self.tickets]
        phones = zip(self.tickets, first, strict=True)
        self._listening = [asyncio.create_task(self._phone(ticket, heard)) for ticket, heard in phones]
        await asyncio.gather(*first)

    async def _phone(self, ticket: dict[str, Any], heard: "asyncio.Future[None]") -> None:
        address = f"ws://127.0.0.1:{self.port}/api/v1/live/tickets/{ticket['id']}"
        headers = {"Authorization": f"Ticket {ticket['secret']}"}
        async with websockets.connect(
            address, additional_headers=headers, compression=None, ping_interval=None
        ) as socket:
            async for _ in socket:
                self.frames += 1
                if not heard.done():
                    heard.set_result(None)

    async def hang_up(self) -> None:
        for task in self._listening:
            task.cancel()
        for task in self._listening:
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def town(branches: int) -> AsyncIterator[Town]:
    """Everything in a temporary folder on the disk of this machine; both servers end with it."""
    with tempfile.TemporaryDirectory(prefix="nowserving-bench-", dir=ROOT / ".venv") as name:
        folder = Path(name)
        made = await _branches(folder, branches)
        port, bare_port = free_port(), free_port()
        environment = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": "", "PUBLIC_URL": ""}
        ours = [sys.executable, "-m", "server", "serve", "--host", "127.0.0.1", "--port", str(port)]
        bare = [sys.executable, "-m", "benchmarks.bare", str(folder / "bare.sqlite3"), str(bare_port)]
        log = (folder / "log").open("wb")
        begin = partial(asyncio.create_subprocess_exec, cwd=ROOT, env=environment, stdout=log, stderr=log)
        processes = [await begin(*command) for command in (ours, bare)]
        try:
            await asyncio.gather(_up(port), _up(bare_port))
            yield Town(port, bare_port, folder, made)
        finally:
            for process in processes:
                process.terminate()
            await asyncio.gather(*(process.wait() for process in processes))
            log.close()


async def _branches(folder: Path, count: int) -> list[dict[str, Any]]:
    DataFolder(folder)
    url = f"sqlite:///{folder / 'nowserving.db'}"
    migrate(url)
    db = Database(url, InProcessBus())
    try:
        numbers = track(range(count), "Branches", transient=True)
        return [json.loads(json.dumps(await set_up(db, parse(BRANCH.format(id=f"b{n}"))))) for n in numbers]
    finally:
        db.close()


async def _up(port: int) -> None:
    until = monotonic() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if monotonic() > until:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
