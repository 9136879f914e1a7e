"""The counter's console as an agent works it: by keys, live, on any screen, and without a script."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Page

from server.actions import joining
from server.app import create_app
from server.branch_file import parse
from server.first_start import set_up
from server.settings import Settings
from tests.browser.conftest import OpenPage, barriers
from tests.databases import copy_of
from tests.world import KEY, Clock, World, harbour

DESK = {"width": 1366, "height": 768}
SMALL = {"width": 320, "height": 640}


@dataclass
class Branch:
    """Harbour Branch on a real server, and the pages of its people."""

    world: World
    address: str
    links: dict[str, str]
    open_page: OpenPage

    async def agent(self, name: str, counter: str | None = "1", **how: Any) -> Page:
        """A page where `name` has signed in, and stands at a counter if one is named."""
        page = await self.open_page(**{"viewport": DESK, **how})
        await page.goto(f"{self.address}/staff/enter#{self.links[name]}")
        await page.wait_for_url("**/staff/password")
        await page.goto(f"{self.address}/counter")
        if counter:
            await page.click(f"text=Take counter {counter}")
            await page.wait_for_selector("#console")
        return page


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The address of a server that runs beside the test."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="websockets-sansio"))
    listening = socket.create_server(("localhost", 0))  # it accepts from now on, so nobody comes too early
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://localhost:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await running


@pytest_asyncio.fixture(loop_scope="session")
async def branch(sqlite_pattern: str, tmp_path: Path, open_page: OpenPage) -> AsyncIterator[Branch]:
    clock = Clock()
    settings = Settings(database_url=copy_of(sqlite_pattern, tmp_path), data_dir=tmp_path, secret_key=KEY.decode())
    app = create_app(settings, clock)
    made = await set_up(app.state.db, parse(harbour()))
    async with served(app) as address:
        links = {person["name"]: person["link"] for person in made["people"]}
        yield Branch(World(app.state.db, clock, made), address, links, open_page)


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def becomes(page: Page, state: str) -> None:
    """Wait until the console is in that state: free, called, serving or break."""
    await page.wait_for_selector(f"#console.is-{state}")


async def test_a_visit_takes_four_keys_and_an_outcomes_digit(branch: Branch) -> None:
    ken = await branch.agent("Ken")
    await press(ken, "w", "1")
    await ken.wait_for_selector("#said:has-text('A001 is their number')")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "s")
    await becomes(ken, "serving")
    await press(ken, "f")
    assert await ken.is_visible("text=What came of it?")
    await press(ken, "1")
    await becomes(ken, "free")
    (ticket,) = (await branch.world.view()).by_ticket.values()
    assert (ticket.state, ticket.outcome) == ("served", "resolved")


async def test_what_is_being_typed_survives_what_others_do(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo")
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "s")
    await becomes(ken, "serving")
    await press(ken, "f", "o")
    await ken.keyboard.type("Has 2 papers, ")
    await branch.world.customer("Chidi").joins()
    await ken.wait_for_selector(".waiter:has-text('A003')")
    await ken.keyboard.type("needs 1 more")
    assert await ken.input_value("[name=note]") == "Has 2 papers, needs 1 more"
    await press(ken, "Enter", "2")
    await becomes(ken, "free")
    note = [ticket.note for ticket in (await branch.world.view()).by_ticket.values() if ticket.number == "A001"]
    assert note == ["Has 2 papers, needs 1 more"]


async def test_a_move_that_is_not_open_now_says_why_and_does_nothing(branch: Branch) -> None:
    ken = await branch.agent("Ken")
    await press(ken, "f")
    assert "Nobody is with you" in await ken.inner_text("#said")
    assert await ken.get_attribute("#key-undo", "aria-disabled") == "true"
    await ken.click("#key-next", force=True)  # Playwright waits for what is disabled; a person may try
    assert "as soon as somebody waits" in await ken.inner_text("#said")
    assert (await branch.world.view()).tickets == ()


async def test_single_keys_can_be_switched_off_and_stay_off(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "?")
    await ken.uncheck("#set-keys")
    await press(ken, "Escape", "n")
    await ken.reload()
    await press(ken, "n")
    assert not await ken.is_visible("kbd")
    assert await ken.get_attribute("#console", "data-state") == "free"
    await ken.click("#key-next")
    await becomes(ken, "called")


async def test_call_next_lights_up_when_somebody_waits_at_a_free_counter_for_ten_seconds(branch: Branch) -> None:
    ken = await branch.agent("Ken", counter=None)
    await ken.clock.install()
    await ken.click("text=Take counter 1")
    await ken.wait_for_selector("#console")
    await branch.world.ada.joins()
    await ken.wait_for_selector(".waiter:has-text('A001')")
    await ken.clock.run_for(9_000)
    assert await ken.get_attribute("#desk", "data-lit") is None
    await ken.clock.run_for(2_500)
    assert await ken.get_attribute("#desk", "data-lit") == ""
    assert "Your next customer is ready" in await ken.inner_text("#said")
    assert await ken.title() == "● A001 is waiting"


async def test_a_transfer_by_keys_goes_where_its_letter_says(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "t", "ArrowUp")
    assert await ken.is_checked("[name=place][value=front]")
    await press(ken, "b")
    await becomes(ken, "free")
    assert (await branch.world.ada.is_()).service_id == "renewals"


async def test_an_open_panel_closes_when_its_customer_has_gone(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "t")

    await branch.world.ada.does(joining.leave)
    await becomes(ken, "free")
    assert await ken.is_visible("#stage")
    assert not await ken.is_visible("#panel-transfer")


async def test_a_chosen_customer_who_was_called_elsewhere_is_taken_off_the_sheet(branch: Branch) -> None:
    await branch.world.queue("Ada", "Bo")
    ken = await branch.agent("Ken")
    await ken.click(".waiter:has-text('A001')")
    assert await ken.inner_text("#choose-title") == "Call A001 now?"
    await branch.world.lola.takes("2")
    await branch.world.lola.calls_next()
    await ken.wait_for_selector("#choose", state="hidden")
    assert "A001 is no longer waiting" in await ken.inner_text("#said")


async def test_a_console_whose_counter_was_taken_over_leads_to_the_choice_of_another(branch: Branch) -> None:
    ken = await branch.agent("Ken")
    other = branch.world.ken
    await other.takes("2")
    await branch.world.lola.takes("1")
    await ken.wait_for_url("**/counter?taken=*")
    assert "Lola is at counter 1 now" in await ken.inner_text("main")


async def test_without_a_script_every_step_is_a_form(branch: Branch) -> None:
    await branch.world.ada.joins()
    ken = await branch.agent("Ken")
    cookies = await ken.context.cookies()
    plain = await branch.open_page(viewport=DESK, java_script_enabled=False)
    await plain.context.add_cookies(cookies)  # type: ignore[arg-type]
    await plain.goto(ken.url)
    await plain.click("#key-next")
    await plain.click("#key-start")
    await plain.click("#key-finish")
    await plain.fill("[name=note]", "By hand")
    await plain.click("text=Resolved")
    await becomes(plain, "free")
    ticket = (await branch.world.view()).by_ticket[branch.world.ada.ticket]
    assert (ticket.state, ticket.note) == ("served", "By hand")


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": SMALL}], ids=str)
async def test_nothing_stands_in_anybodys_way(branch: Branch, look: dict[str, Any]) -> None:
    await branch.world.queue("Ada", "Bo", "Chidi")
    found = []
    ken = await branch.agent("Ken", counter=None, **look)
    found += await barriers(ken)
    await ken.click("text=Take counter 1")
    await ken.wait_for_selector("#console")
    for keys, state in (("", "free"), ("n", "called"), ("s", "serving"), ("p", "free"), ("k", "break"), ("k", "free")):
        await press(ken, *keys)
        await becomes(ken, state)
        found += await barriers(ken)
        assert await ken.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for opens in ("w", "?"):
        await press(ken, opens)
        found += await barriers(ken)
        await press(ken, "Escape")
    for panel in (".me", ".waiter"):
        await ken.locator(panel).first.click()
        found += await barriers(ken)
        await press(ken, "Escape")
    await press(ken, "n")
    await becomes(ken, "called")
    await press(ken, "t")
    found += await barriers(ken)
    await press(ken, "Escape", "s")
    await becomes(ken, "serving")
    await press(ken, "f")
    found += await barriers(ken)
    stranger = await branch.open_page(**{"viewport": DESK, **look})
    for path in ("/staff", "/staff/enter"):
        await stranger.goto(branch.address + path)
        found += await barriers(stranger)
    assert sorted(set(found)) == []
