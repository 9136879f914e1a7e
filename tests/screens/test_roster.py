"""Inviting by a table in the browser: looked at first, then all at once, with a page of links to hand over."""

import re
from html import unescape

import httpx2 as httpx
import pytest

from tests.screens.conftest import Browser, House
from tests.screens.phones import HOST

IMPORT = "/setup/harbour/people/import"
GOOD = "name;sign-in name;role\nZainab Bello;zainab;agent\nIdris;;manager\n"


@pytest.fixture
async def mira(house: House) -> Browser:
    await house.mira.enters()
    return house.mira


async def uploads(browser: Browser, table: bytes) -> httpx.Response:
    file = {"file": ("people.csv", table, "text/csv")}
    return await browser.http.post(IMPORT, data={"key": "k", "text": ""}, files=file, headers={"origin": HOST})


async def test_a_file_is_looked_at_and_nobody_is_invited_yet(mira: Browser) -> None:
    page = await uploads(mira, GOOD.encode("utf-8-sig"))
    assert (page.status_code, "All is well: 2 people." in page.text) == (200, True)
    assert "Zainab" not in (await mira.opens("/setup/harbour/people")).text


async def test_what_is_wrong_stands_beside_its_line_and_what_was_typed_stays(mira: Browser) -> None:
    page = await mira.sends(IMPORT, text="name;role\nZainab;queen\nKen;agent\n=1+1;agent\n", key="k")
    text = unescape(page.text)
    assert page.status_code == 422
    assert "3 lines need a look." in text
    assert "Somebody here has this name." in text
    assert "take for a formula" in text
    assert "Say agent, manager or admin." in text
    assert "=1+1;agent" in text
    assert "/invitations" not in text


async def test_everybody_is_invited_with_a_link_to_hand_over_that_opens_once(house: House, mira: Browser) -> None:
    page = await mira.sends(f"{IMPORT}/invitations", text=GOOD, key="k")
    links = re.findall(r"/staff/enter#([\w-]+)", page.text)
    assert ("2 invitations" in page.text, len(set(links)), page.text.count('class="qr"')) == (True, 2, 2)
    assert page.text.index("Zainab Bello") < page.text.index("Idris")
    entered = await house.browser().sends("/staff/enter", token=links[0])
    assert ("Welcome, Zainab Bello" in entered.text, 'value="zainab"' in entered.text) == (True, True)
    assert (await house.browser().sends("/staff/enter", token=links[0])).status_code == 410


async def test_a_form_that_is_sent_again_shows_the_same_links_and_invites_nobody_twice(mira: Browser) -> None:
    first, again = [await mira.sends(f"{IMPORT}/invitations", text=GOOD, key="k") for _ in range(2)]
    links = [re.findall(r"/staff/enter#([\w-]+)", page.text) for page in (first, again)]
    assert links[0] == links[1] != []
    assert (await mira.opens("/setup/harbour/people")).text.count("Zainab Bello") == 1


async def test_when_a_line_says_no_at_the_last_moment_nobody_is_invited(mira: Browser) -> None:
    await mira.sends("/setup/harbour/people", name="Idris", role="agent", key="first")
    page = await mira.sends(f"{IMPORT}/invitations", text=GOOD, key="k")
    assert (page.status_code, "One line needs a look." in page.text) == (422, True)
    assert "Zainab" not in (await mira.opens("/setup/harbour/people")).text


async def test_cells_are_shown_as_they_are_and_never_run(mira: Browser) -> None:
    page = await mira.sends(IMPORT, text="name;role\n<script>x</script>;agent\n", key="k")
    assert "<script>x" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_a_picture_is_no_table(mira: Browser) -> None:
    page = await uploads(mira, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    assert (page.status_code, "must name the columns" in page.text) == (422, True)


async def test_too_long_a_table_is_refused_kindly(mira: Browser) -> None:
    assert "More than 200 lines" in (await mira.sends(IMPORT, text="name;role\n" + "Zainab;agent\n" * 201)).text
    assert (await uploads(mira, b"x" * 100_000)).status_code == 413
