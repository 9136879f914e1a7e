"""Every screen of the real server, in real states: nothing in anybody's way, nothing cut off, no word of its own."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import OpenPage, barriers
from tests.browser.town import Town, town
from tests.hands import Cookie

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1366, "height": 768}
DOOR = {"width": 1080, "height": 1920}
WALL = {"width": 1920, "height": 1080}
NARROW = {"width": 320, "height": 640}
Who = Callable[[Town], list[Cookie]]
Step = Callable[[Page, Town], Awaitable[Any]]


@dataclass(frozen=True)
class Screen:
    """One screen in one state: who opens which address, what they do there, and how wide it is meant to be."""

    name: str
    path: Callable[[Town], str]
    who: Who
    size: dict[str, int]
    step: Step | None = None
    status: int = 200
    hangs: bool = False
    """It hangs on a wall: never narrow, and in its branch's own language."""


def phone(name: str, slip: str = "", page: str = "", step: Step | None = None) -> Screen:
    slip = slip or name
    return Screen(f"phone {name}", lambda t: t.at(slip, page), lambda t: t.phone(slip), PHONE, step)


def door(name: str, path: Callable[[Town], str], status: int = 200) -> Screen:
    return Screen(f"phone {name}", path, lambda _: [], PHONE, status=status)


def staff(name: str, path: str | Callable[[Town], str], who: str = "Ken", status: int = 200) -> Screen:
    to = path if callable(path) else lambda _: path
    return Screen(name, to, lambda t: [t.cookies[who]] if who else [], DESK, status=status)


def console(name: str, label: str, who: str, query: str = "") -> Screen:
    return staff(f"console {name}", lambda t: t.counter(label, query), who)


def setup(page: str) -> Screen:
    return staff(f"setup {page or 'overview'}", f"/setup/harbour{'/' * bool(page)}{page}", "Mira")


def wall(name: str, path: str, device: str, step: Step | None = None) -> Screen:
    size = DOOR if path == "/kiosk" else WALL
    return Screen(name, lambda _: path, lambda t: [t.cookies[device]], size, step, hangs=True)


async def somebody_joins(page: Page, town: Town) -> None:
    """With the door's code: the kiosk greets them."""
    town.harbour.joins("renewals")
    await page.wait_for_selector("body.greeting")


async def all_unfolded(page: Page, _: Town) -> None:
    await page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")


async def all_keys(page: Page, _: Town) -> None:
    await page.locator("#key-all").click()
    await page.wait_for_selector("#keys[open]")


async def a_new_link(page: Page, _: Town) -> None:
    await page.locator(".device-do form button").first.click()
    await page.wait_for_selector("#link")


async def a_table(page: Page, _: Town) -> None:
    """One line of it is right, the others are not."""
    await page.locator("#text").fill("name;sign-in name;role\nNgozi;ngozi;agent\nKen;;agent\n=1;;\n")
    await page.locator("form.card .button.primary").click()
    await page.wait_for_selector(".wrong-line")


async def a_branch_without_a_name(page: Page, _: Town) -> None:
    await page.locator("form.new-branch .button.primary").click()
    await page.wait_for_selector(".summary")


async def other_rules(page: Page, _: Town) -> None:
    """So that some of those who are here would feel it at once."""
    await page.locator("#numbers-full_at").fill("5")
    await page.locator("#numbers-away_limit").fill("10")
    await page.locator("#numbers [name=preview]").click()
    await page.wait_for_selector("#preview .would")


async def no_french(page: Page, _: Town) -> None:
    await page.locator("#speech [value=fr][type=checkbox]").uncheck()
    await page.locator("#speech [name=preview]").click()
    await page.wait_for_selector("#preview")


THIS_YEAR = datetime.now(UTC).year
THREE_YEARS = f"/reports/harbour?from={THIS_YEAR - 2}-01-01&to={THIS_YEAR}-12-31"
SCREENS = (
    Screen("start", lambda _: "/", lambda _: [], PHONE),
    door("arrive", lambda t: f"/d/harbour/{t.harbour.code()}"),
    door("arrive without a code", lambda _: "/b/harbour"),
    door("arrive closed", lambda t: f"/d/quay/{t.quay.code()}"),
    door("code refused", lambda _: "/d/harbour/old.one.altered", status=403),
    door("keep without its secret", lambda _: "/keep"),
    door("not found", lambda _: "/nowhere", status=404),
    phone("waiting", step=all_unfolded), phone("nearly"), phone("away"), phone("called"), phone("serving"),
    phone("parked"), phone("missed"), phone("rate", "over"), phone("thanks", "rated"),
    phone("reasons", "rated", "?change=1", all_unfolded), phone("left"), phone("keep", "waiting", "/keep"),
    phone("another service", "other", "/service"), phone("expected"),
    wall("kiosk idle", "/kiosk", "Door of the pier"), wall("kiosk greeting", "/kiosk", "Door", somebody_joins),
    wall("kiosk closed", "/kiosk", "Door of the quay"),
    wall("lobby calls", "/lobby", "Wall"), wall("lobby in French", "/lobby", "Wall of the pier"),
    wall("lobby closed", "/lobby", "Wall of the quay"),
    Screen("pairing", lambda _: "/pair", lambda _: [], DOOR, hangs=True),
    staff("sign in", "/staff", ""), staff("sign-in link", "/staff/enter", ""), staff("password", "/staff/password"),
    staff("choose a counter", "/counter", "Lola"),
    staff("codes", "/staff/codes", "Mira"), staff("own page", "/staff/me"),
    phone("own data", "rated", "/data", all_unfolded), phone("no data", "waiting", "/data"),
    replace(setup("people/import"), name="setup a table", step=a_table),
    console("idle", "1", "Ken"), console("called", "2", "Lola"), console("serving", "3", "Mira"),
    console("outcome", "3", "Mira", "?panel=outcome"), console("transfer", "2", "Lola", "?panel=transfer"),
    console("walk-in", "1", "Ken", "?panel=walk-in"), console("duty", "1", "Ken", "?panel=duty"),
    replace(console("keys", "1", "Ken"), step=all_keys),
    staff("console chosen", lambda t: t.counter("1", f"?ticket={t.slips['waiting'].id}")),
    *map(setup, ("", "branch", "services", "services/new", "services/new-passport", "counters", "counters/new",
                 "people", "people/new", "people/import", "devices", "waits", "privacy", "rules", "priorities",
                 "priorities/new", "file", "trail", "opening", "look")),
    staff("all branches and a new one", "/setup", "Owner"),
    replace(staff("a new branch that lacks something", "/setup", "Owner"), step=a_branch_without_a_name),
    replace(staff("setup archiving", "/setup/harbour/branch", "Owner"), step=all_unfolded),
    staff("setup of somebody elsewhere", lambda t: f"/setup/harbour/people/{t.harbour.person('Lola')}", "Owner"),
    staff("floor of all branches", "/floor", "Owner"), staff("reports of all branches", "/reports", "Owner"),
    replace(setup("rules"), name="setup rules looked at first", step=other_rules),
    replace(setup("rules"), name="setup languages looked at first", step=no_french),
    staff("setup of one counter", lambda t: f"/setup/harbour/counters/{t.harbour.counter('3')}", "Mira"),
    replace(setup("devices"), name="setup a new link", step=a_new_link),
    *(staff(f"floor {page or 'itself'}", f"/floor/harbour{page}", "Mira") for page in (
        "", "/services/renewals", "/notice", "/walk-in", "?done=acted")),
    staff("floor of one counter", lambda t: f"/floor/harbour/counters/{t.harbour.counter('2')}", "Mira"),
    staff("floor not yours", "/floor/harbour", "Ken", status=403),
    staff("report", "/reports/harbour", "Mira"), staff("report of no day", "/reports/harbour?from=2020-01-05", "Mira"),
    staff("report of one service", "/reports/harbour?service=new-passport&channel=api", "Mira"),
    staff("report of no such service", "/reports/harbour?service=nothing&counter=none", "Mira", status=422),
    staff("report of years", THREE_YEARS, "Mira"),
    staff("report of no range", "/reports/harbour?from=2026-02-01&to=2026-01-01", "Mira", status=422),
    staff("not yours", "/setup/harbour", "Ken", status=403),
)  # fmt: skip
LOOKS: dict[str, dict[str, Any]] = {
    "light en": {"color_scheme": "light"},
    "dark fr narrow": {"color_scheme": "dark", "viewport": NARROW},
}
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
  .map((part) => part.outerHTML.slice(0, 90))"""
# What a person reads or hears: text and labels, but for data, keys, codes and languages.
READ = """() => {
  const said = [document.title], apart = "bdi, kbd, noscript, script, style, svg, :is([lang], [dir=ltr]):not(html)";
  const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest(apart)) said.push(texts.currentNode.data);
  for (const part of document.body.querySelectorAll("*")) {
    if (part.closest(apart)) continue;
    for (const { name, value } of part.attributes) {
      const sentence = name.startsWith("data-") && / /.test(value) && !value.startsWith("{");
      if (["aria-label", "placeholder", "title", "alt"].includes(name) || sentence) said.push(value);
    }
  }
  return said;
}"""
DISGUISED = re.compile(r"\[[^\[\]]*\]")
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = set(
    WORD.findall(
        "Harbour Pier Quay Branch New passport Renewals Nouveau passeport Renouvellements Resolved Needs documents "
        "Referred 65 or older Business Mira Ken Lola Ada Ngozi Admin Door Wall A long wait "
        "English Français Africa/Lagos Lagos Monday Tuesday Wednesday Thursday Friday Saturday Sunday Enter Esc"
    )
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town")) as made:
        yield made


async def opened(open_page: OpenPage, there: Town, screen: Screen, language: str, **how: Any) -> Page:
    page = await open_page(**{"viewport": screen.size, "reduced_motion": "reduce", **how})
    await page.context.add_cookies([*screen.who(there), there.harbour.speaks(language)])
    answer = await page.goto(there.base + screen.path(there))
    assert answer is not None
    assert answer.status == screen.status
    if screen.step:
        await screen.step(page, there)
    return page


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_nothing_stands_in_anybodys_way(open_page: OpenPage, there: Town, screen: Screen, look: str) -> None:
    how = {**LOOKS[look], **({"viewport": screen.size} if screen.hangs else {})}
    page = await opened(open_page, there, screen, look.split()[1], **how)
    assert await barriers(page) == []
    assert await page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("screen", [s for s in SCREENS if not s.hangs], ids=lambda screen: screen.name)
async def test_no_word_stands_outside_the_catalogue(open_page: OpenPage, there: Town, screen: Screen) -> None:
    """In the pseudo-locale every sentence is disguised and in brackets; what is left are names out of the database."""
    page = await opened(open_page, there, screen, "xx")
    assert plain_words(await page.evaluate(READ)) == set()


async def test_a_planted_word_is_found() -> None:
    assert plain_words(["[Ñéẋţ: [9 ɱíñ··] Harbour···]", "A042", "Ken", "Hello"]) == {"Hello"}


def plain_words(said: list[str]) -> set[str]:
    left: set[str] = set()
    for sentence in said:
        left |= set(WORD.findall(undisguised(sentence))) - NAMES
    return left


def undisguised(sentence: str) -> str:
    """Without the catalogue's sentences: they stand in brackets, one in another."""
    while sentence != (rest := DISGUISED.sub(" ", sentence)):
        sentence = rest
    return sentence
