"""The back office of Harbour Branch: the whole server, and its people in their browsers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI

from server.actions import letting_in
from server.app import create_app
from server.branch_file import parse
from server.chance import new_id, new_token
from server.first_start import set_up
from server.settings import Settings
from tests.world import KEY, Clock


@dataclass
class Browser:
    """Somebody of the staff, signed in; `page` and `sends` answer as a browser would, without following."""

    http: httpx.AsyncClient
    token: str

    async def page(self, path: str = "", language: str = "en") -> httpx.Response:
        return await self.http.get(
            f"/setup/harbour{path}", headers={"cookie": f"session={self.token}; language={language}"}
        )

    async def sends(self, path: str, key: str = "", **fields: Any) -> httpx.Response:
        """A form, with a fresh key unless one is given."""
        headers = {"cookie": f"session={self.token}; language=en", "origin": "http://harbour.example"}
        data = {"key": key or new_token(), **fields}
        return await self.http.post(f"/setup/harbour{path}", data=data, headers=headers)


class Office:
    """The whole server with Harbour Branch, and its people in their browsers."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, made: dict[str, Any], clock: Clock) -> None:
        self.app, self.http, self.clock = app, http, clock
        self.ids: dict[str, str] = {person["name"]: person["id"] for person in made["people"]}
        self.counters: dict[str, str] = {counter["label"]: counter["id"] for counter in made["counters"]}
        self.links: dict[str, str] = {device["name"]: device["link"] for device in made["devices"]}

    async def signed_in(self, name: str) -> Browser:
        token = new_token()
        opened = partial(letting_in.sign_in, staff_id=self.ids[name], session_token=token, session_id=new_id())
        await self.app.state.db.act(None, None, opened)
        return Browser(self.http, token)


@asynccontextmanager
async def office_of(url: str, folder: Path, file: str) -> AsyncIterator[Office]:
    clock = Clock()
    app = create_app(Settings(database_url=url, data_dir=folder, secret_key=KEY.decode()), clock)
    async with app.router.lifespan_context(app):
        made = await set_up(app.state.db, parse(file))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://harbour.example") as http:
            yield Office(app, http, made, clock)
