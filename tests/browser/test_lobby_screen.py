"""The lobby is read from across the room: large, in turn, lit once, and honest about what it does not know."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from server.live.views import BoardView
from tests.browser.conftest import OpenPage, barriers
from tests.browser.lobby_stage import LobbyStage
from tests.browser.measures import broken, outside, overlapping, spilling
from tests.screens.lobby_boards import NOW, board, call, counter, service

TV = {"width": 1920, "height": 1080}
UPRIGHT = {"width": 1080, "height": 1920}
SMALL = {"width": 1280, "height": 720}
CAPITALS = 0.7  # height of a capital over the size of its font, in system fonts
READABLE = 0.12  # of the screen's height
WATCH_LIGHTS = """() => { window.lit = 0; const animate = Element.prototype.animate;
  Element.prototype.animate = function (...how) { window.lit += 1; return animate.apply(this, how); }; }"""
LIGHTS = 2  # a plate lights its stub, then its digits
ENHANCED = """() => { axe.configure({checks: [{id: "color-contrast-enhanced",
  options: {contrastRatio: {normal: {expected: 7}, large: {expected: 7}}}}]});
  return axe.run(document, {runOnly: ["color-contrast-enhanced"]}); }"""

ONE = board(
    call("A042"), call("B018", "1", ago=90), call("A041", "2", ago=200), counters=(counter("3", "A042"),), closes_at=NOW
)
TWO = board(call("A042"), call("B019", "1"), call("A041", "2", ago=200))
THREE = board(call("A1042", "Room 4"), call("W1019", "12"), call("A041", "2"), notice={"en": "The lift rests. " * 7})
IDLE = board(counters=(counter("1", "A001"), counter("2", "A1002"), counter("Room 3", "B003"), counter("4")))
CLOSED = board(open=False)
AGAIN: dict[str, Any] = {"open": False, "opens_at": NOW + timedelta(hours=18)}
SHUT = board(counters=(counter("1", "A001"), counter("2")), **AGAIN)
CALLED_SHUT = board(call("A042"), call("A041", "2", ago=200), counters=(counter("3", "A042"),), **AGAIN)
LAST_SHUT = board(call("A042", ago=30), states={"A042": "served"}, **AGAIN)
MOMENTS = {
    "one call": ONE, "two calls": TWO, "three calls": THREE, "idle": IDLE, "empty": board(), "closed": CLOSED,
    "idle after closing": SHUT, "a call after closing": CALLED_SHUT, "the last call": LAST_SHUT,
}  # fmt: skip
MIDDLE = """(part) => { const { top, bottom } = document.querySelector(part).getBoundingClientRect();
  return (top + bottom) / 2; }"""
WIDTHS = """() => [...document.querySelectorAll(".places .plate")].map((plate) => plate.offsetWidth)"""

Size = dict[str, int]


@pytest_asyncio.fixture(loop_scope="session")
async def lobby(open_page: OpenPage) -> LobbyStage:
    """The screen in the hall of Harbour Branch."""
    return await LobbyStage.on(await open_page(viewport=TV))


async def share(page: Page) -> float:
    """The height of the smallest large number, over the screen's."""
    plates = await page.locator(".plate.lit").all()
    sizes = [
        await plate.evaluate("plate => parseFloat(getComputedStyle(plate).fontSize) / innerHeight") for plate in plates
    ]
    return float(min(sizes)) * CAPITALS


async def faint(page: Page) -> list[str]:
    """What stands out less than seven to one, however large it is; after `barriers`."""
    found = await page.evaluate(ENHANCED)
    return [node["html"] for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("screen", [TV, UPRIGHT], ids=["lying", "upright"])
async def test_a_called_number_is_an_eighth_of_the_screen(open_page: OpenPage, screen: Size) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen))
    await lobby.opens(ONE)
    assert await share(lobby.page) >= READABLE
    await lobby.receives(TWO)
    assert await share(lobby.page) >= READABLE


@pytest.mark.parametrize("screen", [TV, UPRIGHT, SMALL], ids=["lying", "upright", "small"])
async def test_everything_stands_within_the_screen(open_page: OpenPage, screen: Size) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen))
    await lobby.opens(board())
    for moment, view in MOMENTS.items():
        await lobby.receives(view)
        assert (moment, await outside(lobby.page, "#lobby")) == (moment, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_there_is_no_barrier_and_all_words_stand_out_seven_to_one(open_page: OpenPage, scheme: str) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=TV, color_scheme=scheme))
    for moment, view in MOMENTS.items():
        await lobby.opens(view)
        await lobby.page.clock.resume()  # axe needs time that passes
        assert (moment, await barriers(lobby.page)) == (moment, [])
        assert (moment, await faint(lobby.page)) == (moment, [])


async def test_words_that_do_not_stand_out_are_noticed(lobby: LobbyStage) -> None:
    await lobby.opens(IDLE)
    await lobby.page.evaluate("() => { document.getElementById('clock').style.color = '#6b7280'; }")  # 4.8 to 1
    await lobby.page.clock.resume()
    await barriers(lobby.page)
    assert await faint(lobby.page)


async def test_the_languages_take_turns(lobby: LobbyStage) -> None:
    await lobby.opens(ONE)
    english, french = lobby.page.get_by_text("Now serving"), lobby.page.get_by_text("Appel en cours")
    await expect(english).to_be_visible()
    await expect(french).to_be_hidden()
    await lobby.lives(10)
    await expect(english).to_be_hidden()
    await expect(french).to_be_visible()


async def test_services_that_do_not_fit_turn_up_page_by_page_in_every_language(lobby: LobbyStage) -> None:
    await lobby.opens(board(services=tuple(service(f"Matter {n}", f"Affaire {n}") for n in range(5))))
    for words in ("Matter 0", "Affaire 0", "Matter 4", "Affaire 4", "Matter 0"):
        await expect(lobby.page.get_by_text(words)).to_be_visible()
        await lobby.lives(10)


async def test_a_call_and_a_recall_light_the_plate_once_each(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    await lobby.page.evaluate(WATCH_LIGHTS)
    once = call("A042", ago=0, at=lobby.clock)
    await lobby.receives(board(once))
    await lobby.receives(board(once, notice={"en": "The lift rests."}))
    assert await lobby.page.evaluate("() => window.lit") == LIGHTS
    await lobby.receives(board(once, call("A042", again=2, ago=0, at=lobby.clock)))
    assert await lobby.page.evaluate("() => window.lit") == 2 * LIGHTS


async def test_who_wants_no_motion_sees_none(open_page: OpenPage) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=TV, reduced_motion="reduce"))
    await lobby.opens(board())
    await lobby.page.evaluate(WATCH_LIGHTS)
    await lobby.receives(board(call("A042", ago=0, at=lobby.clock)))
    assert await lobby.page.evaluate("() => window.lit") == 0


async def test_a_call_makes_room_for_the_counters_by_itself(lobby: LobbyStage) -> None:
    view = board(call("A042", ago=30), counters=(counter("3", "A042"),), states={"A042": "serving"})
    await lobby.opens(view)
    await expect(lobby.page.get_by_text("Now serving")).to_be_visible()
    await lobby.lives(15)
    await expect(lobby.page.get_by_text("Now serving")).to_be_hidden()
    await expect(lobby.page.locator("#lobby")).to_have_attribute("data-shows", "counters")


@pytest.mark.parametrize("view", [SHUT, CALLED_SHUT], ids=["idle", "a call"])
async def test_after_closing_nobody_is_asked_in_while_the_last_are_served(lobby: LobbyStage, view: BoardView) -> None:
    await lobby.opens(view)
    again = lobby.page.locator(".resting").get_by_text("Open again from 8:03 tomorrow.")
    await expect(again).to_be_visible()
    await expect(lobby.page.locator("#door")).to_be_hidden()
    await expect(lobby.page.get_by_role("img", name=view.tickets[0].number)).to_be_visible()
    await lobby.receives(ONE)
    await expect(lobby.page.locator("#door")).to_be_visible()
    await expect(again).to_be_hidden()


async def test_the_last_call_of_the_day_makes_room_for_when_it_opens_again(lobby: LobbyStage) -> None:
    await lobby.opens(LAST_SHUT)
    await expect(lobby.page.get_by_text("Now serving")).to_be_visible()
    await lobby.lives(15)
    await expect(lobby.page.get_by_text("Now serving")).to_be_hidden()
    await expect(lobby.page.locator(".closed .soon")).to_be_visible()


async def test_a_lobby_that_hears_nothing_says_so_and_puts_out_its_lights(lobby: LobbyStage) -> None:
    await lobby.opens(ONE)
    await lobby.pass_time(16)
    await expect(lobby.page.get_by_role("status").filter(has_text="Not connected since 14:03")).to_be_visible()
    await expect(lobby.page.locator(".in-1").get_by_text("Last known call, 14:03")).to_be_visible(visible=False)
    await expect(lobby.page.locator("#door")).to_be_hidden()
    assert (
        await lobby.page.evaluate(
            "() => getComputedStyle(document.querySelector('.plate.lit'), '::after').borderTopStyle"
        )
        == "dashed"
    )
    await lobby.receives(ONE)
    await expect(lobby.page.locator("#door")).to_be_visible()


@pytest.mark.parametrize("screen", [TV, SMALL], ids=["large", "small"])
async def test_not_connected_it_says_so_in_each_language_in_turn_on_one_line(open_page: OpenPage, screen: Size) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=screen))
    await lobby.opens(ONE)
    await lobby.pass_time(16)
    for words in ("Hors connexion depuis 14:03. Numéros peut-être", "Not connected since 14:03. Numbers may be old"):
        await expect(lobby.page.locator(".band-words").filter(visible=True)).to_contain_text(words)
        assert await broken(lobby.page, ".band") == []
        assert [*await spilling(lobby.page), *await overlapping(lobby.page)] == []
        await lobby.pass_time(10)


async def test_name_hours_and_clock_stand_on_one_line(lobby: LobbyStage) -> None:
    await lobby.opens(ONE)
    name, hours, time = [await lobby.page.evaluate(MIDDLE, part) for part in (".logo", ".hours", ".clock")]
    assert (name, hours) == (pytest.approx(time, abs=1), pytest.approx(time, abs=1))


async def test_a_free_counters_frame_is_as_wide_as_a_number(lobby: LobbyStage) -> None:
    for many in (4, 6, 12):
        await lobby.opens(board(counters=(counter("1", "A001"), *(counter(str(n)) for n in range(2, many + 1)))))
        widths = set(await lobby.page.evaluate(WIDTHS))
        assert (many, len(widths)) == (many, 1)


async def test_the_clock_is_the_branchs(open_page: OpenPage) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=TV, timezone_id="Asia/Tokyo"))
    await lobby.opens(IDLE)
    await expect(lobby.page.locator("#clock")).to_have_text("14:03")
    await lobby.lives(40)
    await expect(lobby.page.locator("#clock")).to_have_text("14:04")


async def test_the_doors_code_is_new_every_30_seconds(lobby: LobbyStage) -> None:
    await lobby.opens(IDLE)
    assert await lobby.has_asked_for(1)
    await lobby.lives(60)
    assert await lobby.has_asked_for(3)
    await expect(lobby.page.locator("#code img")).to_have_count(1)


async def test_a_code_nobody_could_use_any_more_is_taken_down(lobby: LobbyStage) -> None:
    await lobby.opens(IDLE)
    lobby.answers_codes = False
    await lobby.lives(50)
    await expect(lobby.page.locator("#code img")).to_have_count(1)  # a code is good for two steps of 30 s, and more
    await lobby.lives(20)
    await expect(lobby.page.locator("#code img")).to_have_count(0)
    lobby.answers_codes = True
    await lobby.lives(10)
    await expect(lobby.page.locator("#code img")).to_have_count(1)
