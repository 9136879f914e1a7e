"""A manager asks for days and takes a report along: with the keyboard alone, without scripts, and on paper."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, barriers
from tests.browser.town import Town, town

REPORT = "/reports/harbour"
CONSOLE = {"width": 1366, "height": 768}
DAYS = "?from=2020-01-06&to=2020-01-12"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town")) as made:
        yield made


async def _mira_opens(open_page: OpenPage, there: Town, path: str, **how: object) -> Page:
    page = await open_page(**how)
    await page.context.add_cookies([there.cookies["Mira"], there.harbour.speaks("en")])
    await page.goto(there.base + path)
    return page


async def test_days_are_chosen_with_the_keyboard_alone(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT)
    await page.get_by_label("From").focus()
    await page.keyboard.type("01062020")
    await page.get_by_label("To", exact=True).focus()
    await page.keyboard.type("01122020")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{REPORT}{DAYS}&*")
    await expect(page.get_by_role("heading", name="Nobody came on these days")).to_be_visible()


async def test_a_report_is_narrowed_with_the_keyboard_alone(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT, viewport=CONSOLE)
    await page.get_by_label("To", exact=True).focus()
    for name in ("New passport", "2", "Another program"):
        await _tab_to_the_next_list(page)
        await page.keyboard.type(name)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Show")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**counter={there.harbour.counter('2')}&channel=api")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "New passport · Counter 2 · Joined by: Another program"
    )
    await expect(page.get_by_label("Counter")).to_have_value(there.harbour.counter("2"))
    await page.get_by_role("link", name="Show everything").press("Enter")
    await page.wait_for_url(lambda address: "counter" not in address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_narrowed_report_stands_in_nobodys_way(open_page: OpenPage, there: Town, scheme: str) -> None:
    """Counted, empty, and refused."""
    for query in ("?service=new-passport&channel=api", f"{DAYS}&service=renewals", "?service=nothing&counter=none"):
        page = await _mira_opens(open_page, there, REPORT + query, color_scheme=scheme)
        assert await barriers(page) == []


async def _tab_to_the_next_list(page: Page) -> None:
    """A field of a date has several stops of its own."""
    was = await page.evaluate("() => document.activeElement.id")
    for _ in range(5):
        await page.keyboard.press("Tab")
        now, kind = await page.evaluate("() => [document.activeElement.id, document.activeElement.localName]")
        if kind == "select" and now != was:
            return
    pytest.fail("no list follows")


async def test_a_wide_table_is_moved_with_the_keyboard(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT, viewport={"width": 320, "height": 640})
    table = page.get_by_role("region", name="By service", exact=True)
    await table.focus()
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("() => document.activeElement.scrollLeft > 0")


async def test_without_scripts_everything_but_the_print_button_is_there(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT, java_script_enabled=False)
    await expect(page.get_by_role("button", name="Print")).to_be_hidden()
    await page.get_by_role("link", name="This year").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(str(datetime.now(UTC).year))
    await expect(page.get_by_role("table").first).to_be_visible()
    await expect(page.get_by_role("link", name="CSV")).to_have_attribute("download", "")


async def test_the_files_arrive_under_names_that_say_what_they_are(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT + DAYS)
    for kind, ending in (("CSV", "csv"), ("Excel", "xlsx")):
        async with page.expect_download() as coming:
            await page.get_by_role("link", name=kind).click()
        assert (await coming.value).suggested_filename == f"harbour-2020-01-06-2020-01-12.{ending}"


async def test_on_paper_there_are_figures_and_no_buttons(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, REPORT, color_scheme="dark")
    await expect(page.get_by_role("button", name="Print")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_text("Typical wait")).to_be_visible()
    await expect(page.get_by_role("button", name="Print")).to_be_hidden()
    await expect(page.get_by_label("From")).to_be_hidden()
    assert await page.evaluate("() => getComputedStyle(document.querySelector('.figure')).color") == "rgb(17, 24, 58)"
    assert (await page.pdf()).startswith(b"%PDF")


async def test_on_paper_it_says_of_whom_it_tells(open_page: OpenPage, there: Town) -> None:
    page = await _mira_opens(open_page, there, f"{REPORT}?service=new-passport&channel=api", color_scheme="dark")
    await page.emulate_media(media="print")
    await expect(page.get_by_text("New passport · Joined by: Another program")).to_be_visible()
    await expect(page.get_by_label("Service", exact=True)).to_be_hidden()
