"""The look of a branch: a colour is tried on, kept if it can be read from afar, and worn by phone, door and lobby."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from server.chance import new_token
from tests.databases import copy_of
from tests.pictures import jpeg, png
from tests.screens.office import Browser, office_of
from tests.world import harbour

PLUM, MARIGOLD = "#3b0a45", "#ffb81f"


@pytest.fixture
async def mira(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Browser]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as office:
        yield await office.signed_in("Mira")


async def worn_by_phones(mira: Browser) -> str:
    """The styles of the branch's page, as a phone loads them."""
    page = (await mira.http.get("/b/harbour")).text
    address = re.search(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert address
    answer = await mira.http.get(address[1])
    assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    return answer.text


async def test_phones_wear_the_branchs_colour_with_no_request_more(mira: Browser) -> None:
    assert PLUM not in await worn_by_phones(mira)
    assert (await mira.sends("/look", own="yes", colour=PLUM.upper())).status_code == 303
    worn = await worn_by_phones(mira)
    assert worn.rstrip().endswith(f":root:root:root {{ --night: {PLUM}; }}")
    assert (await mira.http.get("/b/harbour")).text.count('rel="stylesheet"') == 1
    await mira.sends("/look", own="no", colour=PLUM)
    assert PLUM not in await worn_by_phones(mira)


async def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(mira: Browser) -> None:
    refused = await mira.sends("/look", own="yes", colour=MARIGOLD)
    assert refused.status_code == 422
    for said in ("Too light: white words on it cannot be read from afar.", "are 1.7 to one; 11 are needed"):
        assert said in refused.text
    instead = re.search(r'href="/setup/harbour(/look\?colour=%23[0-9a-f]{6})"', refused.text)
    assert instead
    assert 'class="previews worn"' in (await mira.page(instead[1])).text
    assert (await mira.sends("/look", own="yes", colour="plum")).status_code == 422


async def test_a_colour_is_tried_on_without_being_saved(mira: Browser) -> None:
    assert "/worn.css" in (await mira.page("/look?colour=%233b0a45")).text
    assert PLUM not in await worn_by_phones(mira)


async def test_a_contrast_is_written_as_the_language_writes_numbers(mira: Browser) -> None:
    said = {"en": "are 16.0 to one; 11 are", "fr": "sont à 16,0 pour un\N{NO-BREAK SPACE}; il en faut 11"}
    for language, contrast in said.items():
        assert contrast in (await mira.page("/look?colour=%233b0a45", language)).text


async def test_styles_in_a_colour_that_no_branch_may_wear_are_not_there(mira: Browser) -> None:
    for name in ("night/ffffff/phone.css", "night/3b0a45/nothing.css", "night/zzzzzz/phone.css"):
        assert (await mira.http.get(f"/static/0123456789/{name}")).status_code == 404


async def test_the_colour_stands_in_the_file(mira: Browser) -> None:
    await mira.sends("/look", own="yes", colour=PLUM)
    assert f'colour = "{PLUM}"' in (await mira.page("/file/download")).text


async def hangs(mira: Browser, content: bytes, name: str = "logo.png") -> httpx.Response:
    headers = {"cookie": f"session={mira.token}; language=en", "origin": "http://harbour.example"}
    data, files = {"key": new_token()}, {"logo": (name, content, "image/png")}
    return await mira.http.post("/setup/harbour/look/logo", headers=headers, data=data, files=files)


async def test_a_logo_stands_beside_the_name_until_it_is_taken_down(mira: Browser) -> None:
    assert (await hangs(mira, png())).status_code == 303
    page = (await mira.http.get("/b/harbour")).text
    address = re.search(r'<img class="own-logo" src="(/logo/harbour/\w+)" alt="">', page)
    assert address
    shown = await mira.http.get(address[1])
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    await hangs(mira, jpeg())
    assert (await mira.http.get(address[1])).status_code == 404
    await mira.sends("/look/logo/end")
    assert "own-logo" not in (await mira.http.get("/b/harbour")).text


async def test_what_is_no_picture_is_refused_with_the_reason(mira: Browser) -> None:
    refused = await hangs(mira, b"<svg><script>alert(1)</script></svg>")
    assert (refused.status_code, "An SVG may hold scripts, so it is not taken" in refused.text) == (422, True)
    assert "Choose a file first." in (await mira.sends("/look/logo")).text
    assert "own-logo" not in (await mira.http.get("/b/harbour")).text
