"""Mira arranges her branch with nothing but a keyboard: rules, classes, a file, and the day before opening."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage, barriers
from tests.hands import Hands
from tests.running import Running, running

DESK = {"width": 1366, "height": 768}
STOPS = 90  # of the Tab key: more than any page of the setup has
NAME = """() => { const at = document.activeElement;
  if (at === document.body) return "";
  return [at.getAttribute("aria-label"), ...[...(at.labels ?? [])].map((label) => label.textContent), at.textContent]
    .filter(Boolean).join(" ").replace(/\\s+/g, " ").trim(); }"""


@dataclass
class Manager:
    """Mira at her keyboard; she never touches a mouse."""

    page: Page
    base: str

    async def opens(self, path: str = "") -> None:
        await self.page.goto(f"{self.base}/setup/harbour{path}")

    async def reaches(self, words: str) -> None:
        """Tab by Tab, to the thing of that name."""
        for _ in range(STOPS):
            if words in await self.page.evaluate(NAME):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard never reaches {words!r}")

    async def presses(self, words: str) -> None:
        await self.reaches(words)
        await self.page.keyboard.press("Enter")

    async def writes(self, words: str, text: str) -> None:
        await self.reaches(words)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def reads(self, words: str) -> None:
        await expect(self.page.locator("main")).to_contain_text(words)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    with running(None, tmp_path) as server:
        yield server


@pytest.fixture
def hands(house: Running) -> Iterator[Hands]:
    everybody = Hands(house.base, house.made)
    yield everybody
    everybody.close()


async def mira_at(open_page: OpenPage, hands: Hands, path: str) -> Manager:
    page = await open_page(viewport=DESK)
    await page.context.add_cookies([hands.signs_in("Mira"), hands.speaks("en")])
    mira = Manager(page, hands.base)
    await mira.opens(path)
    return mira


async def test_a_rule_is_set_and_stands_in_the_trail(open_page: OpenPage, hands: Hands) -> None:
    mira = await mira_at(open_page, hands, "/rules")
    await mira.writes("Between two calls of one number", "nine")
    await mira.presses("Save the rules")
    await mira.reads("One field needs another look.")
    assert await barriers(mira.page) == []
    await expect(mira.page.get_by_label("Between two calls of one number")).to_be_focused()
    await mira.page.keyboard.press("Control+A")
    await mira.page.keyboard.type("30")
    await mira.page.keyboard.press("Enter")
    await mira.reads("Saved. It shows everywhere now.")
    await mira.presses("Who changed what")
    await mira.reads("Rules changed")
    await mira.reads("before: 15now: 30")


async def test_a_class_is_added_and_people_can_choose_it(open_page: OpenPage, hands: Hands) -> None:
    mira = await mira_at(open_page, hands, "/priorities")
    await mira.presses("Add a class")
    await mira.reads("A new class")
    await mira.writes("Who it is for (English)", "With a baby")
    await mira.page.keyboard.press("Enter")
    await mira.reads("With a baby")
    phone = await open_page()
    await phone.goto(f"{hands.base}/d/harbour/{hands.code()}")
    assert "With a baby" in await phone.content()


async def test_a_file_is_brought_after_it_was_shown_what_it_would_change(open_page: OpenPage, hands: Hands) -> None:
    mira = await mira_at(open_page, hands, "/file")
    text = await (await mira.page.request.get(f"{hands.base}/setup/harbour/file/download")).text()
    file = FilePayload(name="harbour.toml", mimeType="text/plain", buffer=text.replace('"3"', '"7"').encode())
    await mira.page.set_input_files("input[type=file]", files=[file])  # the system's own window chooses it
    await mira.presses("See what it would change")
    await mira.reads("2 changes")
    assert await barriers(mira.page) == []
    await mira.presses("Make these 2 changes")
    await mira.reads("The branch is as the file says.")
    await mira.opens("/counters")
    await mira.reads("7")


async def test_practice_is_cleared_before_opening_day_and_the_phones_know(open_page: OpenPage, hands: Hands) -> None:
    ada = hands.joins("new-passport")
    phone = await open_page()
    await phone.context.add_cookies([hands.holds(ada)])
    await phone.goto(hands.base + ada.address)
    mira = await mira_at(open_page, hands, "/opening")
    await mira.reads("1 number")
    await mira.presses("Clear the practice")
    await mira.writes("To be sure, write", "Harbour")
    await mira.page.keyboard.press("Enter")
    await mira.reads("This is not the name of the branch.")
    assert await barriers(mira.page) == []
    await expect(mira.page.get_by_label("To be sure, write")).to_be_focused()
    await mira.page.keyboard.press("Control+A")
    await mira.page.keyboard.type("Harbour Branch")
    await mira.page.keyboard.press("Enter")
    await mira.reads("Cleared. Numbers begin at 001.")
    assert hands.joins("new-passport").number == "A001"
    answer = await phone.goto(hands.base + ada.address)
    assert answer is not None
    assert answer.status == 404
    await mira.presses("We are open")
    await mira.reads("Open for real since today")


async def test_lobby_and_phone_wear_the_colour_that_was_chosen(open_page: OpenPage, hands: Hands) -> None:
    mira = await mira_at(open_page, hands, "/look?colour=%233b0a45")
    await mira.presses("Save")
    await mira.reads("Saved. It shows everywhere now.")
    for path, cookies in (("/b/harbour", []), ("/lobby", [hands.pairs("Wall")])):
        screen = await open_page(viewport=DESK)
        await screen.context.add_cookies(cookies)
        await screen.goto(hands.base + path)
        night = "() => getComputedStyle(document.documentElement).getPropertyValue('--night')"
        assert await screen.evaluate(night) == "#3b0a45"
