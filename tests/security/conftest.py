"""Harbour Branch and Market Branch asked by everybody who could: nobody, staff of both, screens, a ticket's holder."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from server.actions import letting_in
from server.app import create_app
from server.branch_file import parse
from server.chance import new_id, new_token
from server.domain.base import Base
from server.first_start import set_up
from server.settings import Settings
from tests.databases import copy_of
from tests.screens.phones import Place, place
from tests.world import KEY, Clock, World, harbour

HOST = "http://harbour.example"
EVIL = "https://evil.example"
EVERYBODY = ("nobody", "agent", "manager", "stranger", "kiosk", "lobby", "holder")
"""Ken, Mira, the manager of Market Branch, both screens, and Ada with her ticket's cookie."""


@dataclass(frozen=True, slots=True)
class Way:
    """One route: its method and its path as it is declared."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Town:
    """Both branches on one server."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, clock: Clock, made: list[dict[str, Any]]) -> None:
        self.app, self.http, self.clock, self.made = app, http, clock, made
        self.world, self.market = (World(app.state.db, clock, each) for each in made)
        self.links = {who["name"]: who["link"].rpartition("#")[2] for who in made[0]["people"] + made[0]["devices"]}
        self._screens: dict[str, str] = {}

    async def who(self, name: str) -> dict[str, str]:
        """The cookies of one of EVERYBODY; staff are signed in anew each time, as some pages sign them out."""
        if name == "nobody":
            return {}
        if name == "holder":
            return {f"ticket_{self.world.ada.ticket}": self.world.presence.secret(self.world.ada.ticket, 1)}
        if name in ("kiosk", "lobby"):
            return {"device": await self._paired({"kiosk": "Door", "lobby": "Wall"}[name])}
        token = new_token()
        person = {"agent": self.world.ken, "manager": self.world.mira, "stranger": self.market.mira}[name]
        opened = partial(letting_in.sign_in, staff_id=person.id, session_token=token, session_id=new_id())
        await self.app.state.db.act(None, None, opened)
        return {"session": token}

    async def everybody(self) -> dict[str, str]:
        """One browser with every cookie of this branch: whatever it asks for, it may."""
        return await self.who("manager") | await self.who("kiosk") | await self.who("holder")

    async def asks(self, way: Way, cookies: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """By a browser on our own page, unless `headers` say otherwise."""
        headers = more.pop("headers", {"origin": HOST} if way.method != "GET" else {})
        if cookies:
            headers = headers | {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        return await self.http.request(way.method, self.address(way), headers=headers, **more)

    def address(self, way: Way) -> str:
        """With something real in every place, but nothing that would be undone by asking."""
        presence = self.world.presence.code("harbour", self.world.devices["Door"], self.clock()).text
        return way.path.replace("{name:path}", "phone.css").format(
            branch_id="harbour", code=presence, ticket_id=self.world.ada.ticket, move="postponement",
            counter_id=self.world.counters["1"], service_id="new-passport", day="2026-12-25", staff_id="nosuchperson",
            device_id="nosuchdevice", outcome_id="resolved", digest="0123456789",
        )  # fmt: skip

    def ways(self) -> Iterator[Way]:
        """Every page and form, without the JSON face."""
        for route in iter_route_contexts(self.app.routes):
            for method in sorted(getattr(route, "methods", None) or ()):
                yield Way(method, str(route.path))

    async def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is stored."""
        return await self.app.state.db.ask(  # type: ignore[no-any-return]
            lambda session: {
                table.name: sorted((tuple(row) for row in session.execute(table.select())), key=repr)
                for table in Base.metadata.sorted_tables
            }
        )

    async def _paired(self, name: str) -> str:
        if name not in self._screens:
            cookie = new_token()
            await self.app.state.db.act(None, None, partial(letting_in.pair, token=self.links[name], cookie=cookie))
            self._screens[name] = cookie
        return self._screens[name]


@asynccontextmanager
async def town_of(url: str, folder: Path, **settings: Any) -> AsyncIterator[Town]:
    clock = Clock()
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode(), **settings), clock)
    async with app.router.lifespan_context(app):
        made = [await set_up(app.state.db, parse(harbour(id=id))) for id in ("harbour", "market")]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
            found = Town(app, http, clock, made)
            await found.world.ada.joins(name="Ada Lovelace")
            yield found


@pytest.fixture
async def town(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town_of(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


@pytest.fixture
async def towns(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Once on SQLite and once on PostgreSQL."""
    async with town_of(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def here(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Place]:
    """Harbour Branch with phones at its door."""
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found
