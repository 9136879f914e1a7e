"""Harbour Branch and, beside it, Market Branch, behind a real uvicorn in this process, so that sockets are sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from server.__main__ import _uvicorn
from server.app import create_app
from server.branch_file import parse
from server.bus import InProcessBus
from server.db import Database
from server.first_start import set_up
from server.settings import Settings
from tests.databases import copy_of
from tests.running import free_port
from tests.world import KEY, World, harbour

PATIENCE = 20.0  # seconds for one word on a machine that is busy


class Wire:
    """The two branches, served; `world` acts in Harbour Branch behind the server's back as another program would."""

    def __init__(self, server: uvicorn.Server, app: FastAPI, made: list[dict[str, Any]], url: str) -> None:
        self.server, self.app, self.url = server, app, url
        self.host = f"{server.config.host}:{server.config.port}"
        self.world, self.market = (World(app.state.db, app.state.kit.now, each) for each in made)
        self.keys = {
            (each["branch"]["id"], who["name"]): who["key"] for each in made for who in each["people"] + each["devices"]
        }
        self.links = {
            (each["branch"]["id"], who["name"]): who["link"].rpartition("#")[2]
            for each in made
            for who in each["people"] + each["devices"]
        }

    @property
    def home(self) -> str:
        return f"http://{self.host}"

    def person(self, name: str, branch: str = "harbour") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[branch, name]}"}

    def device(self, name: str, branch: str = "harbour") -> dict[str, str]:
        return {"Authorization": f"Device {self.keys[branch, name]}"}

    def secret(self, ticket_id: str) -> str:
        return self.world.presence.secret(ticket_id, 1)

    def holds(self, ticket_id: str) -> dict[str, str]:
        """The cookie of a ticket's holder."""
        return {"Cookie": f"ticket_{ticket_id}={self.secret(ticket_id)}"}

    async def enters(self, name: str, branch: str = "harbour") -> dict[str, str]:
        """By the one-time link; the cookie that a person or a screen keeps."""
        token = self.links[branch, name]
        path = "/pair" if name in ("Door", "Wall") else "/staff/enter"
        async with httpx.AsyncClient(base_url=self.home) as browser:
            await browser.post(path, data={"token": token})
            return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}

    def connects(
        self, path: str, who: dict[str, str] | None = None, origin: str | None = "ours", **options: Any
    ) -> connect:
        """`origin` None: as a program, which has no page."""
        from_page = self.home if origin == "ours" else origin
        return connect(
            f"ws://{self.host}{path}",
            origin=Origin(from_page) if from_page else None,
            additional_headers=who or {},
            proxy=None,
            **options,
        )

    async def refusal(self, path: str, who: dict[str, str] | None = None, origin: str | None = "ours") -> int | None:
        """The code an accepted socket is closed with before it says anything; None when it is let in."""
        async with self.connects(path, who, origin) as socket:
            return await ended(socket, PATIENCE)

    @asynccontextmanager
    async def another_process(self) -> AsyncIterator[Database]:
        """A database of its own on the same rows: what is done with it, this server is not told."""
        db = Database(self.url, InProcessBus())
        try:
            yield db
        finally:
            await asyncio.to_thread(db.close)


async def ended(socket: ClientConnection, within: float) -> int | None:
    """The code the socket is closed with, None when it says something first; AssertionError when neither happens."""
    try:
        await asyncio.wait_for(socket.recv(), within)
    except ConnectionClosed:
        return socket.close_code
    except TimeoutError:
        raise AssertionError(f"neither a word nor an end within {within} s") from None
    return None


async def finally_ended(socket: ClientConnection, within: float) -> int | None:
    """The code the socket is closed with, whatever it says before."""
    async with asyncio.timeout(within):
        while (code := await ended(socket, within)) is None:
            pass
    return code


@asynccontextmanager
async def served(url: str, folder: Path) -> AsyncIterator[Wire]:
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode()))
    made = [await set_up(app.state.db, parse(_always(harbour(id=id)))) for id in ("harbour", "market")]
    config = _uvicorn(app, Settings())
    config.host, config.port, config.timeout_graceful_shutdown = "127.0.0.1", free_port(), 1
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield Wire(server, app, made, url)
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def wire(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Wire]:
    async with served(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


def _always(text: str) -> str:
    """Open at any time of any day."""
    head, _, rest = text.partition("[branch.hours]")
    return head + "[[services]]" + rest.partition("[[services]]")[2]
