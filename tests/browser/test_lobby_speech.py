"""The lobby says each call digit by digit, in the branch's languages in turn, twice, and nothing of the past."""

from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.lobby_stage import LobbyStage
from tests.screens.lobby_boards import board, call

A042 = [("en", "A, 0, 4, 2. Counter 3, please."), ("fr", "A, 0, 4, 2. Guichet 3, s’il vous plaît.")]
B019 = [("en", "B, 0, 1, 9. Counter 1, please."), ("fr", "B, 0, 1, 9. Guichet 1, s’il vous plaît.")]
TV = {"width": 1920, "height": 1080}
LONG_ENOUGH = 20  # seconds, for two calls in two languages, twice


@pytest_asyncio.fixture(loop_scope="session")
async def lobby(open_page: OpenPage) -> LobbyStage:
    """The screen in the hall of Harbour Branch."""
    return await LobbyStage.on(await open_page(viewport=TV))


async def test_a_call_is_said_in_each_language_of_the_branch_twice(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    await lobby.receives(board(call("A042", at=lobby.clock)))
    await lobby.pass_time(LONG_ENOUGH)
    assert await lobby.said() == A042 * 2


async def test_two_calls_at_once_are_both_said_one_after_the_other(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    await lobby.receives(board(call("A042", ago=1, at=lobby.clock), call("B019", "1", ago=0, at=lobby.clock)))
    await lobby.pass_time(LONG_ENOUGH)
    assert await lobby.said() == [*A042, *B019] * 2
    assert not await lobby.page.evaluate("() => window.overlapped")


async def test_nobody_waits_for_anothers_second_announcement(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    first = call("A042", ago=0, at=lobby.clock)
    await lobby.receives(board(first))
    await lobby.pass_time(1)
    await lobby.receives(board(first, call("B019", "1", ago=0, at=lobby.clock)))
    await lobby.pass_time(LONG_ENOUGH)
    assert await lobby.said() == [*A042, *B019, *A042, *B019]


async def test_the_same_board_again_is_no_new_call(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    view = board(call("A042", at=lobby.clock))
    await lobby.receives(view)
    await lobby.pass_time(10)
    await lobby.receives(view)
    await lobby.pass_time(10)
    assert await lobby.said() == A042 * 2


async def test_a_recall_is_said_again(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    once = call("A042", at=lobby.clock)
    await lobby.receives(board(once))
    await lobby.lives(LONG_ENOUGH)
    await lobby.receives(board(once, call("A042", again=2, ago=0, at=lobby.clock)))
    await lobby.pass_time(10)
    assert await lobby.said() == A042 * 4


async def test_a_call_made_just_before_the_page_opened_is_still_said(lobby: LobbyStage) -> None:
    await lobby.opens(board(call("A042", ago=20)))
    await lobby.pass_time(10)
    assert await lobby.said() == A042 * 2


async def test_a_page_that_opens_says_nothing_of_the_past(lobby: LobbyStage) -> None:
    await lobby.opens(board(call("A042", ago=31), call("B019", "1", ago=300)))
    await lobby.pass_time(10)
    assert await lobby.said() == []


async def test_a_reload_never_says_again_what_was_said(lobby: LobbyStage) -> None:
    view = board(call("A042", ago=5))
    await lobby.opens(view)
    await lobby.pass_time(10)
    assert await lobby.said() == A042 * 2
    await lobby.opens(view)
    await lobby.pass_time(10)
    assert await lobby.said() == []


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_screen_with_a_wrong_clock_still_knows_what_is_past(open_page: OpenPage, hours: int) -> None:
    lobby = await LobbyStage.on(await open_page(viewport=TV), ahead=timedelta(hours=hours))
    await lobby.opens(board(call("B019", "1", ago=40)))
    await lobby.pass_time(5)
    assert await lobby.said() == []
    await lobby.receives(board(call("A042", ago=0, at=lobby.clock)))
    await lobby.pass_time(10)
    assert await lobby.said() == A042 * 2


async def test_a_call_that_was_taken_back_meanwhile_is_not_said(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    calls = call("A042", ago=1, at=lobby.clock), call("B019", "1", ago=0, at=lobby.clock)
    await lobby.receives(board(*calls))
    await lobby.pass_time(1)
    await lobby.receives(board(*calls, states={"B019": "waiting"}))
    await lobby.pass_time(LONG_ENOUGH)
    assert await lobby.said() == A042 * 2


async def test_a_branch_of_one_language_speaks_that_one(lobby: LobbyStage) -> None:
    await lobby.opens(board(languages=("fr",)))
    await lobby.receives(board(call("A042", at=lobby.clock), languages=("fr",)))
    await lobby.pass_time(LONG_ENOUGH)
    assert await lobby.said() == [A042[1]] * 2


async def test_a_screen_that_may_not_make_a_sound_asks_for_any_key(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    await expect(lobby.page.get_by_text("Sound is off: press any key.")).to_be_visible()
    await lobby.page.keyboard.press("Space")
    await lobby.pass_time(0.25)
    await expect(lobby.page.get_by_text("Sound is off: press any key.")).to_be_hidden()


async def test_a_refused_voice_is_not_kept_secret(lobby: LobbyStage) -> None:
    await lobby.opens(board())
    await lobby.page.keyboard.press("Space")
    await lobby.page.evaluate("() => { window.refused = true; }")
    await lobby.receives(board(call("A042", at=lobby.clock)))
    await lobby.pass_time(3)
    await expect(lobby.page.get_by_text("Sound is off: press any key.")).to_be_visible()
