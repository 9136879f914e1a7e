"""Harbour Branch and Market Branch asked by everybody who could: nobody, staff of both, screens, a ticket's holder."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from server.actions import letting_in
from server.api.face import BASE
from server.app import create_app
from server.branch_file import parse
from server.chance import new_id, new_token
from server.domain.base import Base
from server.domain.people import EVERYWHERE, Grant, Role, StaffMember
from server.first_start import set_up
from server.settings import Settings
from server.web.sockets import ADDRESSES
from staff_console import sign_in
from tests.databases import copy_of
from tests.running import PATIENCE
from tests.screens.phones import Place, place
from tests.world import KEY, Clock, World, harbour

HOST = "http://harbour.example"
EVIL = "https://evil.example"
HERE = ("nobody", "holder", "kiosk", "lobby", "agent", "manager", "admin")
FAR = ("far-holder", "far-kiosk", "far-lobby", "far-agent", "far-manager", "far-admin")
EVERYBODY = (*HERE, *FAR, "everywhere")
"""Those of Harbour Branch (the holder is Ada with her ticket's cookie), those of Market Branch, an admin of both."""
SCREENS = {"kiosk": "Door", "lobby": "Wall"}


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
        self.links = self._links_of(made[0])
        self._screens: dict[str, str] = {}

    async def who(self, name: str) -> dict[str, str]:
        """The cookies of one of EVERYBODY; staff are signed in anew each time, as some pages sign them out."""
        role = name.removeprefix("far-")
        world, links = (self.market, self._links_of(self.made[1])) if "far-" in name else (self.world, self.links)
        if role == "nobody":
            return {}
        if role == "holder":
            return {f"ticket_{world.ada.ticket}": world.presence.secret(world.ada.ticket, 1)}
        if role in SCREENS:
            return {"device": await self._paired(name, links[SCREENS[role]])}
        known = {"agent": world.ken.id, "manager": world.mira.id, "admin": f"admin of {world.branch}"}
        token = new_token()
        opened = partial(
            letting_in.sign_in, staff_id=known.get(role, "admin of *"), session_token=token, session_id=new_id()
        )
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
            device_id="nosuchdevice", session_id="nosuchsession", outcome_id="resolved", digest="0123456789",
            priority_id="elderly",
        )  # fmt: skip

    def ways(self) -> Iterator[Way]:
        """Every page and form, without the JSON face."""
        for route in iter_route_contexts(self.app.routes):
            if str(route.path).startswith(BASE):
                continue
            for method in sorted(getattr(route, "methods", None) or ()):
                yield Way(method, str(route.path))

    def api_ways(self) -> Iterator[Way]:
        """The JSON face."""
        for route in iter_route_contexts(self.app.routes):
            if str(route.path).startswith(BASE):
                for method in sorted(getattr(route, "methods", None) or ()):
                    yield Way(method, str(route.path))

    def socket_ways(self) -> Iterator[Way]:
        """What can be watched; a screen's address has two meanings."""
        for address in ADDRESSES:
            for kind in SCREENS if "{kind}" in address.path else ("",):
                yield Way("WS", address.path.replace("{kind}", kind))

    async def watches(self, way: Way, cookies: dict[str, str]) -> int | None:
        """The code a socket from our own page is closed with; None when it is told something first."""
        told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said: list[dict[str, Any]] = [{"type": "websocket.connect"}]
        # Whoever opens a ticket's socket without its cookie is asked for the secret, and says a wrong one.
        said += [{"type": "websocket.receive", "text": '{"secret": "wrong"}'}] if "tickets" in way.path else []
        path = self.address(way)
        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
            "scheme": "ws", "server": ("harbour.example", 80), "client": ("192.0.2.7", 1), "subprotocols": [],
            "headers": [
                (b"host", b"harbour.example"), (b"origin", HOST.encode()),
                (b"cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()),
            ][: 3 if cookies else 2],
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            if said:
                return said.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        holding = asyncio.create_task(self.app(scope, receive, told.put))  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(PATIENCE):
                while (message := await told.get())["type"] == "websocket.accept":
                    pass
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
        return message["code"] if message["type"] == "websocket.close" else None

    async def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is stored."""
        return await self.app.state.db.ask(  # type: ignore[no-any-return]
            lambda session: {
                table.name: sorted((tuple(row) for row in session.execute(table.select())), key=repr)
                for table in Base.metadata.sorted_tables
            }
        )

    async def _paired(self, name: str, link: str) -> str:
        if name not in self._screens:
            cookie = new_token()
            await self.app.state.db.act(None, None, partial(letting_in.pair, token=link, cookie=cookie))
            self._screens[name] = cookie
        return self._screens[name]

    @staticmethod
    def _links_of(made: dict[str, Any]) -> dict[str, str]:
        return {who["name"]: who["link"].rpartition("#")[2] for who in made["people"] + made["devices"]}


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
            await found.market.ada.joins()
            for branch in ("harbour", "market", EVERYWHERE):
                await app.state.db.act(None, None, partial(_admin, branch=branch))
            yield found


def _admin(session: Session, _: None, now: datetime, *, branch: str) -> dict[str, Any]:
    session.add(StaffMember(id=f"admin of {branch}", name="Amina", active=True, created_at=now))
    session.flush()
    session.add(Grant(staff_id=f"admin of {branch}", branch_id=branch, role=Role.ADMIN))
    return {}


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


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 takes long on purpose; here it is the same with less of it."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(sign_in, "passwords", quick)
    sign_in._nobodys.cache_clear()
