"""Customers' phones without a browser: what they ask of the whole server, and what they are shown."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI

from server.app import create_app
from server.branch_file import parse
from server.first_start import set_up
from server.settings import Settings
from tests.world import KEY, Clock, World, harbour

HOST = "http://harbour.example"
HTMX = {"HX-Request": "true"}


@dataclass
class Phone:
    """One browser: its cookies, and the page it shows."""

    http: httpx.AsyncClient
    page: str = ""
    path: str = ""
    status: int = 0
    headers: Any = field(default_factory=dict)

    async def opens(self, path: str, **headers: str) -> str:
        return self._shown(await self.http.get(path, headers=headers))

    async def sends(self, path: str, htmx: bool = False, **fields: Any) -> str:
        """A form, as this page's own; names ending in _ lose it ("pass_", "not_")."""
        form = {name.removesuffix("_"): value for name, value in fields.items()}
        headers = {"Origin": HOST} | (HTMX if htmx else {})
        return self._shown(await self.http.post(path, data=form, headers=headers))

    def _shown(self, answer: httpx.Response) -> str:
        self.page, self.status, self.headers = unescape(answer.text), answer.status_code, answer.headers
        self.path = answer.url.path
        return self.page

    def hidden(self, name: str) -> str:
        """What a hidden field of the page carries."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name}"
        return found[1]

    def headline(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.DOTALL)
        assert found, self.page
        return re.sub(r"<[^>]+>", "", found[1]).strip()

    def tap(self, service: str = "new-passport") -> dict[str, Any]:
        """The fields of the page that is open, with one service tapped."""
        return {"service": service, "pass_": self.hidden("pass"), "key": self.hidden("key"), "language": "en"}

    async def joins(self, service: str = "new-passport", **more: Any) -> str:
        """The tap, and the ticket's address."""
        await self.sends("/b/harbour/tickets", **(self.tap(service) | more))
        assert self.path.startswith("/t/"), self.page
        return self.path


class Place:
    """The branch with its server, and everybody in it."""

    def __init__(self, app: FastAPI, clock: Clock, made: dict[str, Any]) -> None:
        self.app, self.clock, self.made = app, clock, made
        self.world = World(app.state.db, clock, made)
        self.ken = self.world.ken
        self._opened: list[httpx.AsyncClient] = []

    def phone(self) -> Phone:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=HOST, follow_redirects=True)
        self._opened.append(http)
        return Phone(http)

    def code(self, device: str = "Door") -> str:
        """What that screen's QR carries now."""
        return self.world.presence.code("harbour", self.world.devices[device], self.clock()).text

    async def at_the_door(self) -> Phone:
        """A phone that has just scanned the door's code."""
        phone = self.phone()
        await phone.opens(f"/d/harbour/{self.code()}")
        return phone

    async def joined(self, service: str = "new-passport", **more: Any) -> tuple[Phone, str]:
        """A phone with its ticket open, and the ticket's address; a second after the one before."""
        self.clock.forward(seconds=1)
        phone = await self.at_the_door()
        return phone, await phone.joins(service, **more)

    async def called(self, label: str = "3") -> tuple[Phone, str]:
        phone, address = await self.joined()
        await self.ken.takes(label)
        await self.ken.calls_next()
        return phone, address

    async def served(self) -> tuple[Phone, str]:
        phone, address = await self.called()
        await self.ken.serves(address.removeprefix("/t/"))
        return phone, address

    async def close(self) -> None:
        for http in self._opened:
            await http.aclose()


@asynccontextmanager
async def place(url: str, folder: Path, **rules: Any) -> AsyncIterator[Place]:
    clock = Clock()
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode()), clock)
    async with app.router.lifespan_context(app):
        found = Place(app, clock, await set_up(app.state.db, parse(harbour(**rules))))
        try:
            yield found
        finally:
            await found.close()
