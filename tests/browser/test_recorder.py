"""Positive controls: what is noted in a page is enough to notice one that keeps quiet, goes back or cries wolf."""

import pytest
from playwright.async_api import Route

from tests.browser.recorder import Notes, notes, record
from tests.browser.stage import BUNDLES, START, WEB, Stage

PHONE = "live.phone({url: '/live/ada', onframe: () => {}});"
SCREEN = "live.watch();"
BOARD = (
    '{{ band() }}<div hx-ws:connect="/live/lobby" hx-target="#board" hx-swap="outerMorph"></div><p id="board">A001</p>'
)


async def flawed(stage: Stage, right: str, wrong: str) -> None:
    """The stage's pages get a live.js in which this was replaced."""
    script = "\n".join((WEB / "static" / name).read_text() for name in BUNDLES["/stage.js"])
    assert right in script

    async def answer(route: Route) -> None:
        await route.fulfill(body=script.replace(right, wrong), content_type="text/javascript")

    await stage.page.route("**/stage.js", answer)


def frame(v: int, **more: object) -> dict[str, object]:
    return {"e": 1, "v": v, "m": 1, "state": "waiting", "ahead": v, "at": START.timestamp(), **more}


@pytest.mark.parametrize(("seconds", "honest"), [("14_000", True), ("140_000", False)])
async def test_a_phone_that_keeps_quiet_about_a_silence_is_noticed(stage: Stage, seconds: str, honest: bool) -> None:
    await flawed(stage, "SILENCE = 14_000", f"SILENCE = {seconds}")
    await record(stage.page)
    await stage.open("{{ band() }}", PHONE)
    await stage.say(**frame(5))
    await stage.pass_time(18)
    noted = await notes(stage.page)
    assert noted.said_so() == noted.says_so() == honest
    assert bool(noted.kept_quiet(slack=0.5)) != honest
    assert noted.cried_wolf(14) == []


@pytest.mark.parametrize("newest_wins", [True, False])
@pytest.mark.parametrize("face", ["phone", "lobby"])
async def test_a_page_that_goes_back_is_noticed(stage: Stage, face: str, newest_wins: bool) -> None:
    right = "if (e < this.e || (e === this.e && v < this.v)) return false;"
    await flawed(stage, right, right if newest_wins else "")
    await record(stage.page)
    await stage.open("{{ band() }}" if face == "phone" else BOARD, PHONE if face == "phone" else SCREEN, face=face)
    for version in (5, 4):
        more = {} if face == "phone" else {"content": f'<p id="board">A00{version}</p>'}
        await stage.say(**frame(version, **more))
    noted = await notes(stage.page)
    assert [version for *_, version in noted.shown] == ([5] if newest_wins else [5, 4])
    assert "was sent (1, 1, 4) after (1, 1, 5)" in noted.gone_back()
    assert ("showed (1, 4) after (1, 5)" in noted.gone_back()) != newest_wins


async def test_a_page_that_cries_wolf_is_noticed() -> None:
    heard = [(100.0, 1, 1, 5), (108.0, 1, 1, 5)]
    assert Notes(heard, [], [(122.5, True)], 125.0).cried_wolf(14) == []
    assert Notes(heard, [], [(114.0, True)], 125.0).cried_wolf(14) == ["said so after 6.0 s"]
    assert Notes(heard, [], [(122.5, True)], 125.0).kept_quiet(0.0) == []
    assert Notes(heard, [], [(124.5, True)], 125.0).kept_quiet(0.0) == ["was silent for 17.0 s"]
