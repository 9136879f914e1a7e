"""A plain Linux machine writes in wide letters: every screen holds them, and an installed Roboto goes before them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from server.domain.forecast import Wait
from tests import machine
from tests.browser.conftest import OpenPage, chromium
from tests.browser.lobby_stage import LobbyStage
from tests.browser.measures import broken, outside, overlapping, sideways, spilling
from tests.browser.phone_stage import story, ticket_page
from tests.browser.stage import ADDRESS, drawn
from tests.browser.test_every_screen import DESK, SCREENS, opened
from tests.browser.test_lobby_screen import MOMENTS, ONE, READABLE, TV, TWO, UPRIGHT, Size, share
from tests.browser.test_parts import LIGHTS, STATES, show
from tests.browser.test_phone_screens import DOORS, LONG, PAGES, door_page, serve, ticket_html
from tests.browser.town import town
from tests.screens.lobby_boards import NOW, board, call, counter, service

pytestmark = pytest.mark.dejavu

WIDE = "DejaVu Sans"
NAMED_ROBOTO = "DejaVu Sans Mono"  # stands in for a Roboto, which not every machine has
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
  {more}
</fontconfig>
"""
AS_ROBOTO = f"""<match target="scan">
  <test name="family" compare="eq"><string>{NAMED_ROBOTO}</string></test>
  <edit name="family" mode="assign"><string>Roboto</string></edit>
</match>"""

BRANCH: dict[str, Any] = {
    "name": "Medina Public Services, Harbour",
    "closes_at": NOW,
    "services": (
        service("Renewal of passports", "Renouvellement de passeport"),
        service("Letters and forms", "Lettres et formulaires", wait=None),
        service("Business accounts", "Comptes professionnels"),
        service("Identity cards", "Cartes d’identité"),
    ),
}
NOTICE = {"en": "The lift rests. " * 7, "fr": "L’ascenseur est en panne. " * 5}
BEFORE = [
    call(number, where, ago=90 + 60 * i)
    for i, (number, where) in enumerate((("B018", "1"), ("A041", "12"), ("C1007", "Room 4"), ("A040", "3")))
]
CALLS = [call("A042"), call("O019", "Room 4"), call("B041", "12")]
ROOM = (*(counter(str(n), f"B{n:03}") for n in range(1, 11)), counter("Room 3", "A1002"), counter("12", back_at=NOW))
FULL = {
    f"{many} of {len(CALLS)} calls, {'a' if notice else 'no'} notice": board(
        *CALLS[:many], *BEFORE, notice=notice, **BRANCH
    )
    for many in (1, 2, 3)
    for notice in (None, NOTICE)
} | {"six counters": board(counters=ROOM[4:10], **BRANCH), "twelve counters": board(counters=ROOM, **BRANCH)}
LONG_DOORS = {
    f"{many} long names": board(
        **{**BRANCH, "services": (BRANCH["services"] * 3)[:many], "languages": ("fr", "en"), "notice": notice}
    )
    for many, notice in ((3, None), (4, NOTICE), (7, None), (12, NOTICE))
}
SPEAK = "language => { document.getElementById('lobby').dataset.language = language; live.fit(); }"

NUMBERS = ".waiter b, .elsewhere b"
TURNS = {
    f"called to {where}": ticket_page(story("called", **LONG, counter=where))
    for where in ("3", "12", "Consultation 14")
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """One that finds no other letters than the wide ones."""
    async with chromium(fonts(tmp_path_factory.mktemp("fonts"))) as launched:
        yield launched


def fonts(folder: Path, more: str = "") -> Path:
    file = folder / "fonts.conf"
    file.write_text(FONTS.format(folder=machine.need(machine.DEJAVU), cache=folder, more=more))
    return file


async def in_use(page: Page, selector: str) -> set[str]:
    """The families the letters within `selector` are really drawn with."""
    session = await page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        await session.send(f"{domain}.enable")
    document = await session.send("DOM.getDocument")
    found = await session.send("DOM.querySelector", {"nodeId": document["root"]["nodeId"], "selector": selector})
    drawn_with = await session.send("CSS.getPlatformFontsForNode", found)
    return {font["familyName"] for font in drawn_with["fonts"]}


async def squeezed(page: Page) -> list[str]:
    """Everything that has too little room here."""
    return [*await spilling(page), *await overlapping(page)]


async def test_the_letters_here_are_wide(open_page: OpenPage) -> None:
    page = await open_page()
    await show(page, drawn("{{ plate('A', '042') }}<p class='lead'>Now Serving</p>"))
    assert (await in_use(page, ".plate"), await in_use(page, ".lead")) == ({WIDE}, {WIDE})


async def test_an_installed_roboto_goes_before_the_systems_own_letters(tmp_path: Path) -> None:
    async with chromium(fonts(tmp_path, AS_ROBOTO)) as launched:
        page = await launched.new_page()
        await show(page, drawn("<p class='lead'>Now Serving</p>"))
        assert await in_use(page, ".lead") == {NAMED_ROBOTO}
        await page.set_content("<p style='font-family: system-ui'>Now Serving</p>")
        assert await in_use(page, "p") == {WIDE}


@pytest.mark.parametrize("screen", [TV, UPRIGHT], ids=["lying", "upright"])
async def test_a_called_number_is_an_eighth_of_the_screen(open_page: OpenPage, screen: Size) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen))
    for calls in (ONE, TWO):
        await lobby.opens(calls)
        assert await share(lobby.page) >= READABLE


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@pytest.mark.parametrize("screen", [TV, UPRIGHT], ids=["lying", "upright"])
async def test_the_lobby_holds_all_it_says_in_both_languages(open_page: OpenPage, screen: Size, motion: str) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen, reduced_motion=motion))
    await lobby.opens(board())
    for moment, view in {**MOMENTS, **FULL}.items():
        await lobby.receives(view)
        for language in ("1", "2"):
            await lobby.page.evaluate(SPEAK, language)
            assert (moment, language, await outside(lobby.page, "#lobby")) == (moment, language, [])
            assert (moment, language, await squeezed(lobby.page)) == (moment, language, [])


@pytest.mark.parametrize("screen", [TV, UPRIGHT], ids=["lying", "upright"])
async def test_the_lobby_holds_what_it_says_when_it_is_not_connected(open_page: OpenPage, screen: Size) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen))
    for moment in ("two calls", "three calls", "idle"):
        await lobby.opens(MOMENTS[moment])
        await lobby.pass_time(16)
        for language in ("1", "2"):
            await lobby.page.evaluate(SPEAK, language)
            assert (moment, language, await outside(lobby.page, "#lobby")) == (moment, language, [])
            assert (moment, language, await squeezed(lobby.page)) == (moment, language, [])


async def test_the_parts_hold_their_words_on_a_narrow_phone(open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 320, "height": 640})
    await show(page, drawn("all_parts.html", "fr", face="phone", LIGHTS=LIGHTS, STATES=STATES))
    assert not await sideways(page)


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (320, "fr")])
async def test_the_phone_holds_its_number_and_its_words(open_page: OpenPage, width: int, language: str) -> None:
    page = await open_page(viewport={"width": width, "height": 640}, locale=language, reduced_motion="reduce")
    for name, ticket in {**PAGES, **TURNS}.items():
        await page.unroute_all()
        await serve(page, lambda ticket=ticket: ticket_html(ticket, language))  # type: ignore[misc]
        await page.goto(f"{ADDRESS}/")
        assert (name, await sideways(page)) == (name, False)
        assert (name, await squeezed(page)) == (name, [])


@pytest.mark.parametrize("number", ["042", "1042"])
async def test_a_phone_without_scripts_holds_its_number(open_page: OpenPage, number: str) -> None:
    page = await open_page(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    for state in ("waiting", "called"):
        ticket = ticket_page(story(state, number=f"A{number}", digits=number, counter="12"), 7, wait=Wait(9, 17))
        await page.unroute_all()
        await serve(page, lambda ticket=ticket: ticket_html(ticket, "en"))  # type: ignore[misc]
        await page.goto(f"{ADDRESS}/")
        assert (state, await squeezed(page)) == (state, [])


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080)])
async def test_the_door_holds_all_it_says(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = await open_page(viewport={"width": size[0], "height": size[1]})
    for name, view in {**DOORS, **LONG_DOORS}.items():
        html = await door_page(view)
        await page.unroute_all()
        await serve(page, lambda html=html: html)  # type: ignore[misc]
        await page.goto(f"{ADDRESS}/")
        assert (name, await outside(page, "#kiosk")) == (name, [])
        assert (name, await squeezed(page)) == (name, [])


async def test_a_desk_holds_all_it_says(open_page: OpenPage, tmp_path: Path) -> None:
    desks = [replace(screen, size=DESK) for screen in SCREENS if screen.name.startswith("console")]
    with town(tmp_path) as there:
        for desk in desks:
            for language in ("en", "fr"):
                page = await opened(open_page, there, desk, language)
                assert (desk.name, language, await sideways(page)) == (desk.name, language, False)
                assert (desk.name, language, await spilling(page)) == (desk.name, language, [])
                assert (desk.name, language, await broken(page, NUMBERS)) == (desk.name, language, [])


async def test_words_without_room_are_noticed(open_page: OpenPage) -> None:
    page = await open_page()
    await page.set_content("<p style='width: 40px'>Renouvellements</p>")
    assert await spilling(page) == ["Renouvellements"]
    await page.set_content("<b style='width: 40px; display: block; overflow-wrap: anywhere'>A1042</b>")
    assert await broken(page, "b") == ["A1042"]
    await page.set_content("<p>Under</p><p style='margin-top: -34px'>Over</p>")
    assert await overlapping(page) == ["Under | Over"]
    await page.set_content("<p style='margin-left: 500px; width: 40px'>Away</p>")
    assert await sideways(page)
    assert len(await outside(page, "body")) == 1
