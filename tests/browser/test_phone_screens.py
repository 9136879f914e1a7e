"""Every page of the phone and of the door's screen: no barrier, nothing cut off, in light and dark, wide and narrow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import Request
from playwright.async_api import Page, Route

from kiosk_ui import cards, kiosk
from kiosk_ui.ticket_page import Keep, TicketPage
from server.domain.forecast import Wait
from server.live.views import BoardView
from server.queries.stories import Answered, Line
from server.web import pages
from server.web.kit import Kit
from server.web.who import Device
from tests.browser.conftest import OpenPage, barriers
from tests.browser.measures import outside, sideways
from tests.browser.phone_stage import story, ticket_page
from tests.browser.stage import ADDRESS, POLICY
from tests.screens.lobby_boards import NOW, board, service

THERE: dict[str, Any] = {"counter": "3"}
OVER: dict[str, Any] = {"is_open": False, "closed_at": NOW, "counter": "3", "waited": 20, "promised": 17}
LINES = (Line(NOW, "call", "3", {"en": "New passport"}, None), Line(NOW, "finish", "3", {}, {"en": "Resolved"}))
TAP = Answered(2, (), ("prompt",), "Long", None, NOW + timedelta(hours=1), changeable=True)
WORDY = {"en": "Renewal of passports and identity cards", "fr": "Renouvellement de passeport et de carte d’identité"}
BRING = {"en": "two photos, your old passport", "fr": "deux photographies d’identité, votre ancien passeport"}
LONG: dict[str, Any] = {
    "service": WORDY,
    "bring": BRING,
    "number": "A1042",
    "digits": "1042",
    "lines": LINES,
    "postponements_left": 2,
}
KEEP = Keep(cards.drawn("http://harbour.example/keep#t1.secret"), "C7FQX2")
PAGES: dict[str, TicketPage] = {
    "waiting": ticket_page(story(**LONG), 7, wait=Wait(9, 17)),
    "nearly": ticket_page(story(), 2, near=True, wait=Wait(3, 6)),
    "no counter": ticket_page(story(), 23),
    "away": ticket_page(story("away", **LONG)),
    "expected": ticket_page(story("expected"), 3, wait=Wait(9, 17)),
    "called": ticket_page(story("called", **LONG, **THERE)),
    "called to a room": ticket_page(story("called", counter="Consultation 14", acknowledged=True)),
    "serving": ticket_page(story("serving", **THERE)),
    "parked": ticket_page(story("parked", **THERE)),
    "missed": replace(ticket_page(story("missed", **LONG)), then=Wait(6, 11)),
    "rate": ticket_page(story("served", **OVER, may_rate=True, name="Ada")),
    "reasons": replace(ticket_page(story("served", **OVER, rating=TAP)), face="rate"),
    "thanks": ticket_page(story("served", **OVER, lines=LINES, rating=TAP)),
    "left": ticket_page(story("left", **OVER)),
    "expired": ticket_page(story("expired", **OVER)),
    "change": replace(ticket_page(story()), face="change", others=(service("Renewals"),)),
    "keep": replace(ticket_page(story()), face="keep", keep=KEEP),
}
SERVICES = tuple(service(name) for name in ("New passport", "Renewals", "Letters and forms"))
DOORS = {
    "open": board(services=SERVICES, notice={"en": "The lift rests today."}),
    "closed": board(open=False, opens_at=NOW + timedelta(hours=18)),
    "many services": board(services=tuple(service(f"Service number {n}") for n in range(9))),
}
SMALL = """() => [...document.querySelectorAll("button, a, input:not([type=hidden]), select, summary, textarea")]
  .filter((part) => part.getClientRects().length && !part.matches("#sound"))
  .filter((part) => part.getBoundingClientRect().height < 47.5)
  .map((part) => part.outerHTML.slice(0, 80))"""

BETWEEN = 20  # px between two parts of the form
ROOM_BELOW = """(part) => { const shown = document.querySelector(part);
  return shown.nextElementSibling.getBoundingClientRect().top - shown.getBoundingClientRect().bottom; }"""


async def serve(page: Page, html: Callable[[], str]) -> None:
    """A server that has this one page and what it loads."""

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path.startswith("/static/"):
            found = pages.static_response(_request(), path.split("/", 3)[3])
            await route.fulfill(body=bytes(found.body), content_type=found.media_type)
        elif path == "/":
            await route.fulfill(body=html(), content_type="text/html", headers={"Content-Security-Policy": POLICY})
        else:
            await route.abort()

    await page.route(f"{ADDRESS}/**", answer)
    await page.route_web_socket("**/live/**", lambda _: None)


@pytest.mark.parametrize(("theme", "width", "language"), [("light", 360, "en"), ("dark", 320, "fr")])
async def test_every_page_of_the_ticket_is_open_to_everybody(
    open_page: OpenPage, theme: str, width: int, language: str
) -> None:
    page = await open_page(
        color_scheme=theme, viewport={"width": width, "height": 640}, locale=language, reduced_motion="reduce"
    )
    shown: list[TicketPage] = []
    await serve(page, lambda: ticket_html(shown[-1], language))
    for name, ticket in PAGES.items():
        shown.append(ticket)
        await page.goto(f"{ADDRESS}/")
        await page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert (name, await barriers(page)) == (name, [])
        assert (name, await page.evaluate(SMALL)) == (name, [])
        assert (name, await sideways(page)) == (name, False)


async def test_what_was_unfolded_keeps_its_distance_from_what_follows(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await serve(page, lambda: ticket_html(PAGES["reasons"], "en"))
    await page.goto(f"{ADDRESS}/")
    for part in (".also", ".contact"):
        await page.locator(f"{part} > summary").click()
        assert await page.evaluate(ROOM_BELOW, part) == pytest.approx(BETWEEN, abs=1)


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (768, 1024)])
async def test_the_door_shows_all_it_has_on_every_screen(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = await open_page(viewport={"width": size[0], "height": size[1]})
    for name, view in DOORS.items():
        html = await door_page(view)
        await page.unroute_all()
        await serve(page, lambda html=html: html)  # type: ignore[misc]
        await page.goto(f"{ADDRESS}/")
        assert (name, await barriers(page)) == (name, [])
        assert (name, await outside(page, "#kiosk")) == (name, [])


def ticket_html(ticket: TicketPage, language: str) -> str:
    return bytes(cards.draw(_request(language), ticket).body).decode()


async def door_page(view: BoardView) -> str:
    async def fresh(_branch_id: str) -> BoardView:
        return view

    kit = cast(Kit, SimpleNamespace(board=fresh, now=lambda: NOW))
    response = await kiosk.page(_request(), Device("door1", "harbour", "kiosk", "Door"), kit)
    return bytes(response.body).decode()


def _request(language: str = "en") -> Request:
    headers = [(b"accept-language", language.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""})
