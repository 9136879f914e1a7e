"""A lobby's screen whose server is the test: what it is sent, and when, is in the test's hands."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from fastapi import Request
from playwright.async_api import Page, Route, WebSocketRoute

from display import lobby
from server.live.views import BoardView
from server.web import pages, qr
from server.web.kit import Kit
from server.web.who import Device
from tests.browser.stage import ADDRESS, POLICY, time_passes
from tests.screens.lobby_boards import NOW

SENTENCE = 2  # seconds that every voice takes
VOICE = """
window.said = []; window.speaking = 0; window.overlapped = false; window.refused = false;
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", {value: {
  getVoices: () => [],
  cancel() {},
  speak(utterance) {
    if (window.refused) { setTimeout(() => utterance.onerror({error: "not-allowed"})); return; }
    window.overlapped ||= window.speaking > 0;
    window.speaking += 1;
    window.said.push([utterance.lang, utterance.text]);
    setTimeout(() => { window.speaking -= 1; utterance.onend({}); }, SENTENCE);
  },
}});
""".replace("SENTENCE", str(SENTENCE * 1000))


@dataclass
class LobbyStage:
    """`ahead`: how far the device's own clock is ahead of the server's."""

    page: Page
    ahead: timedelta = timedelta()
    view: BoardView | None = None
    clock: datetime = NOW
    version: int = 0
    codes: int = 0
    answers_codes: bool = True
    sockets: list[WebSocketRoute] = field(default_factory=list)

    @classmethod
    async def on(cls, page: Page, ahead: timedelta = timedelta()) -> "LobbyStage":
        stage = cls(page, ahead)
        await page.clock.install(time=NOW + ahead - timedelta(minutes=1))
        await page.clock.pause_at(NOW + ahead)
        await page.add_init_script(VOICE)
        await page.route(f"{ADDRESS}/**", stage.answer)
        await page.route_web_socket("**/live/**", stage.connected)
        return stage

    async def opens(self, view: BoardView) -> None:
        """The page as the server sends it now, and then its socket's first message."""
        self.view = view
        await self.page.goto(f"{ADDRESS}/lobby")
        await self.pass_time(0.5)
        await self.receives(view)

    async def receives(self, view: BoardView) -> None:
        self.view, self.version = view, self.version + 1
        content = lobby.screen(view, view.branch.languages[0], "").decode()
        await self._send(content=content)

    async def beats(self) -> None:
        await self._send()

    async def pass_time(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        await time_passes(self.page, seconds)

    async def lives(self, seconds: float) -> None:
        """Time passes, and the server says every five seconds that it is there."""
        for _ in range(int(seconds / 5)):
            await self.pass_time(5)
            await self.beats()
        await self.pass_time(seconds % 5)

    async def has_asked_for(self, codes: int) -> bool:
        """Whether so many codes are asked for; the browser's clock stands still, the way to us takes a moment."""
        for _ in range(50):
            if self.codes >= codes:
                break
            await asyncio.sleep(0.1)
        return self.codes == codes

    async def said(self) -> list[tuple[str, str]]:
        return [(language, text) for language, text in await self.page.evaluate("() => window.said")]

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path == "/lobby":
            await route.fulfill(
                body=await self._html(), content_type="text/html", headers={"Content-Security-Policy": POLICY}
            )
        elif path.startswith("/lobby/code") and self.answers_codes:
            self.codes += 1
            await route.fulfill(body=qr.svg(f"{ADDRESS}/d/harbour/{self.codes}"), content_type="image/svg+xml")
        elif path.startswith("/static/"):
            found = pages.static_response(_request(), path.split("/", 3)[3])
            await route.fulfill(body=bytes(found.body), content_type=found.media_type)
        else:
            await route.abort()

    def connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)

    async def _html(self) -> str:
        async def board(_branch_id: str) -> BoardView:
            assert self.view
            return self.view

        kit = cast(Kit, SimpleNamespace(board=board, now=lambda: self.clock))
        response = await lobby.page(_request(), Device("lobby1", "harbour", "lobby", "Hall"), kit)
        # The page says when it was made; here that is the test's time.
        made = f'data-now="{int(self.clock.timestamp())}"'
        html = bytes(response.body).decode()
        return html[: html.index('data-now="')] + made + html[html.index('"', html.index('data-now="') + 10) + 1 :]

    async def _send(self, **more: Any) -> None:
        said = {"e": 1, "v": self.version, "at": int(self.clock.timestamp()), **more}
        self.sockets[-1].send(json.dumps(said))
        await self.page.evaluate("() => 0")
        await self.pass_time(0.25)


def _request() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/lobby", "headers": [], "query_string": b""})
