"""A phone's first visit: small enough for a slow line, nothing from elsewhere, and whole without a script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.hands import Hands
from tests.running import Running, running

BUDGET = 30 * 1024  # bytes over the line, headers counted
REQUESTS = 4
SETTLED = 1_500  # ms; what a page asks for late is asked for by then
REFRESHED = 20_000  # ms; a page without a script looks again after 8 to 15 seconds


@dataclass
class Line:
    """What went over the line: each address, and the bytes of its answer as they were sent."""

    asked: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    fonts: list[str] = field(default_factory=list)

    @classmethod
    async def of(cls, page: Page) -> "Line":
        line, wire = cls(), await page.context.new_cdp_session(page)
        await wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", line._asks)
        wire.on("Network.loadingFinished", line._ends)
        return line

    @property
    def total(self) -> int:
        return sum(self.sizes.values())

    def _asks(self, said: dict[str, Any]) -> None:
        if not said["request"]["url"].startswith("data:"):
            self.asked.append(said["request"]["url"])
        if said.get("type") == "Font":
            self.fonts.append(said["request"]["url"])

    def _ends(self, said: dict[str, Any]) -> None:
        self.sizes[said["requestId"]] = int(said["encodedDataLength"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(None, tmp_path_factory.mktemp("first-visit")) as server:
        yield server


@pytest.fixture
def hands(house: Running) -> Iterator[Hands]:
    everybody = Hands(house.base, house.made)
    yield everybody
    everybody.close()


async def test_the_first_visit_fits_a_slow_phones_line(open_page: OpenPage, house: Running, hands: Hands) -> None:
    phone = await open_page(has_touch=True)
    line = await Line.of(phone)
    await phone.goto(f"{house.base}/d/{house.branch}/{hands.code()}")
    await phone.wait_for_timeout(SETTLED)
    assert len(line.asked) <= REQUESTS, line.asked
    assert line.total <= BUDGET, line.sizes
    assert len(line.sizes) == len(line.asked)  # every answer was counted
    assert [address for address in line.asked if not address.startswith(house.base)] == []
    assert line.fonts == []
    assert await phone.evaluate("() => document.fonts.size") == 0


async def test_the_tap_that_joins_asks_for_nothing_but_the_ticket(
    open_page: OpenPage, house: Running, hands: Hands
) -> None:
    phone = await open_page(has_touch=True)
    await phone.goto(f"{house.base}/d/{house.branch}/{hands.code()}")
    await phone.wait_for_timeout(SETTLED)
    line = await Line.of(phone)
    await phone.get_by_role("button", name=re.compile("Renewals")).tap()
    await expect(phone.locator(".plate").first).to_be_visible()
    await phone.wait_for_timeout(SETTLED)
    assert len([size for size in line.sizes.values() if size]) == 1, line.asked  # what was kept costs nothing
    assert line.total <= BUDGET // 5, line.sizes


async def test_a_visit_is_whole_without_a_script(open_page: OpenPage, house: Running, hands: Hands) -> None:
    phone = await open_page(java_script_enabled=False)
    await phone.goto(f"{house.base}/d/{house.branch}/{hands.code()}")
    await phone.get_by_role("button", name=re.compile("New passport")).click()
    await expect(phone.get_by_role("heading", name="You are next")).to_be_visible()
    number = await phone.locator(".plate").first.get_attribute("aria-label")

    hands.takes("Ken", "1", ["new-passport"])
    ticket = hands.calls("Ken", "1")
    assert phone.url.endswith(ticket)
    await expect(phone.get_by_role("heading", name="It’s your turn")).to_be_visible(timeout=REFRESHED)
    assert number
    assert number in await phone.locator("main").inner_text()
    await phone.get_by_role("button", name="I’m coming").click()
    await expect(phone.locator(".turn-known")).to_be_visible()

    hands.serves("Ken", ticket, "POST", "service")
    hands.serves("Ken", ticket, "PUT", "outcome", outcome="resolved")
    await expect(phone.get_by_role("heading", name="How was it?")).to_be_visible(timeout=REFRESHED)
    await phone.locator("[name=score][value='5']").click()
    await phone.get_by_label("Knew the matter").first.check()
    await phone.locator(".reasons .button.primary").click()
    await expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    given = hands.sees("Ken", ticket)["rating"]
    assert (given["score"], given["good"]) == (5, ["knowledge"])
