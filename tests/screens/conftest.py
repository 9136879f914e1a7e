"""Harbour Branch with its whole server, and everybody's browsers, for screens that are asked without a real one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from server.chance import new_token
from tests.databases import copy_of
from tests.screens.phones import HOST, HTMX, Place, place
from tests.world import Clock, World


@dataclass
class Browser:
    """Somebody of the staff, or a stranger; `link` is the one-time link they were given, or ""."""

    http: httpx.AsyncClient
    link: str = ""

    async def opens(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def sends(
        self, path: str, htmx: bool = False, follow: bool = True, live: bool = False, **fields: Any
    ) -> httpx.Response:
        """A form of our own page, with a fresh key unless one is given. `live`: from a page whose socket is open."""
        form = {"key": new_token(), **fields} if path.startswith("/counters/") else fields
        headers = {"origin": HOST} | (HTMX if htmx else {}) | ({"x-live": "open"} if live else {})
        return await self.http.post(path, data=form, headers=headers, follow_redirects=follow)

    async def enters(self) -> httpx.Response:
        """By the one-time link."""
        return await self.sends("/staff/enter", token=self.link)


class House:
    """The branch, its staff and their browsers."""

    def __init__(self, found: Place) -> None:
        self._place = found
        self.links = {person["name"]: person["link"].rpartition("#")[2] for person in found.made["people"]}
        self.mira, self.ken, self.lola = (self.browser(self.links[name]) for name in ("Mira", "Ken", "Lola"))
        self.stranger = self.browser()

    @property
    def world(self) -> World:
        return self._place.world

    @property
    def clock(self) -> Clock:
        return self._place.clock

    @property
    def app(self) -> FastAPI:
        return self._place.app

    def browser(self, link: str = "") -> Browser:
        return Browser(self._place.phone().http, link)

    def at(self, label: str) -> str:
        """The console's address of a counter."""
        return f"/counters/{self.world.counters[label]}"

    async def ken_stands_at(self, label: str) -> Browser:
        await self.ken.enters()
        await self.ken.sends(f"{self.at(label)}/duty")
        return self.ken


@pytest.fixture
async def here(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        yield found


@pytest.fixture
async def far(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Place]:
    """Where one may join from afar."""
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path, remote_joining="expected") as found:
        yield found


@pytest.fixture
def house(here: Place) -> House:
    return House(here)
