"""From the press of N to the new card painted, with 200 people waiting, beside a bare page that swaps one fragment.

Both in one Chromium, in turn, by real key presses. In the page the time runs from the key's own event until the frame
in which another card than before first stood in the document has been painted; so the request, the server, the answer,
htmx and the layout are in it, and the way from the driver to the browser is not. What else a press changes is no card:
htmx marks at once what was pressed, and that is painted too. After each call the customer is put back, and the next
press comes when all 200 are shown again. Both pages are at rest when they are pressed: where something has just been
painted, Chromium keeps step with the screen, and what comes next waits for its beat. The bare page's server keeps
nothing and knows one route.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from statistics import median, quantiles
from typing import Any

from rich.progress import track

from benchmarks.http import free_port
from benchmarks.process import Process
from benchmarks.report import Report, note
from benchmarks.scale import often
from benchmarks.town import Branch, Town, town

WAITING = 200
PRESSES = 300
AT_MOST = 3.0  # × the bare page's p95
WARM_UP = 5
BRANCH = "paint"
PATIENCE = 20_000  # ms
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WATCH = """(card) => {
  const shown = () => document.querySelector(card);
  let from, old, done;
  addEventListener("keydown", ({ key }) => {
    if (key !== "n") return;
    from = performance.now();
    old = shown();
    window.painted = new Promise((resolve) => { done = resolve; });
  }, true);
  new MutationObserver(() => {
    if (!done || !shown() || shown() === old) return; // what changes first is that htmx marks what was pressed
    const told = done;
    done = null;
    requestAnimationFrame(() => {
      const after = new MessageChannel(); // its message comes when the frame has been painted
      after.port1.onmessage = () => told(performance.now() - from);
      after.port2.postMessage(0);
    });
  }).observe(document, { subtree: true, childList: true, attributes: true });
}"""
AT_REST = "() => new Promise((done) => setTimeout(done, 100))"  # what came before has been painted too
PAINTED = "() => window.painted"  # a promise: whoever asks again and again keeps the browser in step with the screen
FREE = "#console.is-free:not([data-brief]) button#key-next:not([aria-disabled])"


@dataclass
class Painted:
    """Milliseconds of each press."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


async def run() -> bool:
    """Print the table; whether the promise was kept. Without a browser nothing is measured, and that is said."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None or find_spec("playwright") is None:
        note("not measured: there is no Chromium here, or no Playwright (make install-test, apt-get install chromium)")
        return True
    from playwright.async_api import async_playwright  # of the tests' packages: not there where nobody tests

    presses = often(PRESSES, 1000, least=10)
    async with town({BRANCH: WAITING}) as here, _bare(here) as bare, async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        found = await _measured(launched, here, bare, presses)
        await launched.close()
    return _told(found, presses)


@asynccontextmanager
async def _bare(here: Town) -> AsyncIterator[str]:
    port = free_port()
    process = Process(["-m", "benchmarks.bare_page", str(port)], port, here.folder / "bare.log")
    try:
        await process.start()
        yield f"http://127.0.0.1:{port}/"
    finally:
        await process.stop()


async def _measured(browser: Any, here: Town, bare: str, presses: int) -> Painted:
    """In turn; the first few of both are forgotten."""
    ours, other = await _console(browser, here), await browser.new_page()
    await other.goto(bare)
    await ours.evaluate(WATCH, "#console.is-called .desk-plate")
    await other.evaluate(WATCH, "#card")
    found = Painted()
    for turn in track(range(presses + WARM_UP), "Presses", transient=True):
        call, swap = await _press(ours), await _press(other)
        await ours.keyboard.press("b")
        await ours.wait_for_selector(FREE, timeout=PATIENCE)
        if turn >= WARM_UP:
            found.ours.append(call)
            found.bare.append(swap)
    return found


async def _console(browser: Any, here: Town) -> Any:
    """Ken's, who has come by his one-time link and taken the counter."""
    branch: Branch = here.branches[BRANCH]
    base, page = f"http://127.0.0.1:{here.port}", await browser.new_page(viewport={"width": 1366, "height": 768})
    await page.goto(f"{base}/staff/enter#{branch.made['people'][0]['link']}")
    await page.wait_for_url("**/staff/password", timeout=PATIENCE)
    await page.goto(f"{base}/counter")
    await page.click(f"button[formaction*='{branch.counter}']")
    await page.wait_for_selector("#console.is-free")
    return page


async def _press(page: Any) -> float:
    await page.bring_to_front()  # a page behind another one paints nothing
    await page.evaluate(AT_REST)
    await page.keyboard.press("n")
    async with asyncio.timeout(PATIENCE / 1000):
        return float(await page.evaluate(PAINTED))


def _told(found: Painted, presses: int) -> bool:
    report = Report(
        f"Press of N to the card painted, {WAITING} waiting, {presses} presses each", "", "p50 ms", "p95 ms",
        ratio="× p95 of the bare page",
    )  # fmt: skip
    bare = p95(found.bare)
    report.row("bare page, one fragment", f"{median(found.bare):.1f}", f"{bare:.1f}")
    ours = p95(found.ours)
    report.row("the console", f"{median(found.ours):.1f}", f"{ours:.1f}", ratio=ours / bare, at_most=AT_MOST)
    return report.say()


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[18]
