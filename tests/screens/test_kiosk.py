"""The screen at the door: who may open it, the code it shows, whom it greets, and what it says when it cannot help."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from time import perf_counter

import pytest

from kiosk_ui.kiosk import GREETED, screen
from server.domain.presence import Presence
from server.web import pages
from tests.screens.lobby_boards import NOW, board, service
from tests.screens.phones import Phone, Place
from tests.world import KEY

FEW = 30  # drawings, to take the mean of
QUICK = 0.010  # seconds: it is drawn in the event loop


async def paired(here: Place, name: str = "Door") -> Phone:
    """The browser of that screen, from its one-time link on."""
    link = next(each["link"] for each in here.made["devices"] if each["name"] == name)
    kiosk = here.phone()
    await kiosk.opens("/pair")
    await kiosk.sends("/pair", token=link.rpartition("#")[2])
    return kiosk


async def greeting(here: Place, device: str = "Door") -> list[str]:
    """The numbers that this screen greets now."""
    html = screen(await here.world.view(), "en", here.world.devices[device]).decode()
    return re.findall(r'class="plate[^>]*aria-label="(\w+)"', html)


# Pairing


async def test_a_kiosks_link_opens_the_door_screen_and_works_once(here: Place) -> None:
    kiosk = await paired(here)
    assert (kiosk.path, kiosk.status) == ("/kiosk", 200)
    assert kiosk.headline() == "Take your place with your phone."
    again = await paired(here)
    assert again.status == 410


async def test_a_lobbys_link_opens_the_lobby(here: Place) -> None:
    assert (await paired(here, "Wall")).path == "/lobby"


async def test_the_token_is_never_asked_for_in_an_address(here: Place) -> None:
    page = await here.phone().opens("/pair")
    assert '<form id="pair" method="post"' in page
    assert "<noscript>" in page


async def test_nobody_but_a_paired_kiosk_sees_the_code(here: Place) -> None:
    stranger, wall = here.phone(), await paired(here, "Wall")
    for other in (stranger, wall):
        for path in ("/kiosk", "/kiosk/code"):
            await other.opens(path)
            assert other.status == 403


# The code


async def test_the_code_gives_a_phone_its_pass(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(text: str) -> str:
        drawn.append(text)
        return "<svg></svg>"

    monkeypatch.setattr("kiosk_ui.cards.qr.svg", draw)
    kiosk = await paired(here)
    await kiosk.opens("/kiosk/code")
    ada = here.phone()
    await ada.opens(drawn[0].removeprefix("http://harbour.example"))
    assert ada.headline() == "How may we assist you?"
    assert ada.hidden("pass")


async def test_it_is_renewed_when_it_turns_and_hidden_when_no_phone_could_open_it(here: Place) -> None:
    kiosk = await paired(here)
    here.clock.forward(seconds=10)
    await kiosk.opens("/kiosk/code")
    found = re.search(r'data-next="([\d.]+)" data-good-for="(\d+)"', kiosk.page)
    assert found
    assert 20 < float(found[1]) < 21
    assert found[2] == "80"
    code = here.code()
    here.clock.forward(seconds=79)
    assert Presence(KEY).read_code("harbour", code, here.clock.now) == here.world.devices["Door"]


def test_the_code_is_drawn_large_enough_for_a_camera() -> None:
    css = (pages.ROOT / "kiosk_ui/static/kiosk.css").read_text()
    size = re.search(r"\.code \{[^}]*inline-size: calc\((\d+)", css)
    assert size
    assert int(size[1]) >= 0.4 * 1080


async def test_a_new_version_is_noticed(here: Place) -> None:
    kiosk = await paired(here)
    assert f'data-build="{pages.build()}"' in kiosk.page
    await kiosk.opens("/kiosk/code")
    assert f'data-build="{pages.build()}"' in kiosk.page


# The greeting


async def test_who_joined_with_its_code_is_greeted_for_ten_seconds(here: Place) -> None:
    await here.joined()
    assert await greeting(here) == ["A001"]
    here.clock.forward(seconds=11)
    assert await greeting(here) == []


async def test_another_screens_visitors_are_not_greeted_here(here: Place) -> None:
    ada = here.phone()
    await ada.opens(f"/d/harbour/{here.code('Wall')}")
    await ada.joins()
    assert await greeting(here) == []


async def test_people_who_join_together_all_find_their_number(here: Place) -> None:
    for _ in range(GREETED):
        await here.joined()
    assert await greeting(here) == ["A003", "A002", "A001"]


async def test_who_is_called_at_once_is_told_where_to_go_and_who_is_served_no_more(here: Place) -> None:
    await here.ken.takes("1")
    await here.joined()
    await here.joined()
    called = await here.ken.calls_next()
    assert called is not None
    html = screen(await here.world.view(), "en", here.world.devices["Door"]).decode()
    assert "Please come to counter 1" in html
    assert "once a counter opens" not in html
    await here.ken.serves(called["ticket"])
    assert await greeting(here) == ["A002"]


async def test_the_greeting_is_a_number_and_a_wait_and_never_a_name(here: Place) -> None:
    await here.ken.takes("3")
    await here.joined()
    await here.joined(name="Ada", need="wheelchair")
    html = unescape(screen(await here.world.view(), "en", here.world.devices["Door"]).decode())
    assert "Ada" not in html
    assert "Wheelchair" not in html
    assert re.search(r"about \d+ min, at most \d+", html)


# What it says of the branch


def html(language: str = "en", **changes: object) -> str:
    view = board()
    return unescape(screen(replace(view, branch=replace(view.branch, **changes)), language, "").decode())  # type: ignore[arg-type]


def test_the_second_language_stands_below_the_first() -> None:
    assert "Prenez votre place avec votre téléphone." in html("en", languages=("en", "fr"))
    assert "Take your place with your phone." in html("fr", languages=("en", "fr"))
    assert 'lang="fr"' not in html("en", languages=("en",))


def test_a_closed_branch_hides_its_code_and_says_when_it_opens() -> None:
    shown = html(open=False, opens_at=NOW + timedelta(hours=18))
    assert "board closed" in shown
    assert "Welcome back from" in shown


def test_a_closed_service_says_when_it_opens() -> None:
    shut = service("business", open=False, opens_at=NOW + timedelta(hours=18))
    assert "from " in screen(replace(board(), services=(shut,)), "en", "").decode()


def test_a_notice_is_shown_as_text() -> None:
    view = board()
    noted = replace(view, branch=replace(view.branch, notice={"en": "<b>Lifts</b> are out"}))
    assert b"&lt;b&gt;Lifts&lt;/b&gt; are out" in screen(noted, "en", "")


def test_it_is_drawn_quickly() -> None:
    view = board()
    screen(view, "en", "")
    began = perf_counter()
    for _ in range(FEW):
        screen(view, "en", "")
    assert (perf_counter() - began) / FEW < QUICK
