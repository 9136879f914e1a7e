"""Too much said at once is refused kindly: in the asker's own form and language, its length declared or not."""

from collections.abc import AsyncIterator

import httpx2 as httpx
import pytest

from server import words
from server.web import bodies
from tests.security.conftest import HOST, Town

FORM = "/staff/session"
OURS = {"origin": HOST, "content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("language", words.LANGUAGES)
async def test_a_person_is_told_on_a_page_in_their_language(town: Town, language: str, declared: bool) -> None:
    answer = await _sends(town, FORM, declared, {"accept-language": language})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert words.say(language, "error.too-long.title") in answer.text


async def test_a_page_that_is_there_already_gets_a_notice(town: Town) -> None:
    answer = await _sends(town, FORM, True, {"hx-request": "true"})
    assert (answer.status_code, answer.text.lstrip()[:11]) == (413, "<hx-partial")


@pytest.mark.parametrize("declared", [True, False])
async def test_a_program_is_told_as_a_problem(town: Town, declared: bool) -> None:
    key = next(person["key"] for person in town.made[0]["people"] if person["name"] == "Ken")
    told = {"authorization": f"Bearer {key}", "accept-language": "fr", "content-type": "application/json"}
    answer = await _sends(town, f"/api/v1/counters/{town.world.counters['1']}/calls", declared, told)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-long")
    assert answer.json()["title"] == words.say("fr", "error.too-long.title")


@pytest.mark.parametrize("declared", [True, False])
async def test_as_much_as_is_allowed_is_read(town: Town, declared: bool) -> None:
    answer = await _sends(town, FORM, declared, {}, size=bodies.LARGEST_BODY)
    assert answer.status_code in (401, 422)


async def test_a_body_that_is_read_in_spite_of_its_length_would_be_noticed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LARGEST_BODY", 10**9)
    with pytest.raises(AssertionError):
        await test_a_person_is_told_on_a_page_in_their_language(town, "en", False)


async def _sends(
    town: Town, path: str, declared: bool, headers: dict[str, str], size: int = bodies.LARGEST_BODY + 1
) -> httpx.Response:
    """So many bytes; in pieces, and with nobody knowing how many there will be, when they are not `declared`."""
    whole = b"login=ken&password=".ljust(size, b"x")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 8192):
            yield whole[start : start + 8192]

    return await town.http.post(path, content=whole if declared else pieces(), headers=OURS | headers)
