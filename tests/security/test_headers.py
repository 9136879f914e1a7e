"""What every answer carries: no inline code, no frames, no guessing of types, and nothing personal in a cache."""

import re
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi import FastAPI

from server.web import pages
from server.web.who import DEVICE, SESSION, VISITOR
from tests.databases import copy_of
from tests.security.conftest import HOST, Town, town_of

ODD = (
    "/nowhere",
    "/static/x/nothing.css",
    "/static/x/live.js/deeper.css",
    "/static/x/%00.css",
    "/b/%00",
    "/d/harbour/x.y",
)
PUBLIC = ("/static/", "/healthz")  # nobody's page: may be kept


async def test_every_answer_of_every_page_carries_the_headers(town: Town) -> None:
    for asker in ("nobody", "manager"):
        for way in town.ways():
            answer = await town.asks(way, await town.who(asker))
            assert lacking(answer) == [], way


@pytest.mark.parametrize("path", [*ODD, "/api/v1/branches/harbour", "/api/v1/nothing", "/" + "x" * 4000])
async def test_also_what_is_not_there_carries_them_and_is_never_a_fault(town: Town, path: str) -> None:
    answer = await town.http.get(path)
    assert (lacking(answer), answer.status_code < 500) == ([], True)


async def test_also_a_fault_of_ours_carries_them_and_tells_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr("staff_console.sign_in._door", broken)
    answer = await town.http.get("/staff")
    assert (answer.status_code, lacking(answer)) == (500, [])
    assert "secret of the inside" not in answer.text


async def test_also_too_large_a_form_is_refused_with_them(town: Town) -> None:
    answer = await town.http.post("/staff/enter", data={"token": "x" * 100_000}, headers={"origin": HOST})
    assert (answer.status_code, lacking(answer)) == (413, [])


async def test_an_answer_without_the_headers_would_be_noticed() -> None:
    bare = FastAPI(openapi_url=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bare), base_url=HOST) as http:
        assert len(lacking(await http.get("/"))) > 3


async def test_no_page_has_inline_code_or_style(town: Town) -> None:
    everything = await town.everybody()
    for way in town.ways():
        if way.method == "GET":
            answer = await town.asks(way, everything)
            if "text/html" in answer.headers.get("content-type", ""):
                assert inline(answer.text) == [], way


@pytest.mark.parametrize(
    "planted", ["<p onclick=x>", '<p style="color:red">', "<script>x</script>", "<a href='javascript:x'>"]
)
def test_inline_code_would_be_noticed(planted: str) -> None:
    assert inline(planted)


async def test_nothing_personal_is_kept_in_a_cache(town: Town) -> None:
    everything = await town.everybody()
    for way in town.ways():
        if way.method == "GET" and not way.path.startswith(PUBLIC):
            answer = await town.asks(way, everything)
            if answer.status_code != 303:
                assert answer.headers["cache-control"] == "no-store", way
    key = next(person["key"] for person in town.made[0]["people"] if person["name"] == "Ken")
    listed = await town.http.get("/api/v1/branches/harbour/tickets", headers={"authorization": f"Bearer {key}"})
    assert ("Ada Lovelace" in listed.text, listed.headers["cache-control"]) == (True, "no-store")


async def test_only_the_named_content_of_a_file_is_kept_for_ever(town: Town) -> None:
    ours = await town.http.get(pages.static("phone.css"))
    assert "immutable" in ours.headers["cache-control"]
    other = await town.http.get("/static/0123456789/phone.css")  # of a version before or after this one
    assert "immutable" not in other.headers["cache-control"]


async def test_a_session_is_out_of_reach_of_scripts_and_other_sites(town: Town) -> None:
    entered = await town.http.post("/staff/enter", data={"token": town.links["Ken"]}, headers={"origin": HOST})
    assert flags(entered, SESSION) == {"httponly", "samesite=lax", "path=/"}


@pytest.mark.parametrize(("path", "who", "cookie"), [("/staff/enter", "Ken", SESSION), ("/pair", "Door", DEVICE)])
@pytest.mark.parametrize("proxy", ["127.0.0.1", "10.0.0.1"])
async def test_cookies_are_secure_when_a_trusted_proxy_says_so(
    sqlite_pattern: str, tmp_path: Path, path: str, who: str, cookie: str, proxy: str
) -> None:
    async with town_of(copy_of(sqlite_pattern, tmp_path), tmp_path, trusted_proxies=proxy) as town:
        told = {"x-forwarded-proto": "https", "origin": "https://harbour.example"}
        answer = await town.http.post(path, data={"token": town.links[who]}, headers=told)
        assert ("secure" in flags(answer, cookie)) == (proxy == "127.0.0.1")


@pytest.mark.parametrize(
    ("public", "asked", "secure"),
    [
        ("https://harbour.example", "harbour.example", True),
        ("https://harbour.example/", "harbour.example:8000", True),
        ("https://harbour.example", "127.0.0.1:8000", True),  # a proxy that does not pass on the host
        ("https://harbour.example", "192.168.1.5:8000", False),  # a screen in the branch's own network
        ("http://harbour.example", "harbour.example", False),
        ("", "harbour.example", False),
    ],
)
async def test_cookies_are_secure_where_the_public_address_is_https(
    sqlite_pattern: str, tmp_path: Path, public: str, asked: str, secure: bool
) -> None:
    """Whoever forgets TRUSTED_PROXIES must not lose a session to somebody who listens."""
    async with town_of(copy_of(sqlite_pattern, tmp_path), tmp_path, public_url=public) as town:
        told = {"origin": public or f"http://{asked}", "host": asked}
        door = f"/d/harbour/{town.world.presence.code('harbour', town.world.devices['Door'], town.clock()).text}"
        entered = await town.http.post("/staff/enter", data={"token": town.links["Ken"]}, headers=told)
        scanned = await town.http.get(door, headers={"host": asked})
    assert ["secure" in flags(entered, SESSION), "secure" in flags(scanned, VISITOR)] == [secure, secure]


def lacking(answer: httpx.Response) -> list[str]:
    """What an answer's headers should say and do not."""
    policy = answer.headers.get("content-security-policy", "")
    wanted = {
        "default-src 'none'": policy,
        "script-src 'self';": policy,
        "style-src 'self';": policy,
        "frame-ancestors 'none'": policy,
        "base-uri 'none'": policy,
        "form-action 'self'": policy,
        "nosniff": answer.headers.get("x-content-type-options", ""),
        "DENY": answer.headers.get("x-frame-options", ""),
        "same-origin": answer.headers.get("referrer-policy", ""),
    }
    unsafe = [word for word in ("unsafe-inline", "unsafe-eval", "*") if word in policy]
    return unsafe + [word for word, place in wanted.items() if word not in place]


def inline(html: str) -> list[str]:
    """Code or style that stands in the page itself."""
    patterns = (r"<[^>]+\son\w+\s*=", r"<[^>]+\sstyle\s*=", r"<script(?![^>]*\ssrc=)", r"<style", r"javascript:")
    return [pattern for pattern in patterns if re.search(pattern, html, re.IGNORECASE)]


def flags(answer: httpx.Response, name: str) -> set[str]:
    """How a cookie is set, without its value and how long it lasts."""
    line = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}="))
    parts = {part.strip().lower() for part in line.split(";")[1:]}
    return {part for part in parts if not part.startswith(("max-age", "expires"))}
