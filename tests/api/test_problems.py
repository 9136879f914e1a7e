"""How the JSON face refuses: problems with a stable type, kind words, and nothing of what was sent."""

import httpx2 as httpx
import pytest

from server.chance import new_token
from server.web.limits import JOINS_PER_DEVICE
from tests.api.conftest import BASE, HOST, Harbour


async def test_a_refusal_is_a_problem_in_the_language_asked_for(here: Harbour) -> None:
    ada = await here.joins()
    english = await ada.does("acknowledgement")
    french = await ada.does("acknowledgement", Accept_Language="fr")
    assert english.headers["content-type"] == french.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(english.json())
    assert english.json()["type"] == french.json()["type"] == "/problems/illegal-move"
    assert english.json()["status"] == english.status_code == 409
    assert french.headers["content-language"] == "fr"
    assert french.json()["title"] != english.json()["title"]


async def test_who_is_not_known_is_told_the_ways_in(here: Harbour) -> None:
    answer = await here.stranger.get("/branches/harbour/tickets")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer, Ticket, Device"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/branches/harbour", 405)])
async def test_an_address_that_does_not_exist_is_a_problem(here: Harbour, method: str, path: str, status: int) -> None:
    answer = await here.stranger.asks(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_was_sent_is_never_repeated(here: Harbour) -> None:
    answer = await here.stranger.post("/branches/harbour/tickets", {"service": ["my secret"], "my secret": 1})
    assert answer.status_code == 422
    assert "my secret" not in answer.text.replace("#/my secret", "")


async def test_a_body_that_is_no_json_is_refused(here: Harbour) -> None:
    headers = {"Content-Type": "application/json", "Authorization": here.ken.authorization or ""}
    answer = await here.http.post(f"{BASE}/branches/harbour/tickets", content=b"{", headers=headers)
    assert answer.status_code == 422
    form = await here.http.post(f"{BASE}/branches/harbour/tickets", data={"service": "renewals"}, headers={})
    assert form.status_code == 422


async def test_a_body_beyond_all_measure_is_refused(here: Harbour) -> None:
    answer = await here.ken.post("/branches/harbour/tickets", {"service": "renewals", "need": "x" * 100_000})
    assert answer.status_code == 413


async def test_a_flood_through_one_door_is_told_when_to_come_back(here: Harbour) -> None:
    for _ in range(JOINS_PER_DEVICE.amount):
        await here.app.state.kit.limits.hit(JOINS_PER_DEVICE, "join", "harbour", here.world.devices["Door"])
    wish = {"service": "renewals", "presence": here.code()}
    answer = await here.stranger.post("/branches/harbour/tickets", wish, Idempotency_Key=new_token())
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(answer.json()["retry_after"])


async def test_a_fault_of_ours_is_a_problem_too(here: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(branch_id: str) -> None:
        raise RuntimeError("the inside of it")

    monkeypatch.setattr(here.app.state.kit, "board", broken)
    outside = httpx.ASGITransport(here.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=outside, base_url=HOST) as http:
        answer = await http.get(f"{BASE}/branches/harbour")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/unexpected")
    assert "the inside of it" not in answer.text


async def test_personal_answers_are_kept_by_nobody(here: Harbour) -> None:
    ada = await here.joins()
    assert (await ada.get(ada.path)).headers["cache-control"] == "no-store"


async def test_a_cookie_counts_only_from_our_own_page(here: Harbour) -> None:
    ada = await here.joins()
    cookie = f"ticket_{ada.id}={ada.ticket['secret']}"
    foreign = await here.stranger.asks("DELETE", ada.path, Cookie=cookie, Origin="http://evil.example")
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/foreign-origin")
    own = await here.stranger.asks("DELETE", ada.path, Cookie=cookie, Origin="http://harbour.example")
    assert own.json()["state"] == "left"
