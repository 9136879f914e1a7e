"""Who may pass which door: every page and form, asked by everybody; and what asking must not do."""

import re

import httpx2 as httpx
import pytest

from tests.security.conftest import EVERYBODY, EVIL, HOST, Town, Way

SIGN_IN, NOT_YOURS, NOTHING_HERE = 401, 403, 404
STAFF = {"nobody", "kiosk", "lobby", "holder"}
REFUSED: dict[str, dict[str, int]] = {
    "anybody": {},
    "holder": dict.fromkeys(set(EVERYBODY) - {"holder"}, NOTHING_HERE),
    "kiosk": dict.fromkeys(set(EVERYBODY) - {"kiosk"}, NOT_YOURS),
    "lobby": dict.fromkeys(set(EVERYBODY) - {"lobby"}, NOT_YOURS),
    "staff": dict.fromkeys(STAFF, SIGN_IN),
    "managers": dict.fromkeys(STAFF, SIGN_IN) | {"agent": NOT_YOURS},
    "agent": dict.fromkeys(STAFF, SIGN_IN) | {"stranger": NOT_YOURS},
    "manager": dict.fromkeys(STAFF, SIGN_IN) | {"stranger": NOT_YOURS, "agent": NOT_YOURS},
}
"""Kind of door → who is refused, and how. The agent and the manager are of this branch, the stranger of another."""

DOORS = {
    "anybody": """
        GET / · GET /healthz · GET /readyz · GET /static/{digest}/{name:path} · POST /language
        GET /d/{branch_id}/{code} · GET /b/{branch_id} · GET /b/{branch_id}/services · POST /b/{branch_id}/tickets
        POST /b/{branch_id}/found · GET /keep · POST /keep · GET /pair · POST /pair
        GET /staff · POST /staff/session · GET /staff/enter · POST /staff/enter
    """,
    "holder": """
        GET /t/{ticket_id} · GET /t/{ticket_id}/card · GET /t/{ticket_id}/service · GET /t/{ticket_id}/keep
        POST /t/{ticket_id}/arrival · POST /t/{ticket_id}/service · POST /t/{ticket_id}/rating
        POST /t/{ticket_id}/{move}
    """,
    "kiosk": "GET /kiosk · GET /kiosk/code",
    "lobby": "GET /lobby · GET /lobby/code",
    "staff": "POST /staff/session/end · GET /staff/password · POST /staff/password · GET /counter",
    "managers": "GET /setup",
    "agent": """
        GET /counters/{counter_id} · POST /counters/{counter_id}/duty · POST /counters/{counter_id}/duty/break
        POST /counters/{counter_id}/duty/end · POST /counters/{counter_id}/calls · POST /counters/{counter_id}/recalls
        POST /counters/{counter_id}/service · POST /counters/{counter_id}/outcome · POST /counters/{counter_id}/miss
        POST /counters/{counter_id}/queue · POST /counters/{counter_id}/parking
        POST /counters/{counter_id}/unparking · POST /counters/{counter_id}/transfer
        POST /counters/{counter_id}/undo · POST /counters/{counter_id}/returns
        POST /counters/{counter_id}/comebacks · POST /counters/{counter_id}/arrivals
        POST /counters/{counter_id}/priorities · POST /counters/{counter_id}/removals
        POST /counters/{counter_id}/walk-in
    """,
    "manager": """
        GET /setup/{branch_id} · GET /setup/{branch_id}/branch · POST /setup/{branch_id}/branch
        POST /setup/{branch_id}/hours · POST /setup/{branch_id}/closures
        POST /setup/{branch_id}/closures/{day}/end · GET /setup/{branch_id}/services
        GET /setup/{branch_id}/services/new · POST /setup/{branch_id}/services
        GET /setup/{branch_id}/services/{service_id} · POST /setup/{branch_id}/services/{service_id}
        POST /setup/{branch_id}/services/{service_id}/place · POST /setup/{branch_id}/services/{service_id}/pause
        POST /setup/{branch_id}/services/{service_id}/pause/end
        POST /setup/{branch_id}/services/{service_id}/archive
        POST /setup/{branch_id}/services/{service_id}/archive/end
        POST /setup/{branch_id}/services/{service_id}/outcomes
        POST /setup/{branch_id}/services/{service_id}/outcomes/{outcome_id}
        POST /setup/{branch_id}/services/{service_id}/outcomes/{outcome_id}/archive
        POST /setup/{branch_id}/services/{service_id}/outcomes/{outcome_id}/archive/end
        GET /setup/{branch_id}/counters · GET /setup/{branch_id}/counters/new · POST /setup/{branch_id}/counters
        GET /setup/{branch_id}/counters/{counter_id} · POST /setup/{branch_id}/counters/{counter_id}
        POST /setup/{branch_id}/counters/{counter_id}/archive
        POST /setup/{branch_id}/counters/{counter_id}/archive/end
        GET /setup/{branch_id}/people · GET /setup/{branch_id}/people/new · POST /setup/{branch_id}/people
        GET /setup/{branch_id}/people/{staff_id} · POST /setup/{branch_id}/people/{staff_id}
        POST /setup/{branch_id}/people/{staff_id}/link · POST /setup/{branch_id}/people/{staff_id}/sessions/end
        POST /setup/{branch_id}/people/{staff_id}/removal
        GET /setup/{branch_id}/devices · POST /setup/{branch_id}/devices
        POST /setup/{branch_id}/devices/{device_id}/link · POST /setup/{branch_id}/devices/{device_id}/revocation
    """,
}
KIND_OF = {way: kind for kind, ways in DOORS.items() for way in re.split(r"\s*[·\n]\s*", ways.strip())}


def test_every_page_and_form_has_its_door(town: Town) -> None:
    """A new route without a row fails here: say who may pass it."""
    assert {str(way) for way in town.ways()} == set(KIND_OF)


@pytest.mark.parametrize("asker", EVERYBODY)
async def test_each_door_lets_in_whom_it_should_and_refuses_the_others(town: Town, asker: str) -> None:
    wrong = []
    for way in town.ways():
        answer = await town.asks(way, await town.who(asker))
        expected = REFUSED[KIND_OF[str(way)]].get(asker)
        refusal = _refusal(way, answer)
        if refusal == NOTHING_HERE and KIND_OF[str(way)] != "holder":
            refusal = None  # past the door: what it leads to is made up
        if refusal != expected:
            wrong.append(f"{way}: {answer.status_code}, but {expected or 'let in'}")
    assert not wrong, "\n".join(wrong)


async def test_a_door_that_lets_a_stranger_in_would_be_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.access.may", lambda *_: True)
    with pytest.raises(AssertionError, match="/setup"):
        await test_each_door_lets_in_whom_it_should_and_refuses_the_others(town, "stranger")


async def test_a_refusal_changes_nothing(town: Town) -> None:
    for asker in ("nobody", "stranger", "kiosk"):
        cookies = await town.who(asker)
        before = await town.rows()
        for way in town.ways():
            if asker in REFUSED[KIND_OF[str(way)]]:
                await town.asks(way, cookies)
        assert await town.rows() == before


async def test_asking_for_a_page_changes_nothing(town: Town) -> None:
    everything = await town.everybody()
    before = await town.rows()
    for way in town.ways():
        if way.method == "GET":
            await town.asks(way, everything)
            assert await town.rows() == before, f"{way} changed something"


async def test_a_page_that_changes_something_would_be_noticed(town: Town) -> None:
    before = await town.rows()
    await town.asks(Way("POST", "/counters/{counter_id}/duty"), await town.who("agent"))
    assert await town.rows() != before


@pytest.mark.parametrize(
    "source", [{"origin": EVIL}, {"origin": "null"}, {"referer": f"{EVIL}/page"}, {"origin": EVIL, "referer": HOST}, {}]
)
async def test_a_change_that_another_sites_page_asks_for_is_refused(town: Town, source: dict[str, str]) -> None:
    everything = await town.everybody()
    before = await town.rows()
    for way in town.ways():
        if way.method != "GET":
            answer = await town.asks(way, everything, headers=source)
            assert answer.status_code == NOT_YOURS, f"{way}: {answer.status_code}"
    assert await town.rows() == before


async def test_the_json_face_takes_a_cookie_only_from_our_own_page(town: Town) -> None:
    duty = Way("POST", "/api/v1/counters/{counter_id}/duty")
    ken = await town.who("agent")
    for source in ({"origin": EVIL}, {"referer": EVIL}, {}):
        assert (await town.asks(duty, ken, headers=source)).status_code == NOT_YOURS
    assert (await town.asks(duty, ken)).status_code == 200


@pytest.mark.parametrize(
    "source", [{"origin": HOST}, {"origin": "https://harbour.example"}, {"referer": f"{HOST}/counter"}]
)
async def test_our_own_pages_may_change_things_also_in_old_browsers(town: Town, source: dict[str, str]) -> None:
    """https: a proxy in front ends TLS, and the request itself looks like http."""
    duty = Way("POST", "/counters/{counter_id}/duty")
    assert (await town.asks(duty, await town.who("agent"), headers=source)).status_code == 303


async def test_without_a_page_and_without_cookies_there_is_nothing_to_misuse(town: Town) -> None:
    assert (await town.asks(Way("POST", "/language"), headers={}, data={"language": "fr"})).status_code == 303


async def test_a_key_is_no_browsers_doing(town: Town) -> None:
    key = next(person["key"] for person in town.made[0]["people"] if person["name"] == "Ken")
    duty = Way("POST", "/api/v1/counters/{counter_id}/duty")
    assert (await town.asks(duty, headers={"authorization": f"Bearer {key}"})).status_code == 200


def _refusal(way: Way, answer: httpx.Response) -> int | None:
    """401, 403 or 404, however it is said; None for whatever comes after the door."""
    status, location = answer.status_code, answer.headers.get("location", "")
    if status == 303 and way.method == "GET" and location.startswith("/staff?next="):
        return SIGN_IN
    return status if status in (SIGN_IN, NOT_YOURS, NOTHING_HERE) else None
