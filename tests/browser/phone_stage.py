"""A phone whose server is the test: its ticket, what it is sent and whether it can ask are in the test's hands."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from playwright.async_api import Page, Route, WebSocketRoute

from kiosk_ui import cards
from kiosk_ui.ticket_page import TicketPage, face_of
from server.domain.forecast import Wait
from server.queries.stories import Story
from server.web import pages
from tests.browser.stage import ADDRESS, POLICY, time_passes
from tests.faults.waiting import until
from tests.screens.lobby_boards import NOW, board

TICKET, NOTICE, FRAME = "/t/t1", "/b/harbour/notice", "/api/v1/live/tickets/t1"
GONE = "<!doctype html><main id='main'><h1>This page has moved on</h1></main>"
HEARD = """
window.rings = 0; window.shakes = 0;
navigator.vibrate = () => { window.shakes += 1; return true; };
window.AudioContext = class {
  state = "suspended"; currentTime = 0; destination = {};
  async resume() { this.state = "running"; }
};
const still = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
window.GainNode = class { gain = still; connect(on) { return on; } };
window.OscillatorNode = class { connect(on) { return on; } start() { window.rings += 1 / 3; } stop() {} };
"""


def story(state: str = "waiting", **given: Any) -> Story:
    """A042 as a phone sees it; `moved` 1."""
    usual: dict[str, Any] = {
        "id": "t1", "branch_id": "harbour", "generation": 1, "at": NOW, "number": "A042", "letter": "A",
        "digits": "042", "state": state, "moved": 1, "is_open": True, "service_id": "new-passport",
        "service": {"en": "New passport"},
        "bring": None, "name": None, "counter": None, "called_at": NOW, "acknowledged": False, "ready": False,
        "missed_at": NOW, "closed_at": None, "until": NOW + timedelta(minutes=30), "change_until": NOW, "ahead": None,
        "postponements_left": 0, "may_return": True, "may_rate": False, "visit_goes_on": False, "promised": None,
        "waited": None, "lines": (), "rating": None,
    }  # fmt: skip
    return Story(**(usual | given))


def ticket_page(told: Story, ahead: int = 0, near: bool = False, wait: Wait | None = None) -> TicketPage:
    branch = replace(board().branch, return_behind=3, undo_seconds=60)
    return TicketPage(told, branch, face_of(told), ahead, near, wait, None, ("A034",), ())


@dataclass
class PhoneStage:
    """`shown`: what the server would draw now. `reachable`: whether the phone may ask. `held`: answers wait for it.

    `frame`: what is told to who asks for it, beside what the page has; None: such questions are lost. `gone`: there is
    no such ticket any more, which is answered with `status` and, where the frame was asked for, as a `kind`.
    """

    page: Page
    shown: TicketPage = field(default_factory=lambda: ticket_page(story(), 7, wait=Wait(9, 17)))
    clock: datetime = NOW
    reachable: bool = True
    held: asyncio.Event | None = None
    frame: dict[str, Any] | None = None
    gone: bool = False
    status: int = 404
    kind: str = "application/problem+json"
    asked: list[str] = field(default_factory=list)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    left: int = 0  # sockets that the phone closed

    @classmethod
    async def on(cls, page: Page) -> "PhoneStage":
        stage = cls(page)
        await page.clock.install(time=NOW - timedelta(minutes=1))
        await page.clock.pause_at(NOW)
        await page.add_init_script(HEARD)
        await page.route(f"{ADDRESS}/**", stage.answer)
        await page.route_web_socket("**/live/**", stage.connected)
        await page.goto(ADDRESS + TICKET)
        await stage.settle()
        return stage

    async def says(self, **frame: Any) -> None:
        """A frame; what is not given is as the page has it."""
        self.sockets[-1].send(json.dumps(self.framed(**frame)))
        await self.settle()

    def framed(self, **frame: Any) -> dict[str, Any]:
        wait = self.shown.wait
        usual = {
            "e": 1, "v": 1, "m": self.shown.ticket.moved, "state": self.shown.ticket.state, "ahead": self.shown.ahead,
            "near": self.shown.near, "wait": [wait.likely, wait.at_most] if wait else None, "now": ["A034"],
            "at": int(self.clock.timestamp()),
        }  # fmt: skip
        return usual | frame

    async def turned_away(self, code: int) -> None:
        """The line is closed: do not come back."""
        await self.sockets[-1].close(code=code)
        await until(lambda: FRAME in self.asked)

    async def beats(self) -> None:
        self.sockets[-1].send(json.dumps({"e": 1, "v": 1, "at": int(self.clock.timestamp())}))
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        await time_passes(self.page, seconds)

    async def lives(self, seconds: float) -> None:
        """Time passes, and the server says every five seconds that it is there."""
        for _ in range(int(seconds / 5)):
            await self.pass_time(5)
            await self.beats()

    async def settle(self) -> None:
        await self.page.evaluate("() => 0")
        await self.page.clock.run_for(100)

    def connected(self, socket: WebSocketRoute) -> None:
        def closed(_code: int | None, _reason: str | None) -> None:
            self.left += 1

        socket.on_close(closed)
        self.sockets.append(socket)

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        self.asked.append(path)
        if self.reachable and path == NOTICE:
            html = bytes(cards.draw_notice(_request(htmx=True), self.shown.branch).body)
            await route.fulfill(body=html, content_type="text/html")
        elif path.startswith("/static/"):
            found = pages.static_response(_request(), path.split("/", 3)[3])
            await route.fulfill(body=bytes(found.body), content_type=found.media_type)
        elif self.reachable and self.gone and path.startswith((TICKET, FRAME)):
            kind = self.kind if path == FRAME else "text/html"
            await route.fulfill(status=self.status, body=GONE, content_type=kind)
        elif self.reachable and path == FRAME and self.frame is not None:
            await route.fulfill(body=json.dumps(self.framed(**self.frame)), content_type="application/json")
        elif self.reachable and path.startswith(TICKET):
            html = bytes(cards.draw(_request(htmx=path != TICKET), self.shown).body)
            if self.held:
                await self.held.wait()
            await route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})
        else:
            await route.abort()


def _request(htmx: bool = False) -> Request:
    headers = [(b"hx-request", b"true")] if htmx else []
    return Request({"type": "http", "method": "GET", "path": TICKET, "headers": headers, "query_string": b""})
