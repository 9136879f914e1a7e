"""A phone, a lobby and a console in a real browser, behind lines that break: true again in time, honest until then."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, time

import pytest
from playwright.async_api import Browser, Page, expect

from staff_console.counter.desk import ROWS
from tests.browser.conftest import OpenPage
from tests.browser.recorder import Notes, notes, record
from tests.faults.office import Office, office
from tests.faults.proxy import Proxy
from tests.faults.truth import CUT_HEALS, HALF_OPEN_HEALS, SOON, Facts
from tests.hands import Cookie, Slip
from tests.running import PATIENCE

DESK = {"width": 1366, "height": 768}
TV = {"width": 1920, "height": 1080}
LATE = 0.6  # seconds
BUSY = 1.5  # seconds that this machine may be late itself, with six pages and a server on it
SILENCE = 14.0  # seconds, as live.js counts them
LOOK_EVERY = 0.1
SLEPT_THROUGH = 30  # calls
AWAKE = 2.0  # seconds
CALLED, WAITING = 3, 9  # places in the queue: of somebody who is called while the line is broken, and of one who is not

PHONE = """() => {
  const {moved, state} = document.getElementById('main').dataset;
  return [Number(moved), state, Number(document.getElementById('row')?.dataset.ahead ?? -1)];
}"""
LOBBY = "() => [...document.querySelectorAll('.call .plate')].map((plate) => plate.getAttribute('aria-label'))"
CONSOLE = "() => [...document.querySelectorAll('li[id^=waiter-]')].map((row) => row.id.slice(7))"


@dataclass
class Screen:
    """A page; `is_so`: what `reads` must find on it, from the facts."""

    name: str
    page: Page
    reads: str
    is_so: Callable[[Facts], object]

    async def complaint(self, facts: Facts) -> str | None:
        is_so, shows = self.is_so(facts), await self.page.evaluate(self.reads)
        return None if is_so == shows else f"the {self.name} shows {shows}, and it is {is_so}"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(None, tmp_path_factory.mktemp("broken")) as there:
        yield there


@pytest.fixture(scope="module")
def keys(there: Office) -> list[Cookie]:
    """The lobby's and Ken's: each of their links opens once."""
    return [there.hands.pairs("Wall"), there.hands.signs_in("Ken")]


async def test_screens_say_that_they_are_not_connected_and_are_true_again_in_time(
    there: Office, open_page: OpenPage, keys: list[Cookie]
) -> None:
    with Proxy(there.server.port) as cut, Proxy(there.server.port) as half_open:
        on_cut = await opened(there, open_page, cut.port, there.slips[CALLED], keys)
        on_half_open = await opened(there, open_page, half_open.port, there.slips[WAITING], keys)
        await late_and_not_cut(there, cut, on_cut)
        cut.refuse()
        cut.cut()
        half_open.half_open()
        broken = monotonic()
        await there.ken_calls(CALLED)
        await asyncio.gather(
            cut_and_back(there, cut, on_cut),
            become_true(on_half_open, there, broken + HALF_OPEN_HEALS + BUSY - monotonic()),
        )
        await there.ken_calls()
        await become_true(on_cut + on_half_open, there, SOON + BUSY)
        for screen in on_cut + on_half_open:
            noted = await notes(screen.page)
            assert noted.lines > 1, screen.name
            assert noted.said_so(), screen.name
            assert not noted.says_so(), screen.name
            assert complaints(noted) == [], screen.name


async def test_frozen_tabs_are_right_within_2_seconds_of_waking(
    there: Office, open_page: OpenPage, keys: list[Cookie], browser: Browser
) -> None:
    screens = await opened(there, open_page, there.server.port, there.slips[-1], keys)
    tabs = await processes_of_tabs(browser)
    asleep = time()
    for tab in tabs:
        os.kill(tab, signal.SIGSTOP)
    try:
        await there.ken_calls(SLEPT_THROUGH)
    finally:
        awake = time()
        for tab in tabs:
            os.kill(tab, signal.SIGCONT)
    await become_true(screens, there, AWAKE)
    for screen in screens:
        noted = await notes(screen.page)
        assert [at for at, *_ in noted.heard if asleep < at < awake] == [], screen.name  # they did sleep
        assert noted.gone_back() == [], screen.name


async def processes_of_tabs(browser: Browser) -> list[int]:
    """To freeze a tab from outside: Chromium freezes by itself only what is hidden, and a driven page never is."""
    devtools = await browser.new_browser_cdp_session()
    found = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    await devtools.detach()
    return [process["id"] for process in found if process["type"] == "renderer"]


async def late_and_not_cut(there: Office, line: Proxy, screens: list[Screen]) -> None:
    line.delay(LATE)
    await there.ken_calls()
    await become_true(screens, there, LATE + SOON + BUSY)
    line.heal()
    assert [(await notes(screen.page)).said_so() for screen in screens] == [False] * len(screens)


async def cut_and_back(there: Office, line: Proxy, screens: list[Screen]) -> None:
    for screen in screens:
        await expect(screen.page.locator(".band")).to_contain_text("Not connected since", timeout=PATIENCE * 1000)
    line.heal()
    await become_true(screens, there, CUT_HEALS + BUSY)


async def become_true(screens: list[Screen], there: Office, within: float) -> None:
    """Everything on every page is so, and none says that it is not connected."""
    facts, until = there.truth.now(), monotonic() + within
    while found := [said for screen in screens if (said := await screen.complaint(facts))]:
        assert monotonic() < until, found
        await asyncio.sleep(LOOK_EVERY)
    for screen in screens:
        await expect(screen.page.locator(".band")).to_be_hidden(timeout=BUSY * 1000)


def complaints(noted: Notes) -> list[str]:
    return noted.gone_back() + noted.kept_quiet(BUSY) + noted.cried_wolf(SILENCE)


async def opened(there: Office, open_page: OpenPage, port: int, slip: Slip, keys: list[Cookie]) -> list[Screen]:
    """A phone with this ticket, a lobby and Ken's console, all at this port."""

    def of_phone(facts: Facts) -> object:
        ticket, waits = facts.tickets[slip.id], slip.id in facts.waiting
        return [ticket["moved"], ticket["state"], facts.waiting.index(slip.id) if waits else -1]

    console = f"/counters/{there.server.counter('1')}"
    screens = [
        Screen("phone", await open_page(has_touch=True), PHONE, of_phone),
        Screen("lobby", await open_page(viewport=TV), LOBBY, lambda facts: sorted(facts.called)),
        Screen("console", await open_page(viewport=DESK), CONSOLE, lambda facts: facts.waiting[:ROWS]),
    ]
    for screen, path in zip(screens, (slip.address, "/lobby", console), strict=True):
        await screen.page.context.add_cookies([there.hands.holds(slip), *keys])
        await record(screen.page)
        await screen.page.goto(f"http://127.0.0.1:{port}{path}")
    await become_true(screens, there, PATIENCE)
    return screens
