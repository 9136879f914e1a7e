"""What the benchmark calls painted: a card that came after the press, and not what else the press changes."""

import asyncio

import pytest

from benchmarks.sections.paint import WATCH
from tests.browser.conftest import OpenPage

LATER = 200  # ms
PAGE = """<div class="card">A041</div><form><button>Next</button></form>
<script>addEventListener("keydown", ({ key }) => {
  document.querySelector("form").className = "under-way"; // as htmx marks what was pressed
  setTimeout(() => { document.querySelector(".card").outerHTML = "<div class='card'>" + key + "</div>"; }, LATER);
});</script>"""


@pytest.mark.parametrize("later", [0, LATER])
async def test_it_is_the_card_that_came_after_the_press(open_page: OpenPage, later: int) -> None:
    page = await open_page()
    await page.set_content(PAGE.replace("LATER", str(later)))
    await page.evaluate(WATCH, ".card")
    for _ in range(2):  # the first card that was swapped in is the second press's old one
        await page.keyboard.press("n")
        async with asyncio.timeout(10):
            painted = await page.evaluate("() => window.painted")
        assert painted >= later - 1  # a timer may come a fraction early by this clock
        assert await page.inner_text(".card") == "n"
