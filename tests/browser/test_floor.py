"""A manager's floor beside her agents' consoles: live, by keyboard alone, and true when the line is cut."""

from typing import Any

import pytest
from playwright.async_api import Page

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
    await branch.world.ken.calls_next()
    branch.world.clock.forward(minutes=20)
    floor, found = await mira(branch, **look), []
    counter = branch.world.counters["1"]
    for path in ("", "/services/renewals", "/notice", f"/counters/{counter}"):
        await floor.goto(f"{branch.address}/floor/harbour{path}")
        found += await barriers(floor)
        assert await floor.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
    assert sorted(set(found)) == []
