"""Pictures of the real screens, for the documents: the demo branch on a morning with people in it."""

import asyncio
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from random import Random
from threading import Thread
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from server.app import create_app
from server.branch_file import parse
from server.first_start import DEMO, set_up
from server.schema import migrate
from server.settings import Settings
from tests import machine
from tests.hands import Cookie, Hands, Slip
from tests.running import PATIENCE, ROOT
from tests.world import KEY, Clock

DOCS = ROOT / "docs" / "screens"
PHONE = {"width": 360, "height": 740}
KIOSK = {"width": 1080, "height": 1920}
LOBBY = {"width": 1920, "height": 1080}
CONSOLE = {"width": 1366, "height": 768}
OPENING = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # half past eight on a Tuesday in Lagos
MINUTES = 108
WISHES = {"cash": 0.27, "cards": 0.11, "new-account": 0.03, "transfers": 0.07, "business": 0.012}
"""How many come for each service in a minute."""
TAKES = {"cash": 5, "cards": 8, "new-account": 20, "transfers": 11, "business": 26}  # minutes, about
PLACES = {"Lola": "1", "Tunde": "2", "Ken": "3", "Mira": "4"}
NAMES = ("Ada", "Bo", "Chidi", "Efe", "Ngozi", "Sade", "Yusuf", "Zainab")
GIVE_A_NAME, HAVE_A_NEED = 0.6, 0.15  # of all who come
OUTCOMES = {"cash": "done", "cards": "resolved", "new-account": "opened", "transfers": "sent", "business": "resolved"}

MANAGED = {
    "floor": "/floor/{branch}", "notice": "/floor/{branch}/notice", "report": "/reports/{branch}", "me": "/staff/me",
    "setup": "/setup/{branch}", "branch": "/setup/{branch}/branch", "services": "/setup/{branch}/services",
    "service": "/setup/{branch}/services/cash", "counters": "/setup/{branch}/counters",
    "priorities": "/setup/{branch}/priorities", "rules": "/setup/{branch}/rules", "look": "/setup/{branch}/look",
    "people": "/setup/{branch}/people", "roster": "/setup/{branch}/people/import",
    "devices": "/setup/{branch}/devices", "waits": "/setup/{branch}/waits", "privacy": "/setup/{branch}/privacy",
    "file": "/setup/{branch}/file", "trail": "/setup/{branch}/trail", "opening": "/setup/{branch}/opening",
}  # fmt: skip


@dataclass
class Morning:
    """What has happened so far: who waits with which slip, and until when (minutes) each agent is busy with whom."""

    hands: Hands
    clock: Clock
    chance: Random = field(default_factory=lambda: Random(11))
    people: Random = field(default_factory=lambda: Random(118))
    slips: dict[str, tuple[str, Slip]] = field(default_factory=dict)
    busy: dict[str, tuple[str, float]] = field(default_factory=dict)

    def passes(self) -> None:
        """From opening time to the moment of the pictures."""
        for name, label in PLACES.items():
            self.hands.takes(name, label)
        for minute in range(MINUTES):
            self.clock.forward(minutes=1)
            for service, often in WISHES.items():
                if self.chance.random() < often:
                    self.joins(service)
            for name, label in PLACES.items():
                self._work(minute, name, label)

    def joins(self, service: str) -> Slip:
        said = {"name": self.people.choice(NAMES)} if self.people.random() < GIVE_A_NAME else {}
        if self.people.random() < HAVE_A_NEED:
            said["need"] = "wheelchair"
        slip = self.hands.scans(service, **said)
        self.slips[slip.id] = (service, slip)
        return slip

    def goes_on(self, name: str) -> Slip:
        """That agent finishes and calls the next one, whose slip it is."""
        if ticket := self.busy.pop(name, ("", 0))[0]:
            self._finish(name, ticket)
        return self.slips[self.hands.calls(name, PLACES[name])][1]

    def _work(self, minute: int, name: str, label: str) -> None:
        ticket, until = self.busy.get(name, ("", 0))
        if minute < until:
            return
        if ticket:
            self._finish(name, ticket)
        self.busy[name] = ("", 0)
        if minute < MINUTES - 1 and (called := self.hands.calls(name, label)):
            self.hands.serves(name, called, "POST", "service")
            self.busy[name] = (called, minute + TAKES[self.slips[called][0]] * self.chance.uniform(0.6, 1.4))

    def _finish(self, name: str, ticket: str) -> None:
        self.hands.serves(name, ticket, "PUT", "outcome", outcome=OUTCOMES[self.slips[ticket][0]])


@contextmanager
def demo(folder: Path) -> Iterator[tuple[str, dict[str, Any], Clock]]:
    """The demo branch behind a real server on a clock of our own: its address, and what its setup said."""
    ready: Queue[tuple[dict[str, Any], uvicorn.Server]] = Queue()
    clock = Clock(OPENING)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # it accepts from now on, so nobody comes too early
        thread = Thread(target=lambda: asyncio.run(_serve(folder, clock, listening, ready)), daemon=True)
        thread.start()
        made, server = ready.get(timeout=PATIENCE)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", made, clock
        finally:
            server.should_exit = True
            thread.join(timeout=PATIENCE)


async def _serve(folder: Path, clock: Clock, listening: socket.socket, ready: "Queue[Any]") -> None:
    settings = Settings(data_dir=folder, secret_key=KEY.decode(), public_url="http://queue.harbour.example")
    migrate(settings.database)
    app = create_app(settings, clock)
    text = DEMO.read_text()
    for role in ("agent", "manager"):
        text = text.replace(f'role = "{role}"', f'role = "{role}"\nkey = true')
    made = await set_up(app.state.db, parse(text))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="websockets-sansio"))
    ready.put((made, server))
    await server.serve(sockets=[listening])


class Camera:
    """A browser that takes one picture after the other."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self._browser, self._base, self._folder = browser, base, folder

    def opens(self, path: str, size: dict[str, int], *cookies: Cookie, **how: Any) -> Page:
        how = {"viewport": size, "reduced_motion": "reduce", "locale": "en", **how}
        context = self._browser.new_context(**how)
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(self._base + path)
        page.wait_for_timeout(1200)  # the socket's first word, and a code
        return page

    def takes(self, name: str, page: Page) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=self._folder / f"{name}.png")

    def shoots(self, name: str, path: str, size: dict[str, int], *cookies: Cookie, **how: Any) -> None:
        page = self.opens(path, size, *cookies, **how)
        self.takes(name, page)
        page.context.close()


def for_the_documents(camera: Camera, morning: Morning) -> None:
    """The pictures of the README, and one of each room of the manager."""
    hands = morning.hands
    kiosk, lobby, ken = hands.pairs("Door"), hands.pairs("Lobby"), hands.signs_in("Ken")
    hands.serves("Ken", morning.busy.pop("Ken")[0], "POST", "parking")
    morning.clock.forward(minutes=1)
    served = morning.goes_on("Ken")
    hands.does(served, "POST", "acknowledgement")
    hands.serves("Ken", served.id, "POST", "service")
    morning.clock.forward(minutes=2)
    ada = morning.joins("cash")
    morning.clock.forward(seconds=40)
    camera.shoots("kiosk", "/kiosk", KIOSK, kiosk)
    camera.shoots("phone", ada.address, PHONE, hands.holds(ada), device_scale_factor=2, has_touch=True)
    camera.shoots("console", f"/counters/{hands.counter('3')}", CONSOLE, ken)
    wall = camera.opens("/lobby", LOBBY, lobby)
    called = morning.goes_on("Lola")
    wall.wait_for_timeout(1500)
    camera.takes("lobby", wall)
    camera.shoots("sign-in", "/staff", CONSOLE)
    camera.shoots("turn", called.address, PHONE, hands.holds(called), device_scale_factor=2, has_touch=True)
    _of_the_manager(camera, hands)


def _of_the_manager(camera: Camera, hands: Hands) -> None:
    mira, branch = hands.signs_in("Mira"), hands.branch
    for name, path in MANAGED.items():
        camera.shoots(name, path.format(branch=branch), CONSOLE, mira)
    rules = camera.opens(MANAGED["rules"].format(branch=branch), CONSOLE, mira)
    rules.fill("[name=away_limit]", "10")
    rules.click("button[name=preview]")
    rules.locator("#preview").scroll_into_view_if_needed()
    camera.takes("rules-preview", rules)


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as data, demo(Path(data)) as (base, made, clock), sync_playwright() as player:
        morning = Morning(Hands(base, made), clock)
        morning.passes()
        browser = player.chromium.launch(
            executable_path=machine.CHROMIUM.find(),
            args=[*machine.CHROMIUM_FLAGS, "--autoplay-policy=no-user-gesture-required"],
        )
        for_the_documents(Camera(browser, base, folder), morning)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
