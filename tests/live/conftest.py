"""Harbour Branch and, beside it, Market Branch, behind a real uvicorn in this process, so that sockets are sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import uvicorn
import uvloop
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
from server.web.connection import Connection, Guarded
from tests.databases import copy_of
from tests.live import raw
from tests.live.raw import RawClient
from tests.running import free_port
from tests.world import KEY, World, harbour

PATIENCE = raw.PATIENCE
WAYS = {"line": Connection, "plain": Guarded}  # how a socket is written to; what is promised holds on both


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that serves in earnest: its transports are not asyncio's."""
    return {"uvloop": uvloop.new_event_loop}


class Wire:
    """The two branches, served; `world` acts in Harbour Branch behind the server's back as another program would."""

    def __init__(
        self, server: uvicorn.Server, running: "asyncio.Task[None]", app: FastAPI, made: list[dict[str, Any]], url: str
    ) -> None:
        self.server, self.running, self.app, self.made, self.url = server, running, app, made, url
        self.clients: list[RawClient] = []
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

    async def connects_raw(self, path: str, who: dict[str, str]) -> RawClient:
        """A client that reads when it is told to."""
        self.clients.append(client := await raw.shake_hands(self.host, path, who))
        return client

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
        async with asyncio.timeout(within):
            await socket.recv()
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
async def served(
    url: str, folder: Path, beside: Wire | None = None, *, way: type[Guarded] = Connection, **settings: Any
) -> AsyncIterator[Wire]:
    """`beside`: another process that serves the same database already."""
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode(), **settings))
    made = (
        beside.made
        if beside
        else [await set_up(app.state.db, parse(always_open(harbour(id=id)))) for id in ("harbour", "market")]
    )
    config = _uvicorn(app)
    config.host, config.port, config.timeout_graceful_shutdown, config.ws = "127.0.0.1", free_port(), 1, way
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    wire = Wire(server, running, app, made, url)
    try:
        yield wire
    finally:
        server.should_exit = True
        await running
        for client in wire.clients:
            client.closes()


@pytest.fixture(params=WAYS)
async def wire(request: pytest.FixtureRequest, sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Wire]:
    async with served(copy_of(sqlite_pattern, tmp_path), tmp_path, way=WAYS[request.param]) as found:
        yield found


def always_open(text: str) -> str:
    """Open at any time of any day."""
    head, _, rest = text.partition("[branch.hours]")
    return head + "[[services]]" + rest.partition("[[services]]")[2]
