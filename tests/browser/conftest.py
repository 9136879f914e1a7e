"""A Chromium for everybody, and a stage: pages of our own parts, with a server made of the test."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests import machine
from tests.browser.stage import Stage

HERE = Path(__file__).parent
AXE = HERE / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 360, "height": 740}
OpenPage = Callable[..., Awaitable[Page]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of it drives one browser, in one event loop."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@asynccontextmanager
async def chromium(fonts: Path | None = None) -> AsyncIterator[Browser]:
    """`fonts`: a fontconfig file that says which fonts there are, instead of the machine's own."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=machine.need(machine.CHROMIUM),
            args=list(machine.CHROMIUM_FLAGS),
            env={**os.environ, **({"FONTCONFIG_FILE": str(fonts)} if fonts else {})},
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """`await open_page(color_scheme="dark", viewport=…)`: one person's page; a fault in a script fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def opened(**how: object) -> Page:
        context = await browser.new_context(**{"viewport": PHONE, **how})  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert faults == []


@pytest_asyncio.fixture(loop_scope="session")
async def phone_page(open_page: OpenPage) -> Page:
    """A customer's phone."""
    return await open_page(has_touch=True)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(phone_page: Page) -> Stage:
    """A page whose server is the test: what it is sent, and when, is in the test's hands."""
    return await Stage.on(phone_page)


async def barriers(page: Page) -> list[str]:
    """What axe finds on the page as it is now: one line per rule, with the elements it names."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{rule['id']}: {rule['help']}: {', '.join(str(node['target'][0]) for node in rule['nodes'])}"
        for rule in found["violations"]
    ]
