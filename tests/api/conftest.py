"""Harbour Branch asked in JSON: the whole server in this process, and programs that send it requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from server.app import create_app
from server.branch_file import parse
from server.chance import new_token
from server.first_start import set_up
from server.settings import Settings
from tests.databases import copy_of
from tests.world import KEY, Clock, World, harbour

BASE = "/api/v1"
HOST = "http://harbour.example"


@dataclass
class Program:
    """Somebody who sends requests with one credential, or none."""

    http: httpx.AsyncClient
    authorization: str | None = None

    async def asks(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """`await ken.asks("POST", "/counters/1/calls")`; header names with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent["Authorization"] = self.authorization
        json = {} if body is None else {"json": body}
        return await self.http.request(method, BASE + path, headers=sent, **json)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.asks("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.asks("POST", path, body, **headers)


class Harbour:
    """The branch, and everybody's programs."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, clock: Clock, made: dict[str, Any]) -> None:
        self.app, self.http, self.clock = app, http, clock
        self.world = World(app.state.db, clock, made)
        keys = {each["name"]: each["key"] for each in made["people"] + made["devices"]}
        self.mira, self.ken, self.lola = (Program(http, f"Bearer {keys[name]}") for name in ("Mira", "Ken", "Lola"))
        self.door, self.wall = (Program(http, f"Device {keys[name]}") for name in ("Door", "Wall"))
        self.stranger = Program(http)
        self.counter = f"/counters/{self.world.counters['1']}"
        self.other_counter = f"/counters/{self.world.counters['2']}"

    def code(self) -> str:
        """What the door shows now."""
        return self.world.presence.code("harbour", self.world.devices["Door"], self.clock()).text

    async def joins(self, service: str = "new-passport", **more: Any) -> "Held":
        """A customer whose program joined with the door's code; a second later than the one before."""
        self.clock.forward(seconds=1)
        wish = {"service": service, "presence": self.code(), **more}
        answer = await self.stranger.post("/branches/harbour/tickets", wish, Idempotency_Key=new_token())
        assert answer.status_code == 201, answer.text
        return Held(self.http, f"Ticket {answer.json()['secret']}", answer.json())

    async def called(self, service: str = "new-passport") -> "Held":
        """A customer who has just been called by Ken to counter 1."""
        held = await self.joins(service)
        await self.ken.post(f"{self.counter}/duty")
        answer = await self.ken.post(f"{self.counter}/calls")
        assert answer.json()["id"] == held.id
        return held

    async def serving(self) -> "Held":
        held = await self.called()
        await self.ken.post(f"{held.path}/service")
        return held

    async def served(self) -> "Held":
        held = await self.serving()
        answer = await self.ken.asks("PUT", f"{held.path}/outcome", {"outcome": "resolved"})
        assert answer.json()["state"] == "served", answer.text
        return held


@dataclass
class Held(Program):
    """A ticket's holder."""

    ticket: Any = None

    @property
    def id(self) -> str:
        found: str = self.ticket["id"]
        return found

    @property
    def path(self) -> str:
        return f"/tickets/{self.id}"

    async def does(self, noun: str, body: Any = None, method: str = "POST", **headers: str) -> httpx.Response:
        """`await ada.does("absence")`."""
        return await self.asks(method, f"{self.path}/{noun}" if noun else self.path, body, **headers)

    async def stands(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(self.path)).json()
        return found


@asynccontextmanager
async def harbour_online(url: str, folder: Path, **rules: Any) -> AsyncIterator[Harbour]:
    """The whole server, without a network."""
    clock = Clock()
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode()), clock)
    async with app.router.lifespan_context(app):
        made = await set_up(app.state.db, parse(harbour(**rules)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as http:
            yield Harbour(app, http, clock, made)


@pytest.fixture
async def here(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Harbour]:
    """Harbour Branch on SQLite."""
    async with harbour_online(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


@pytest.fixture
async def everywhere(database_url: str, tmp_path: Path) -> AsyncIterator[Harbour]:
    """Harbour Branch, once on SQLite and once on PostgreSQL."""
    async with harbour_online(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def far(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Harbour]:
    """Harbour Branch where one may join from afar."""
    async with harbour_online(copy_of(sqlite_pattern, tmp_path), tmp_path, remote_joining="expected") as found:
        yield found
