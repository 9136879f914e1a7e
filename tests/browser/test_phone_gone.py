"""A phone told "do not come back" shows what the server says of its ticket now; until then it claims nothing."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Error, expect

from tests.browser.conftest import OpenPage
from tests.browser.phone_stage import FRAME, PhoneStage
from tests.hands import Hands
from tests.running import Running, running

SLOWNESS = 15_000  # ms; what is waited for on a busy machine
MOVED_ON = "This page has moved on"
NOT_YOURS, FOREIGN = 4401, 4403


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    with running(None, tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def ada(open_page: OpenPage) -> PhoneStage:
    """Ada's phone: number A042, seven people ahead."""
    return await PhoneStage.on(await open_page())


async def test_a_ticket_that_was_only_practice_says_so_when_practice_is_cleared(
    open_page: OpenPage, house: Running
) -> None:
    hands, page = Hands(house.base, house.made), await open_page(has_touch=True)
    slip, mira = hands.joins("new-passport"), hands.signs_in("Mira")
    await page.context.add_cookies([hands.holds(slip)])
    async with page.expect_websocket() as line:
        await page.goto(house.base + slip.address)
    await (await line.value).wait_for_event("framereceived", timeout=SLOWNESS)
    await expect(page.locator("h1")).to_have_text("You are next")
    hands.arranges(mira, "/opening/clearing", name="Harbour Branch")
    await expect(page.locator("h1")).to_have_text(MOVED_ON, timeout=SLOWNESS)
    assert await page.locator("[data-live]").count() == 0
    hands.close()


async def test_what_is_gone_is_said_once_and_not_asked_for_again(ada: PhoneStage) -> None:
    ada.gone = True
    await ada.turned_away(NOT_YOURS)
    await expect(ada.page.locator("h1")).to_have_text(MOVED_ON)
    asked, lines = len(ada.asked), len(ada.sockets)
    await ada.pass_time(30)
    assert (len(ada.asked), len(ada.sockets)) == (asked, lines)


@pytest.mark.parametrize("status", [None, 503])
async def test_with_no_network_at_that_moment_it_says_so_and_asks_until_it_is_answered(
    ada: PhoneStage, status: int | None
) -> None:
    await ada.says(v=2, ahead=1)
    ada.reachable, ada.gone, ada.status = status is not None, True, status or 404
    await ada.turned_away(NOT_YOURS)
    await ada.pass_time(16)
    await expect(ada.page.locator(".band")).to_contain_text("Not connected since 14:03")
    await expect(ada.page.locator("#stale-title")).to_have_text("At 14:03: 1 person ahead")
    ada.reachable, ada.status = True, 404
    with suppress(Error):  # the page that was asked goes while it answers
        await ada.pass_time(9)
    await expect(ada.page.locator("h1")).to_have_text(MOVED_ON)


async def test_an_answer_that_is_not_the_servers_own_takes_nothing_from_the_page(ada: PhoneStage) -> None:
    ada.gone, ada.kind = True, "text/html"  # a balancer's, while the nodes behind it change
    await ada.turned_away(NOT_YOURS)
    await ada.pass_time(16)
    await expect(ada.page.locator(".band")).to_be_visible()
    await expect(ada.page.locator(".plate").first).to_have_attribute("aria-label", "A042")


async def test_a_ticket_that_is_still_there_is_followed_by_asking_and_never_by_loading_again(ada: PhoneStage) -> None:
    ada.frame = {"v": 2, "ahead": 3}
    await ada.turned_away(FOREIGN)
    await expect(ada.page.locator("h1")).to_have_text("3 people ahead of you")
    ada.frame = {"v": 3, "ahead": 2}
    await ada.pass_time(30)
    await expect(ada.page.locator("h1")).to_have_text("2 people ahead of you")
    await expect(ada.page.locator(".band")).to_be_hidden()
    assert ada.asked.count(FRAME) >= 3
    assert len(ada.sockets) == 1
    assert ada.asked.count("/t/t1") == 1


async def test_a_network_that_returns_is_asked_at_once(ada: PhoneStage) -> None:
    ada.reachable, ada.gone = False, True
    await ada.turned_away(NOT_YOURS)
    ada.reachable = True
    await ada.page.evaluate("() => { dispatchEvent(new Event('online')); }")
    await expect(ada.page.locator("h1")).to_have_text(MOVED_ON)
