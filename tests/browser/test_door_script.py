"""What the door's screen does by itself: it renews its code, ends its greetings, and says whom to ask."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Error, Page, Route, WebSocketRoute, expect

from kiosk_ui import kiosk
from server.domain.forecast import Wait
from server.live.views import BoardView
from server.web import pages, qr
from tests.browser.conftest import OpenPage
from tests.browser.measures import outside, overlapping, spilling
from tests.browser.stage import ADDRESS, POLICY, time_passes
from tests.browser.test_phone_screens import door_page
from tests.screens.lobby_boards import NOW, board, call, service

SCREEN = {"width": 1080, "height": 1920}
TURN, GOOD_FOR = 20, 80  # seconds
CROWDED = board(
    services=tuple(service(f"Service number {n}", f"Affaire numéro {n}", wait=Wait(28, 75)) for n in range(5)),
    notice={
        "en": "The lift is out of order until 14:00. Our colleagues will gladly take you up by the goods lift. " * 2
    },
)
LOWEST = "() => document.querySelector('.services > :last-child').getBoundingClientRect().bottom"
BAND = "() => document.querySelector('.band').getBoundingClientRect().top"


class Door:
    """The screen, with the test as its server. `builds`: what version the server says it is."""

    def __init__(self, page: Page) -> None:
        self.page, self.clock = page, NOW
        self.codes = self.openings = 0
        self.reachable, self.build = True, pages.build()
        self.sockets: list[WebSocketRoute] = []

    async def opens(self) -> None:
        await self.page.clock.install(time=NOW - timedelta(minutes=1))
        await self.page.clock.pause_at(NOW)
        await self.page.route(f"{ADDRESS}/**", self.answer)
        await self.page.route_web_socket("**/live/**", self.connected)
        await self.page.goto(f"{ADDRESS}/kiosk")
        await self.pass_time(1)

    def connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path.startswith("/static/"):
            found = pages.static_response(_request(), path.split("/", 3)[3])
            await route.fulfill(body=bytes(found.body), content_type=found.media_type)
        elif path == "/kiosk":
            self.openings += 1
            policy = {"Content-Security-Policy": POLICY}
            await route.fulfill(body=await door_page(board()), content_type="text/html", headers=policy)
        elif path == "/kiosk/code" and self.reachable:
            self.codes += 1
            held = f'data-next="{TURN}" data-good-for="{GOOD_FOR}" data-build="{self.build}"'
            await route.fulfill(body=f"<div {held}>{qr.svg(f'code {self.codes}')}</div>", content_type="text/html")
        else:
            await route.abort()

    async def receives(self, view: BoardView) -> None:
        await self._send(content=kiosk.screen(view, "en", "door1").decode())

    async def lives(self, seconds: float) -> None:
        for _ in range(int(seconds / 5)):
            await self.pass_time(5)
            await self._send()

    async def pass_time(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        await time_passes(self.page, seconds)

    async def _send(self, **more: Any) -> None:
        self.sockets[-1].send(json.dumps({"e": 1, "v": 1, "at": int(self.clock.timestamp()), **more}))
        await self.page.evaluate("() => 0")
        await self.page.clock.run_for(100)


@pytest_asyncio.fixture(loop_scope="session")
async def door(open_page: OpenPage) -> Door:
    screen = Door(await open_page(viewport=SCREEN))
    await screen.opens()
    return screen


async def test_the_code_is_renewed_as_soon_as_it_turns(door: Door) -> None:
    assert door.codes == 1
    await door.lives(TURN - 5)
    assert door.codes == 1
    await door.lives(10)
    assert door.codes == 2


async def test_a_code_that_no_phone_could_open_is_taken_away_and_comes_back(door: Door) -> None:
    door.reachable = False
    await door.lives(GOOD_FOR - 10)
    await expect(door.page.locator("#code svg")).to_be_visible()
    await door.lives(15)
    await expect(door.page.locator("#code svg")).to_have_count(0)
    await expect(door.page.get_by_text("Please ask our staff.")).to_be_visible()
    door.reachable = True
    await door.lives(5)
    await expect(door.page.locator("#code svg")).to_be_visible()
    await expect(door.page.get_by_text("Please ask our staff.")).to_be_hidden()


async def test_who_joins_is_greeted_and_the_code_stays_where_it_is(door: Door) -> None:
    before = await door.page.locator("#code").bounding_box()
    await door.receives(_joined(door.clock))
    await door.pass_time(1)
    await expect(door.page.locator(".greet .plate")).to_be_visible()
    await expect(door.page.get_by_text("About 12 minutes")).to_be_visible()
    assert await door.page.locator("#code").bounding_box() == before
    await door.lives(15)
    await expect(door.page.locator(".greet .plate")).to_be_hidden()
    await expect(door.page.get_by_text("Take your place with your phone.")).to_be_visible()


async def test_not_connected_it_says_so_in_both_languages(door: Door) -> None:
    await door.receives(board())
    await door.pass_time(17)
    band = door.page.locator(".band")
    await expect(band).to_contain_text("Not connected since 14:03. Numbers may be old: please ask us.")
    await expect(band.locator("[lang=fr]")).to_contain_text("Hors connexion depuis 14:03.")


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (768, 1024)])
async def test_the_band_leaves_room_for_every_service(door: Door, size: tuple[int, int]) -> None:
    await door.page.set_viewport_size({"width": size[0], "height": size[1]})
    await door.receives(CROWDED)
    before = await door.page.evaluate(LOWEST)
    await door.pass_time(17)
    await expect(door.page.locator(".band")).to_be_visible()
    assert await door.page.evaluate(LOWEST) <= await door.page.evaluate(BAND)
    assert [*await overlapping(door.page), *await spilling(door.page)] == []
    assert await outside(door.page, "#kiosk") == []
    await door.receives(CROWDED)
    await expect(door.page.locator(".band")).to_be_hidden()
    assert await door.page.evaluate(LOWEST) == before


async def test_a_new_version_reloads_the_page_once_it_has_settled(door: Door) -> None:
    door.build = "another"
    await door.lives(TURN + 5)
    assert door.openings == 1
    # The page goes away under our hands; a context that is closed before the next one has come may never close.
    async with door.page.expect_event("load"):
        with suppress(Error):
            await door.lives(60)
    assert door.openings == 2


def _joined(at: datetime) -> BoardView:
    view = board(call("A042"))
    waiting = {"device": "door1", "joined_at": at, "state": "waiting", "ahead": 8, "wait": Wait(12, 20)}
    ticket = view.tickets[0]._replace(**waiting)  # type: ignore[arg-type]
    return replace(view, at=at, tickets=(ticket,))


def _request() -> Any:
    return type("Request", (), {"headers": {}})()
