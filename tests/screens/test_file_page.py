"""The branch file in the browser: taken along as it is, and brought only after it was shown what it would change."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from server.branch_file import parse, written
from server.chance import new_token
from tests.databases import copy_of
from tests.screens.office import Browser, office_of
from tests.world import harbour

HEADERS = {"origin": "http://harbour.example"}


@pytest.fixture
async def mira(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Browser]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as office:
        yield await office.signed_in("Mira")


async def brings(mira: Browser, content: str | bytes, language: str = "en") -> httpx.Response:
    cookie = {"cookie": f"session={mira.token}; language={language}"}
    files = {"file": ("branch.toml", content.encode() if isinstance(content, str) else content)}
    return await mira.http.post("/setup/harbour/file", data={"key": new_token()}, files=files, headers=HEADERS | cookie)


async def confirms(mira: Browser, shown: httpx.Response) -> httpx.Response:
    text = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', shown.text, re.DOTALL)
    seen = re.search(r'name="seen" value="(\d+)"', shown.text)
    assert text
    assert seen
    return await mira.sends("/file/changes", text=html.unescape(text[1]), seen=seen[1])


async def test_the_file_is_what_the_command_prints(mira: Browser) -> None:
    answer = await mira.page("/file/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="harbour.toml"'
    assert answer.text == written(parse(answer.text))


async def test_bringing_what_is_there_changes_nothing(mira: Browser) -> None:
    shown = await brings(mira, (await mira.page("/file/download")).text)
    assert "The branch is as this file says" in shown.text


async def test_what_would_change_is_shown_first_and_then_done(mira: Browser) -> None:
    text = (await mira.page("/file/download")).text.replace("target_wait = 15", "target_wait = 25")
    shown = await brings(mira, text)
    assert "2 changes" in shown.text
    assert "Target wait (min)" in shown.text
    assert re.search(r"<bdi>15</bdi></del><ins>.*?<bdi>25</bdi>", shown.text)
    assert "25\N{NO-BREAK SPACE}min" not in (await mira.page("/services")).text
    done = await confirms(mira, shown)
    assert (done.status_code, done.headers["location"]) == (303, "/setup/harbour/file?done=file-brought")
    assert (await mira.page("/file/download")).text == text


async def test_a_branch_changed_meanwhile_is_shown_again(mira: Browser) -> None:
    shown = await brings(mira, (await mira.page("/file/download")).text.replace("recall_gap = 15", "recall_gap = 30"))
    await mira.sends("/services/renewals/pause")
    refused = await confirms(mira, shown)
    assert (refused.status_code, "Somebody changed the branch meanwhile" in refused.text) == (409, True)
    assert "recall_gap = 15" in (await mira.page("/file/download")).text


async def test_a_slip_is_named_with_its_line_and_nothing_is_changed(mira: Browser) -> None:
    refused = await brings(mira, '[branch]\nid = "harbour"\nnam = "Harbour"\n', "fr")
    assert (refused.status_code, "La ligne 3 demande un nouveau regard" in refused.text) == (422, True)
    assert "did you mean &#34;name&#34;?" in refused.text


async def test_another_branchs_file_no_text_and_no_file_are_refused(mira: Browser) -> None:
    foreign = await brings(mira, harbour(id="quay"))
    assert (foreign.status_code, "This file is of the branch &#34;quay&#34;." in foreign.text) == (422, True)
    binary = await brings(mira, b"\xff\xfe\x00")
    assert (binary.status_code, "not a text file" in binary.text) == (422, True)
    nothing = await mira.sends("/file")
    assert (nothing.status_code, "Choose a file first." in nothing.text) == (422, True)


async def test_a_file_as_large_as_a_hundred_services_is_read(mira: Browser) -> None:
    """A form of any other page may be 64 kB."""
    text = (await mira.page("/file/download")).text + "# a remark\n" * 20_000
    assert "The branch is as this file says" in (await brings(mira, text)).text
    assert (await brings(mira, text * 4)).status_code == 413


@pytest.mark.parametrize("seen", ["", "none", "-1", "1" * 5000])
async def test_what_nobody_was_shown_is_not_brought(mira: Browser, seen: str) -> None:
    text = (await mira.page("/file/download")).text
    assert (await mira.sends("/file/changes", text=text, seen=seen)).status_code == 409
