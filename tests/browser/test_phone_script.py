"""What a phone does by itself between two pages: it follows its place, rings, and admits what it does not know."""

import asyncio
from dataclasses import replace

import pytest_asyncio
from playwright.async_api import expect

from server.domain.forecast import Reason, Wait
from tests.browser.conftest import OpenPage
from tests.browser.phone_stage import NOTICE, TICKET, PhoneStage, story, ticket_page
from tests.faults.waiting import until
from tests.screens.lobby_boards import NOW

CARD = f"{TICKET}/card"


@pytest_asyncio.fixture(loop_scope="session")
async def ada(open_page: OpenPage) -> PhoneStage:
    """Ada's phone: number A042, seven people ahead."""
    return await PhoneStage.on(await open_page())


async def test_the_place_and_the_wait_move_without_another_request(ada: PhoneStage) -> None:
    before = len(ada.asked)
    await ada.says(v=2, ahead=1, wait=[3, 75], now=["A040", "A039"])
    await expect(ada.page.locator("h1")).to_have_text("1 person ahead of you")
    await expect(ada.page.locator("#row .row-dot")).to_have_count(1)
    await expect(ada.page.locator('[data-side="likely"] .fresh').first).to_have_text("3 min")
    await expect(ada.page.locator('[data-side="most"] .fresh').first).to_have_text("over an hour")
    await expect(ada.page.locator("#now")).to_have_text("A040 · A039")
    assert len(ada.asked) == before


async def test_the_clock_beside_the_wait_goes_on_while_nothing_moves(ada: PhoneStage) -> None:
    await ada.says(v=2)
    at = ada.page.locator('[data-side="likely"] .at')
    await expect(at).to_have_text("about 14:12")
    await ada.lives(120)
    await expect(at).to_have_text("about 14:14")


async def test_a_call_is_fetched_lit_and_rung(ada: PhoneStage) -> None:
    await ada.page.locator("main").click()
    ada.shown = ticket_page(story("called", moved=2, counter="3"))
    await ada.says(v=2)
    await expect(ada.page.locator("h1")).to_have_text("It’s your turn")
    await expect(ada.page).to_have_title("A042: Counter 3")
    assert ada.asked[-1] == CARD
    assert await ada.page.evaluate("() => [Math.round(rings), shakes]") == [1, 1]
    await ada.pass_time(6.5)
    assert await ada.page.evaluate("() => Math.round(rings)") == 2


async def test_im_coming_ends_the_ringing_and_a_recall_begins_it_anew(ada: PhoneStage) -> None:
    ada.shown = ticket_page(story("called", moved=2, counter="3"))
    await ada.says(v=2)
    await expect(ada.page.locator(".coming")).to_be_visible()
    ada.shown = ticket_page(story("called", moved=3, counter="3", acknowledged=True))
    await ada.page.locator(".coming").click()
    await expect(ada.page.locator(".turn-known")).to_be_visible()
    shaken = await ada.page.evaluate("() => shakes")
    await ada.pass_time(7)
    assert await ada.page.evaluate("() => shakes") == shaken
    ada.shown = ticket_page(story("called", moved=4, counter="3"))
    await ada.says(v=4)
    await expect(ada.page.locator(".coming")).to_be_visible()
    assert await ada.page.evaluate("() => shakes") > shaken


async def is_over(ada: PhoneStage) -> None:
    """Her visit ended this moment."""
    ada.shown = ticket_page(story("served", moved=2, is_open=False, counter="3", closed_at=NOW, may_rate=True))
    await ada.says(v=2)
    await expect(ada.page.locator("h1")).to_have_text("Thank you. How was it?")


async def test_an_end_that_the_agent_takes_back_is_taken_back_on_the_phone(ada: PhoneStage) -> None:
    await is_over(ada)
    ada.shown = ticket_page(story("serving", moved=3, counter="3"))
    await ada.says(v=3)
    await expect(ada.page.locator("h1")).to_have_text("Counter 3 welcomes you")
    await ada.lives(70)
    await ada.says(v=4)
    ada.shown = ticket_page(story("parked", moved=5, counter="3"))
    await ada.says(v=5)
    await expect(ada.page.locator("h1")).to_have_text("Take your time")


async def test_a_visit_that_ended_is_not_watched_for_ever(ada: PhoneStage) -> None:
    await is_over(ada)
    asked = len(ada.asked)
    await ada.lives(55)
    assert not ada.left
    await ada.pass_time(6)
    await until(lambda: ada.left == 1)
    await ada.pass_time(20)
    await expect(ada.page.locator(".band")).to_be_hidden()
    await expect(ada.page.locator("h1")).to_have_text("Thank you. How was it?")
    assert (len(ada.sockets), len(ada.asked)) == (1, asked)


async def test_a_call_that_could_not_be_fetched_is_fetched_as_soon_as_it_can(ada: PhoneStage) -> None:
    ada.shown = ticket_page(story("called", moved=2, counter="3"))
    ada.reachable = False
    await ada.says(v=2)
    await ada.pass_time(4)
    ada.reachable = True
    await ada.pass_time(4)
    await expect(ada.page.locator("h1")).to_have_text("It’s your turn")


async def test_a_card_overtaken_on_its_way_is_fetched_anew_at_once(ada: PhoneStage) -> None:
    ada.held = asyncio.Event()
    ada.shown = ticket_page(story("called", moved=2, counter="3"))
    await ada.says(v=2)
    ada.shown = ticket_page(story("called", moved=3, counter="5"))
    await ada.says(v=3)
    ada.held.set()
    await ada.settle()
    await expect(ada.page.get_by_text("Counter 5")).to_be_visible()
    assert ada.asked.count(CARD) == 2


async def has_notice(ada: PhoneStage, notice: dict[str, str] | None) -> int:
    """The branch has this one from now on; its mark."""
    ada.shown = replace(ada.shown, branch=replace(ada.shown.branch, notice=notice))
    return ada.shown.branch.notice_mark


async def test_a_new_notice_is_fetched_once_and_nothing_else_of_the_card(ada: PhoneStage) -> None:
    await ada.page.locator(".leaving summary").click()
    mark = await has_notice(ada, {"en": "Fire drill at noon"})
    await ada.says(v=2, notice=mark)
    await ada.pass_time(1.5)
    await expect(ada.page.locator(".notice")).to_have_text("Fire drill at noon")
    await expect(ada.page.locator("#said")).to_have_text("Fire drill at noon")
    await ada.says(v=3, notice=mark, ahead=6)
    await ada.pass_time(5)
    assert ada.asked.count(NOTICE) == 1
    assert CARD not in ada.asked
    assert await ada.page.locator(".leaving").get_attribute("open") is not None
    await has_notice(ada, None)
    await ada.says(v=4)
    await ada.pass_time(1.5)
    await expect(ada.page.locator(".notice")).to_have_count(0)
    await expect(ada.page.locator("#words")).to_be_hidden()
    assert ada.asked.count(NOTICE) == 2


async def test_a_notice_that_could_not_be_fetched_is_fetched_as_soon_as_it_can(ada: PhoneStage) -> None:
    mark = await has_notice(ada, {"en": "Fire drill at noon"})
    ada.reachable = False
    await ada.says(v=2, notice=mark)
    await ada.pass_time(2)
    ada.reachable = True
    await ada.pass_time(5)
    await expect(ada.page.locator(".notice")).to_have_text("Fire drill at noon")


async def test_a_notice_that_the_page_came_with_is_not_asked_for(ada: PhoneStage) -> None:
    mark = await has_notice(ada, {"en": "Fire drill at noon"})
    await ada.page.reload()
    await ada.settle()
    await expect(ada.page.locator(".notice")).to_have_text("Fire drill at noon")
    await ada.says(v=2, notice=mark)
    await ada.pass_time(3)
    assert NOTICE not in ada.asked


async def test_an_older_frame_changes_nothing(ada: PhoneStage) -> None:
    await ada.says(v=5, ahead=2)
    await ada.says(v=4, ahead=6)
    await expect(ada.page.locator("h1")).to_have_text("2 people ahead of you")


async def test_not_connected_it_says_when_it_knew_and_shows_clock_times(ada: PhoneStage) -> None:
    await ada.says(v=2, ahead=3, wait=[9, 17])
    await ada.pass_time(16)
    await expect(ada.page.locator(".band")).to_contain_text("Not connected since 14:03.")
    await expect(ada.page.locator("#stale-title")).to_have_text("At 14:03: 3 people ahead")
    await expect(ada.page.locator('[data-side="likely"] .stale')).to_be_visible()
    await expect(ada.page.locator('[data-side="likely"] .stale')).to_have_text("14:12")
    await expect(ada.page.locator('[data-side="likely"] .fresh').first).to_be_hidden()


async def test_the_first_tap_turns_the_sound_on(ada: PhoneStage) -> None:
    offer = ada.page.locator("#sound")
    await expect(offer).to_be_visible()
    await offer.click()
    await expect(offer).to_be_hidden()
    assert await ada.page.evaluate("() => Math.round(rings)") == 1


async def test_what_a_tap_brought_is_read_from_its_headline_and_what_came_is_announced(ada: PhoneStage) -> None:
    ada.shown = ticket_page(story("away", moved=2))
    await ada.page.get_by_role("button", name="Step away").click()
    await ada.pass_time(0.5)
    await expect(ada.page.locator("h1")).to_be_focused()
    ada.shown = ticket_page(story("serving", moved=3, counter="3"))
    await ada.says(v=3)
    await expect(ada.page.locator("#said")).to_have_text("Counter 3 welcomes you")


async def test_the_wait_appears_when_a_counter_opens(ada: PhoneStage) -> None:
    ada.shown = ticket_page(story(), 7)
    await ada.page.reload()
    await ada.settle()
    await expect(ada.page.locator("#wait")).to_have_count(0)
    ada.shown = ticket_page(story(), 7, wait=Wait(9, 17))
    await ada.says(v=2)
    await expect(ada.page.locator("#wait")).to_be_visible()


async def test_why_a_wait_became_longer_appears_and_goes_again(ada: PhoneStage) -> None:
    ada.shown = replace(ada.shown, wait=Wait(20, 35), why=Reason.CLOSED)
    await ada.says(v=2, wait=[20, 35], why="closed")
    await expect(ada.page.locator("#why")).to_have_text("Longer than we said: a counter closed.")
    ada.shown = replace(ada.shown, why=None)
    await ada.says(v=3, wait=[20, 35])
    await expect(ada.page.locator("#why")).to_have_count(0)
