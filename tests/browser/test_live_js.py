"""Screens stay true: silence is said, newest wins, what was cut comes back by itself."""

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.stage import START, Stage
from tests.faults.waiting import until

PHONE = """
window.seen = []; window.cuts = []; window.ends = [];
live.phone({url: "/live/ada", poll: "/ada.json", onframe: (frame) => seen.push(frame.ahead),
  oncut: (since) => cuts.push(since && live.clock(since)), onend: ENDS});
"""
ENDS = "(code) => ends.push(code)"
SCREEN = """
window.ends = [];
live.watch({onend: (code) => ends.push(code)});
"""
BOARD = (
    '{{ band() }}<div hx-ws:connect="/live/lobby" hx-target="#board" hx-swap="outerMorph"></div><p id="board">A001</p>'
)


UNANSWERED = """
Math.random = () => .99;
window.tried = [];
window.WebSocket = class extends EventTarget {
  constructor() { super(); tried.push(performance.now() / 1000); this.readyState = 0; }
  close() { this.readyState = 3; }
};
"""


async def seen(page: Page, what: str = "seen") -> Any:
    return await page.evaluate(f"() => window.{what}")


async def ada_waits(stage: Stage, onend: str = ENDS) -> None:
    await stage.open("{{ band() }}", PHONE.replace("ENDS", onend))


async def lobby_shows(stage: Stage, number: str) -> None:
    await expect(stage.page.locator("#board")).to_have_text(number)


async def pauses_between_tries(stage: Stage) -> list[float]:
    """Seconds, over half a minute in which nobody answers."""
    await stage.pass_time(30)
    return [later - earlier for earlier, later in pairwise(await seen(stage.page, "tried"))]


def frame(ahead: int, v: int = 1, e: int = 1) -> dict[str, object]:
    return {"e": e, "v": v, "m": 1, "state": "waiting", "ahead": ahead}


def board(number: str, v: int = 1, e: int = 1) -> dict[str, object]:
    return {"e": e, "v": v, "content": f'<p id="board">{number}</p>'}


# A phone


async def test_a_phone_that_hears_nothing_for_15_seconds_says_since_when(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.say(**frame(7), at=START.timestamp())
    await stage.pass_time(13)
    await expect(stage.page.locator(".band")).to_be_hidden()
    await stage.pass_time(2)
    await expect(stage.page.locator(".band")).to_contain_text("Not connected since 14:03")
    assert await seen(stage.page, "cuts") == ["14:03"]


async def test_a_phone_with_a_wrong_clock_tells_the_right_time(stage: Stage) -> None:
    await stage.page.clock.set_system_time(START + timedelta(hours=3))
    await ada_waits(stage)
    await stage.say(**frame(7), at=START.timestamp())
    await stage.pass_time(16)
    await expect(stage.page.locator(".band")).to_contain_text("Not connected since 14:03")


async def test_a_clock_set_back_does_not_hide_silence(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.page.clock.set_system_time(START - timedelta(hours=1))
    await stage.pass_time(16)
    await expect(stage.page.locator(".band")).to_be_visible()


async def test_a_device_that_slept_knows_it_at_once(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.page.clock.set_system_time(START + timedelta(hours=1))
    await stage.pass_time(1.5)
    await expect(stage.page.locator(".band")).to_be_visible()


async def test_one_frame_mends_it(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.pass_time(16)
    await expect(stage.page.locator(".band")).to_be_visible()
    await stage.pass_time(5)
    await stage.say(**frame(6))
    await expect(stage.page.locator(".band")).to_be_hidden()
    assert await seen(stage.page, "cuts") == ["14:03", None]


async def test_a_heartbeat_is_enough_to_be_believed_and_shows_nothing(stage: Stage) -> None:
    await ada_waits(stage)
    for _ in range(4):
        await stage.say(e=1, v=1, at=START.timestamp())
        await stage.pass_time(10)
    assert await seen(stage.page) == []
    assert await seen(stage.page, "cuts") == []


async def test_an_older_frame_is_ignored(stage: Stage) -> None:
    await ada_waits(stage)
    for said in (frame(7, v=5), frame(9, v=4), frame(6, v=5), frame(5, v=6)):
        await stage.say(**said)
    assert await seen(stage.page) == [7, 6, 5]


async def test_a_newer_epoch_always_wins(stage: Stage) -> None:
    await ada_waits(stage)
    for said in (frame(7, v=50), frame(8, v=2, e=2), frame(1, v=60, e=1)):
        await stage.say(**said)
    assert await seen(stage.page) == [7, 8]


async def test_a_cut_phone_comes_back_within_5_seconds_and_later_within_6(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.sockets[-1].close(code=1012)
    await stage.pass_time(5.1)
    assert len(stage.sockets) == 2
    await stage.sockets[-1].close(code=1012)
    await stage.pass_time(6.1)
    assert len(stage.sockets) == 3


async def test_they_do_not_all_come_back_at_the_same_moment(stage: Stage) -> None:
    await stage.page.add_init_script("Math.random = () => .8")
    await ada_waits(stage)
    await stage.sockets[-1].close(code=1001)
    await stage.pass_time(3.9)
    assert len(stage.sockets) == 1
    await stage.pass_time(0.3)
    assert len(stage.sockets) == 2


async def test_the_network_coming_back_brings_the_phone_back_at_once(stage: Stage) -> None:
    await stage.page.add_init_script("Math.random = () => .99")
    await ada_waits(stage)
    await stage.sockets[-1].close(code=1012)
    await stage.settle()
    await stage.hears("online")
    assert len(stage.sockets) == 2


async def test_a_phone_looked_at_again_comes_back_at_once(stage: Stage) -> None:
    await stage.page.add_init_script("Math.random = () => .99")
    await ada_waits(stage)
    await stage.sockets[-1].close(code=1012)
    await stage.settle()
    await stage.page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
    await stage.settle()
    assert len(stage.sockets) == 2


async def test_a_socket_that_looks_open_and_says_nothing_is_replaced_within_22_seconds(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.say(**frame(7))
    await stage.pass_time(21.5)
    assert len(stage.sockets) >= 2
    await stage.say(**frame(3, v=9))
    assert await seen(stage.page) == [7, 3]


async def test_told_not_to_come_back_it_does_not_and_says_so_while_nobody_tells_it_more(stage: Stage) -> None:
    await ada_waits(stage)
    await stage.sockets[-1].close(code=4003)
    await stage.pass_time(60)
    await stage.hears("online")
    assert len(stage.sockets) == 1
    assert await seen(stage.page, "ends") == []
    await expect(stage.page.locator(".band")).to_be_visible()


async def test_told_not_to_come_back_without_anybody_minding_it_says_so(stage: Stage) -> None:
    await ada_waits(stage, onend="undefined")
    await stage.sockets[-1].close(code=4003)
    await stage.pass_time(17)
    await expect(stage.page.locator(".band")).to_be_visible()


async def test_without_sockets_the_phone_asks_every_8_seconds(stage: Stage) -> None:
    stage.answers["/ada.json"] = (200, json.dumps(frame(4)))
    await stage.page.add_init_script("delete window.WebSocket")
    await ada_waits(stage)
    for _ in range(30):
        await stage.pass_time(1)
    await until(lambda: stage.asked.count("/ada.json") >= 3)  # a busy machine asks later than its clock says
    assert stage.asked.count("/ada.json") <= 5
    assert set(await seen(stage.page)) == {4}
    assert await seen(stage.page, "cuts") == []


async def test_a_handshake_nobody_answers_is_given_up_and_the_next_comes_no_later_for_it(stage: Stage) -> None:
    await stage.page.add_init_script(UNANSWERED)
    await ada_waits(stage)
    pauses = await pauses_between_tries(stage)
    assert len(pauses) >= 3
    assert all(5.9 < pause <= 7.1 for pause in pauses), pauses  # at once: knocking was waiting


# A screen that htmx keeps


async def test_a_lobby_shows_the_newest_and_ignores_what_is_older(stage: Stage) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    await stage.say(**board("A007", v=7))
    await lobby_shows(stage, "A007")
    await stage.say(**board("A006", v=6))
    await lobby_shows(stage, "A007")
    await stage.say(**board("A002", v=2, e=2))
    await lobby_shows(stage, "A002")
    await stage.say(**board("A009", v=9, e=1))
    await lobby_shows(stage, "A002")


async def test_a_heartbeat_swaps_nothing_and_keeps_the_lobby_live(stage: Stage) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    for _ in range(4):
        await stage.say(e=1, v=99, at=START.timestamp())
        await stage.pass_time(10)
    await lobby_shows(stage, "A001")
    await expect(stage.page.locator(".band")).to_be_hidden()
    await stage.say(**board("A005", v=98))
    await lobby_shows(stage, "A005")


async def test_a_silent_lobby_says_so_and_is_true_again_within_22_seconds(stage: Stage) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    await stage.say(**board("A007", v=7))

    await stage.pass_time(15)
    await expect(stage.page.locator(".band")).to_contain_text("Not connected since 14:03")
    await stage.pass_time(6)
    assert len(stage.sockets) >= 2
    await stage.say(**board("A020", v=20))
    await lobby_shows(stage, "A020")
    await expect(stage.page.locator(".band")).to_be_hidden()


async def test_a_lobby_whose_server_stays_away_keeps_trying(stage: Stage) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    for _ in range(5):
        await stage.sockets[-1].close(code=1012)
        await stage.pass_time(6.2)
    assert len(stage.sockets) == 6


async def test_a_lobby_whose_handshake_nobody_answers_knocks_again_within_a_second_of_giving_up(stage: Stage) -> None:
    await stage.page.add_init_script(UNANSWERED)
    await stage.open(BOARD, SCREEN, face="lobby")
    pauses = await pauses_between_tries(stage)
    assert len(pauses) >= 3
    assert all(5.9 < pause <= 8.1 for pause in pauses), pauses


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012])
async def test_however_it_was_closed_a_lobby_comes_back(stage: Stage, code: int) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    await stage.sockets[-1].close(code=code)
    await stage.pass_time(5.2)
    assert len(stage.sockets) == 2


async def test_the_network_coming_back_brings_a_lobby_back_at_once(stage: Stage) -> None:
    await stage.page.add_init_script("Math.random = () => .99")
    await stage.open(BOARD, SCREEN, face="lobby")
    await stage.sockets[-1].close(code=1012)
    await stage.settle()
    await stage.hears("online")
    assert len(stage.sockets) == 2
    await stage.pass_time(8)
    assert len(stage.sockets) == 2


async def test_a_revoked_lobby_does_not_come_back(stage: Stage) -> None:
    await stage.open(BOARD, SCREEN, face="lobby")
    await stage.sockets[-1].close(code=4001)
    await stage.pass_time(60)
    await stage.hears("online")
    assert len(stage.sockets) == 1
    assert await seen(stage.page, "ends") == [4001]
