"""A manager's floor beside her agents' consoles: live, by keyboard alone, and true when the line is cut."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page

from server.actions import serving
from server.actions.arranging import place
from tests.browser.conftest import barriers
from tests.browser.test_console import DESK, SMALL, Branch, becomes, branch, press

__all__ = ["branch"]
PATIENCE = 15_000  # ms; on a busy machine


async def mira(branch: Branch, **how: Any) -> Page:
    page = await branch.agent("Mira", counter=None, **{"viewport": DESK, **how})
    await page.goto(f"{branch.address}/floor")
    await page.wait_for_url("**/floor/harbour")
    return page


async def tab_to(page: Page, selector: str) -> None:
    """By the keyboard alone, as far as it takes."""
    for _ in range(60):
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


async def test_what_an_agent_does_shows_on_the_floor_by_itself(branch: Branch) -> None:
    floor = await mira(branch)
    assert "Nobody is waiting" in await floor.inner_text("h1")
    await branch.world.ada.joins()
    await floor.wait_for_selector("h1:has-text('1 person is waiting')", timeout=PATIENCE)
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await floor.wait_for_selector(".place.is-called [aria-label=A001]", timeout=PATIENCE)
    await press(ken, "s")
    await floor.wait_for_selector(".place.is-serving", timeout=PATIENCE)


async def test_mira_calls_for_help_and_ken_answers_with_one_key(branch: Branch) -> None:
    ken = await branch.agent("Ken")
    await ken.click(".me")
    await ken.uncheck("#works-renewals")
    await ken.click("#save-duty")
    await branch.world.bo.joins("renewals")
    floor = await mira(branch)
    await floor.wait_for_selector("#need-unstaffed-renewals")
    await tab_to(floor, "#help-renewals")
    await press(floor, "Enter")
    await floor.wait_for_selector("text=Every console shows it.")
    await ken.wait_for_selector("#help:has-text('Help is welcome: Renewals.')", timeout=PATIENCE)
    await press(ken, "h")
    await ken.wait_for_selector("#key-next:has-text('B')", timeout=PATIENCE)
    await floor.wait_for_selector("text=On it: Ken.", timeout=PATIENCE)


async def test_a_service_is_paused_with_words_by_keyboard_alone(branch: Branch) -> None:
    floor = await mira(branch)
    await tab_to(floor, "#change-renewals")
    await press(floor, "Enter")
    await floor.wait_for_url("**/services/renewals")
    await tab_to(floor, "[name=words_en]")
    await floor.keyboard.type("Back after lunch")
    await tab_to(floor, "[name=until]")
    await press(floor, "ArrowDown")
    assert await floor.is_checked("[name=until][value='60']")
    await tab_to(floor, "button.primary")
    await press(floor, "Enter")
    await floor.wait_for_selector("#queue-renewals:has-text('Back after lunch')")
    assert not (await branch.world.view()).service("renewals").open


async def test_mira_sets_somebody_aside_for_ken_and_takes_it_back(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    floor = await mira(branch)
    await floor.click(".place.is-called .place-do a")
    await tab_to(floor, "[name=reason]")
    await press(floor, "Space")
    await tab_to(floor, "button[value=miss]")
    await press(floor, "Enter")
    await floor.wait_for_selector("text=Done, and noted with your name.")
    await becomes(ken, "free")
    await floor.click("text=Undo A001")
    await floor.wait_for_selector("text=Taken back.")
    await becomes(ken, "called")


async def adas_phone(branch: Branch) -> Page:
    """Ada's ticket, open on her phone."""
    ada = await branch.world.ada.joins()
    phone = await branch.open_page(viewport=SMALL)
    await phone.goto(f"{branch.address}/keep#{ada['ticket']}.{branch.world.presence.secret(ada['ticket'], 1)}")
    await phone.wait_for_url("**/t/*")
    return phone


async def test_a_notice_reaches_a_phone_that_is_open_and_leaves_it(branch: Branch) -> None:
    phone, floor = await adas_phone(branch), await mira(branch)
    await floor.click("text=Put up a notice")
    await floor.fill("[name=notice_en]", "The lift is being repaired")
    await floor.click("button.primary")
    await phone.wait_for_selector(".notice:has-text('The lift is being repaired')", timeout=PATIENCE)
    await floor.click("text=Change the notice")
    await floor.click("button:has-text('Take it down')")
    await floor.wait_for_selector("text=The notice is down.")
    await phone.wait_for_selector(".notice", state="detached", timeout=PATIENCE)


async def test_a_notice_with_its_time_comes_to_phone_and_wall_by_itself_and_goes(branch: Branch) -> None:
    world = branch.world
    phone, floor = await adas_phone(branch), await mira(branch)
    begins, ends = world.clock() + timedelta(minutes=10), world.clock() + timedelta(minutes=20)
    await world.act(place.put_up, by=world.mira.actor, notice={"en": "Fire drill"}, begins=begins, ends=ends)
    for page in (phone, floor):
        assert not await page.is_visible("text=Fire drill")
    world.clock.forward(minutes=10)
    for page in (phone, floor):
        await page.wait_for_selector("text=Fire drill", timeout=PATIENCE)
    world.clock.forward(minutes=10)
    for page in (phone, floor):
        await page.wait_for_selector("text=Fire drill", state="detached", timeout=PATIENCE)


async def test_a_counter_goes_on_saying_since_when_it_is_free(branch: Branch) -> None:
    await branch.agent("Ken")
    branch.world.clock.forward(minutes=7)
    floor = await mira(branch)
    assert "for 7 min" in await floor.inner_text(".place.is-free")
    await floor.evaluate("() => { document.querySelector('.place.is-free .ticking').textContent = '' }")
    await floor.wait_for_selector(".place.is-free .ticking:has-text('for 7 min')", timeout=PATIENCE)


async def test_a_call_is_given_up_when_the_countdown_on_the_console_ends(branch: Branch) -> None:
    await branch.world.changes(miss_after=3)
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await ken.wait_for_selector(".by-itself")
    branch.world.clock.forward(minutes=3)
    await becomes(ken, "free")


async def test_somebody_without_a_phone_gets_a_number_by_keyboard_alone(branch: Branch) -> None:
    ken, floor = await branch.agent("Ken"), await mira(branch)
    await tab_to(floor, "#walk-in")
    await press(floor, "Enter")
    await floor.wait_for_url("**/walk-in")
    await tab_to(floor, "[name=service]")
    await press(floor, "ArrowDown")
    await tab_to(floor, "[name=need]")
    await floor.keyboard.type("A seat")
    await tab_to(floor, "[name=note]")
    await floor.keyboard.type("Lost her papers")
    await press(floor, "Enter")
    await floor.wait_for_selector(".done:has-text('B001 is their number for Renewals.')")
    await ken.wait_for_selector("#key-next:has-text('B')", timeout=PATIENCE)
    await press(ken, "n")
    await ken.wait_for_selector(".who:has-text('A seat')")
    assert await ken.is_visible("text=Lost her papers")


async def test_mira_ends_a_visit_for_ken_with_what_came_of_it(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "s")
    await becomes(ken, "serving")
    floor = await mira(branch)
    await floor.click(".place.is-serving .place-do a")
    await tab_to(floor, "[name=reason]")
    await press(floor, "Space")
    await tab_to(floor, "button[value=finish]")
    await press(floor, "Enter")
    await floor.wait_for_selector("text=Please choose what came of it.")
    await tab_to(floor, "[name=outcome]")
    await press(floor, "ArrowDown")
    await tab_to(floor, "[name=note]")
    await floor.keyboard.type("Two photos are missing")
    await tab_to(floor, "button[value=finish]")
    await press(floor, "Enter")
    await floor.wait_for_selector("text=Done, and noted with your name.")
    await becomes(ken, "free")
    served = (await branch.world.view()).by_ticket[branch.world.ada.ticket]
    assert (served.outcome, served.note) == ("needs-documents", "Two photos are missing")


async def test_a_floor_that_is_cut_off_says_so(branch: Branch) -> None:
    floor = await mira(branch)
    await floor.context.set_offline(True)
    await floor.clock.install()
    await floor.clock.run_for(16_000)
    await floor.wait_for_selector("body.cut", timeout=PATIENCE)
    assert "Not connected since" in await floor.inner_text(".band")


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": SMALL}], ids=str)
async def test_nothing_stands_in_a_managers_way(branch: Branch, look: dict[str, Any]) -> None:
    await branch.world.queue("Ada", "Bo", "Chidi")
    await branch.world.ken.takes("1")
    called = await branch.world.ken.calls_next()
    assert called is not None
    await branch.world.ken.does(serving.start, called["ticket"])
    branch.world.clock.forward(minutes=20)
    floor, found = await mira(branch, **look), []
    counter = branch.world.counters["1"]
    for path in ("", "/services/renewals", "/notice", "/walk-in", f"/counters/{counter}"):
        await floor.goto(f"{branch.address}/floor/harbour{path}")
        found += await barriers(floor)
        assert await floor.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
    assert sorted(set(found)) == []
