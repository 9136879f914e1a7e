"""The parts every screen is drawn with: they can be used by everybody, in light, dark, narrow and French."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, barriers
from tests.browser.measures import sideways
from tests.browser.stage import ADDRESS, Stage, drawn

LIGHTS = ("unlit", "nearly", "lit", "dashed", "grey", "served")
STATES = ("expected", "waiting", "nearly", "called", "serving", "parked", "away", "missed", "served", "left", "removed")
REFUSAL: dict[str, Any] = {
    "code": 404,
    "title": "This page has moved on",
    "text": "Your number is safe.",
    "action_label": "Go",
    "action_href": "/",
}
BRANCHES = [{"href": "/b/harbour", "name": "Harbour Branch", "line": "Open until 16:00"}]
WAYS = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"color_scheme": "light", "viewport": {"width": 320, "height": 640}, "language": "fr"},
    {"color_scheme": "dark", "viewport": {"width": 1366, "height": 768}},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_everybody_can_use_the_parts(open_page: OpenPage, way: dict[str, object]) -> None:
    page, language = await at(open_page, way)
    html = drawn("all_parts.html", language, face="phone", LIGHTS=LIGHTS, STATES=STATES)
    await show(page, html)
    assert await barriers(page) == []
    assert not await sideways(page)


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_everybody_can_use_a_kind_page(open_page: OpenPage, way: dict[str, object]) -> None:
    page, language = await at(open_page, way)
    await show(page, drawn("error.html", language, face="phone", **REFUSAL))
    assert await barriers(page) == []
    assert not await sideways(page)


@pytest.mark.parametrize("branches", [BRANCHES, []], ids=["branches", "none yet"])
@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_everybody_can_use_the_front_door(open_page: OpenPage, way: dict[str, object], branches: object) -> None:
    page, language = await at(open_page, way)
    await show(page, drawn("start.html", language, branches=branches))
    assert await barriers(page) == []
    assert not await sideways(page)


async def test_a_theme_can_be_forced(open_page: OpenPage) -> None:
    page = await open_page(color_scheme="light")
    await show(page, drawn("{{ plate('A', '042') }}", theme="dark"))
    assert await page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(12, 17, 41)"


async def test_a_plate_wider_than_its_box_shrinks_to_fit(stage: Stage) -> None:
    await stage.open("{{ plate('WW', '9042', size='wide') }}")
    plate = stage.page.locator(".plate")
    assert await plate.evaluate("(plate) => plate.scrollWidth <= plate.clientWidth")
    assert not await sideways(stage.page)


async def test_a_plate_goes_on_fitting_for_who_asked_for_stillness(stage: Stage) -> None:
    await stage.page.emulate_media(reduced_motion="reduce")
    await stage.open("{{ plate('WW', '9042', size='wide') }}")
    await stage.page.evaluate("() => { live.fit(); }")
    await stage.settle()
    assert await stage.page.locator(".plate").evaluate("(plate) => plate.scrollWidth <= plate.clientWidth")


async def test_the_row_steps_on(stage: Stage) -> None:
    await stage.open("{{ row(12) }}")
    await expect(stage.page.locator(".row-more")).to_have_text("+2")
    await stage.page.evaluate("() => live.step(document.querySelector('.row'), 9)")
    await expect(stage.page.locator(".row-dot")).to_have_count(9)
    await expect(stage.page.locator(".row-more")).to_have_count(0)
    assert await moving(stage.page) == 10


CALL = '<p id="board">{{ plate("A", "042", "lit", call="c1") }}</p>'


async def test_a_call_lights_on_once_and_never_when_a_page_is_opened(stage: Stage) -> None:
    await stage.open(CALL)
    assert await moving(stage.page) == 0
    for call, parts in (("c1", 0), ("c2", 2)):
        await stage.page.evaluate("() => document.getAnimations().forEach((a) => a.cancel())")
        await stage.page.evaluate(
            """async (call) => {
              const text = `<p id="board">${document.querySelector('#board').innerHTML.replace(/c1/, call)}</p>`;
              await htmx.swap({sourceElement: document.body, target: '#board', swap: 'outerMorph', text});
            }""",
            call,
        )
        assert await moving(stage.page) == parts


async def test_nothing_moves_for_who_asked_for_stillness(stage: Stage) -> None:
    await stage.page.emulate_media(reduced_motion="reduce")
    await stage.open("{{ row(7) }}" + CALL)
    await stage.page.evaluate(
        "() => { live.step(document.querySelector('.row'), 3); live.light(document.querySelector('.plate')); }"
    )
    await expect(stage.page.locator(".row-dot")).to_have_count(3)
    assert await moving(stage.page) == 0


FORM = """
<form hx-post="/move" hx-target="#here"><button class="button" id="tap">{{ t("kit.close") }}</button></form>
<h1 id="here">A042</h1>
"""


async def test_a_refusal_is_said_beside_what_the_person_was_doing(stage: Stage) -> None:
    stage.answers["/move"] = (409, drawn("error_fragment.html", **REFUSAL))
    await stage.open(FORM)
    await stage.page.click("#tap")
    await expect(stage.page.locator("#notice")).to_contain_text("This page has moved on")
    await expect(stage.page.locator("#here")).to_have_text("A042")
    await stage.page.clock.resume()  # axe needs time of its own
    assert await barriers(stage.page) == []
    await stage.page.click("[data-close]")
    await expect(stage.page.locator("#notice")).to_be_hidden()


async def test_a_tap_that_does_not_arrive_is_said(stage: Stage) -> None:
    await stage.open(FORM)
    await stage.page.click("#tap")
    await expect(stage.page.locator("#notice")).to_contain_text("did not reach us yet")
    stage.answers["/move"] = (200, "A043")
    await stage.page.click("#tap")
    await expect(stage.page.locator("#here")).to_have_text("A043")
    await expect(stage.page.locator("#notice")).to_be_hidden()


async def test_what_a_screen_fetches_by_itself_fails_silently(stage: Stage) -> None:
    stage.answers["/code"] = (503, drawn("error_fragment.html", **REFUSAL))
    await stage.open('<p id="code" hx-get="/code" hx-trigger="every 2s">code</p>')
    await stage.pass_time(3)
    assert "/code" in stage.asked
    await expect(stage.page.locator("#code")).to_have_text("code")
    await expect(stage.page.locator("#notice")).to_be_hidden()


async def moving(page: Page) -> int:
    return int(await page.evaluate("() => document.getAnimations().length"))


async def at(open_page: OpenPage, way: dict[str, object]) -> tuple[Page, str]:
    language = str(way.get("language", "en"))
    return await open_page(**{key: value for key, value in way.items() if key != "language"}), language


async def show(page: Page, html: str) -> None:
    stage = Stage(page, answers={"/": (200, html), "/act.js": (200, "")})
    await page.route(f"{ADDRESS}/**", stage.answer)
    await page.goto(f"{ADDRESS}/")
