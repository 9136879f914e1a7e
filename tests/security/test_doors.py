"""Who may pass which door: every page and form, asked by everybody; and what asking must not do."""

import re

import httpx2 as httpx
import pytest

from server.live.wire import Close
from tests.security.conftest import EVERYBODY, EVIL, HOST, Town, Way

SIGN_IN, NOT_YOURS, NOTHING_HERE = 401, 403, 404
MATRIX = """
kind            nobody holder kiosk lobby agent manager admin   far: holder kiosk lobby agent manager admin   everywhere
anybody           in     in    in    in    in     in     in            in    in    in    in     in     in         in
holder           404     in   404   404   404    404    404           404   404   404   404    404    404        404
kiosk            403    403    in   403   403    403    403           403    in   403   403    403    403        403
lobby            403    403   403    in   403    403    403           403   403    in   403    403    403        403
staff            401    401   401   401    in     in     in           401   401   401    in     in     in         in
managers         401    401   401   401   403     in     in           401   401   401   403     in     in         in
agent            401    401   401   401    in     in     in           401   401   401   403    403    403         in
manager          401    401   401   401   403     in     in           401   401   401   403    403    403         in
admin            401    401   401   401   403    403     in           401   401   401   403    403    403         in
owner            401    401   401   401   403    403    403           401   401   401   403    403    403         in
json-holder      401     in   401   401   403    403    403           401   401   401   403    403    403        403
json-ticket      401     in   401   401    in     in     in           401   401   401   403    403    403         in
json-screen      401    401    in    in   401    401    401           401   403   403   401    401    401        401
json-watcher     401    401    in    in    in     in     in           401   403   403   403    403    403         in
socket-ticket    403     in   403   403   403    403    403           403   403   403   403    403    403        403
socket-branch    403    403    in    in    in     in     in           403   403   403   403    403    403         in
socket-counter   403    403   403   403    in     in     in           403   403   403   403    403    403         in
socket-floor     403    403   403   403   403     in     in           403   403   403   403    403    403         in
"""
"""Kind of door × who asks: let in, or refused, and how. What is asked for is Harbour Branch's; far is Market Branch."""

COLUMNS, *ROWS = [line.replace("far: ", "").split() for line in MATRIX.strip().splitlines()]
CELLS = {
    kind: {asker: None if cell == "in" else int(cell) for asker, cell in zip(EVERYBODY, cells, strict=True)}
    for kind, *cells in ROWS
}

DOORS = {
    "anybody": """
        GET / · GET /healthz · GET /readyz · GET /static/{digest}/{name:path} · GET /logo/{branch_id}/{digest}
        POST /language · GET /b/{branch_id}/notice
        GET /d/{branch_id}/{code} · GET /b/{branch_id} · GET /b/{branch_id}/services · POST /b/{branch_id}/tickets
        POST /b/{branch_id}/found · GET /keep · POST /keep · GET /pair · POST /pair
        GET /staff · POST /staff/session · GET /staff/enter · POST /staff/enter · GET /staff/code · POST /staff/code
        GET /api/v1/branches/{branch_id} · POST /api/v1/branches/{branch_id}/tickets
    """,
    "holder": """
        GET /t/{ticket_id} · GET /t/{ticket_id}/card · GET /t/{ticket_id}/service · GET /t/{ticket_id}/keep
        POST /t/{ticket_id}/arrival · POST /t/{ticket_id}/service · POST /t/{ticket_id}/rating
        POST /t/{ticket_id}/{move} · GET /t/{ticket_id}/data · GET /t/{ticket_id}/data.json
        POST /t/{ticket_id}/erasure
    """,
    "kiosk": "GET /kiosk · GET /kiosk/code · WS /live/kiosk",
    "lobby": "GET /lobby · GET /lobby/code · WS /live/lobby",
    "staff": """
        POST /staff/session/end · GET /staff/password · POST /staff/password · GET /counter
        GET /staff/me · POST /staff/me/sessions/end · POST /staff/me/sessions/{session_id}/end
        GET /staff/codes · POST /staff/codes · POST /staff/codes/recovery · POST /staff/codes/end
        GET /api/v1/openapi.json
    """,
    "managers": "GET /setup · GET /floor · GET /reports · GET /metrics",
    "owner": "POST /setup",
    "admin": "POST /setup/{branch_id}/archive · POST /setup/{branch_id}/archive/end",
    "agent": """
        GET /counters/{counter_id} · POST /counters/{counter_id}/duty · POST /counters/{counter_id}/duty/break
        POST /counters/{counter_id}/duty/end · POST /counters/{counter_id}/calls · POST /counters/{counter_id}/recalls
        POST /counters/{counter_id}/service · POST /counters/{counter_id}/outcome · POST /counters/{counter_id}/miss
        POST /counters/{counter_id}/queue · POST /counters/{counter_id}/parking
        POST /counters/{counter_id}/unparking · POST /counters/{counter_id}/transfer
        POST /counters/{counter_id}/undo · POST /counters/{counter_id}/returns
        POST /counters/{counter_id}/comebacks · POST /counters/{counter_id}/arrivals
        POST /counters/{counter_id}/priorities · POST /counters/{counter_id}/removals
        POST /counters/{counter_id}/walk-in · POST /counters/{counter_id}/help
        GET /api/v1/branches/{branch_id}/tickets · POST /api/v1/tickets/{ticket_id}/recalls
        POST /api/v1/tickets/{ticket_id}/service · PUT /api/v1/tickets/{ticket_id}/outcome
        POST /api/v1/tickets/{ticket_id}/miss · POST /api/v1/tickets/{ticket_id}/queue
        POST /api/v1/tickets/{ticket_id}/parking · DELETE /api/v1/tickets/{ticket_id}/parking
        POST /api/v1/tickets/{ticket_id}/transfer · POST /api/v1/counters/{counter_id}/duty
        PATCH /api/v1/counters/{counter_id}/duty · DELETE /api/v1/counters/{counter_id}/duty
        POST /api/v1/counters/{counter_id}/calls
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
        POST /setup/{branch_id}/counters/{counter_id}/archive/end · GET /setup/{branch_id}/privacy
        GET /setup/{branch_id}/priorities · GET /setup/{branch_id}/priorities/new · POST /setup/{branch_id}/priorities
        GET /setup/{branch_id}/priorities/{priority_id} · POST /setup/{branch_id}/priorities/{priority_id}
        POST /setup/{branch_id}/priorities/{priority_id}/place
        POST /setup/{branch_id}/priorities/{priority_id}/archive
        POST /setup/{branch_id}/priorities/{priority_id}/archive/end
        GET /setup/{branch_id}/trail · GET /setup/{branch_id}/opening
        POST /setup/{branch_id}/opening · POST /setup/{branch_id}/opening/end · POST /setup/{branch_id}/opening/clearing
        GET /setup/{branch_id}/look · POST /setup/{branch_id}/look
        POST /setup/{branch_id}/look/logo · POST /setup/{branch_id}/look/logo/end
        GET /setup/{branch_id}/file · GET /setup/{branch_id}/file/download · POST /setup/{branch_id}/file
        POST /setup/{branch_id}/file/changes
        GET /setup/{branch_id}/rules · POST /setup/{branch_id}/rules
        POST /setup/{branch_id}/rules/retention · POST /setup/{branch_id}/rules/languages
        GET /setup/{branch_id}/waits · POST /setup/{branch_id}/waits/{service_id}
        GET /setup/{branch_id}/people · GET /setup/{branch_id}/people/new · POST /setup/{branch_id}/people
        GET /setup/{branch_id}/people/import · POST /setup/{branch_id}/people/import
        POST /setup/{branch_id}/people/import/invitations
        GET /setup/{branch_id}/people/{staff_id} · POST /setup/{branch_id}/people/{staff_id}
        POST /setup/{branch_id}/people/{staff_id}/roles
        POST /setup/{branch_id}/people/{staff_id}/link · POST /setup/{branch_id}/people/{staff_id}/sessions/end
        POST /setup/{branch_id}/people/{staff_id}/sessions/{session_id}/end
        POST /setup/{branch_id}/people/{staff_id}/codes/end · POST /setup/{branch_id}/people/{staff_id}/removal
        GET /setup/{branch_id}/devices · POST /setup/{branch_id}/devices
        POST /setup/{branch_id}/devices/{device_id}/link · POST /setup/{branch_id}/devices/{device_id}/revocation
        GET /floor/{branch_id} · GET /floor/{branch_id}/one-more · POST /floor/{branch_id}/undo
        GET /floor/{branch_id}/services/{service_id} · POST /floor/{branch_id}/services/{service_id}/pause
        POST /floor/{branch_id}/services/{service_id}/opening · POST /floor/{branch_id}/walk-in
        GET /floor/{branch_id}/notice · POST /floor/{branch_id}/notice · POST /floor/{branch_id}/notice/end
        POST /floor/{branch_id}/help · POST /floor/{branch_id}/help/end · GET /floor/{branch_id}/walk-in
        GET /floor/{branch_id}/counters/{counter_id} · POST /floor/{branch_id}/counters/{counter_id}
        GET /reports/{branch_id} · GET /reports/{branch_id}/report.csv · GET /reports/{branch_id}/report.xlsx
    """,
    "json-holder": """
        POST /api/v1/tickets/{ticket_id}/acknowledgement · POST /api/v1/tickets/{ticket_id}/postponement
        PUT /api/v1/tickets/{ticket_id}/rating
        GET /api/v1/tickets/{ticket_id}/data · DELETE /api/v1/tickets/{ticket_id}/data
    """,
    "json-ticket": """
        GET /api/v1/tickets/{ticket_id} · GET /api/v1/tickets/{ticket_id}/events · PATCH /api/v1/tickets/{ticket_id}
        POST /api/v1/tickets/{ticket_id}/arrival · POST /api/v1/tickets/{ticket_id}/return
        POST /api/v1/tickets/{ticket_id}/readiness · POST /api/v1/tickets/{ticket_id}/absence
        DELETE /api/v1/tickets/{ticket_id}/absence · POST /api/v1/tickets/{ticket_id}/undo
        DELETE /api/v1/tickets/{ticket_id} · GET /api/v1/live/tickets/{ticket_id}
    """,
    "json-screen": "GET /api/v1/branches/{branch_id}/presence",
    "json-watcher": "GET /api/v1/live/branches/{branch_id}",
    "socket-ticket": "WS /api/v1/live/tickets/{ticket_id}",
    "socket-branch": "WS /api/v1/live/branches/{branch_id}",
    "socket-counter": "WS /live/counters/{counter_id}",
    "socket-floor": "WS /live/floor/{branch_id}",
}
"""Kind of door → what stands behind it. A new route is one more entry here."""

KIND_OF = {way: kind for kind, ways in DOORS.items() for way in re.split(r"\s*[·\n]\s*", ways.strip())}


def all_ways(town: Town) -> list[Way]:
    return [*town.ways(), *town.api_ways(), *town.socket_ways()]


def test_the_matrix_names_everybody_who_could_ask() -> None:
    assert COLUMNS[1:] == [asker.removeprefix("far-") for asker in EVERYBODY]
    assert set(CELLS) == set(DOORS)


def test_every_route_has_its_door(town: Town) -> None:
    """A new route without a row fails here: say who may pass it."""
    assert {str(way) for way in all_ways(town)} == set(KIND_OF)


@pytest.mark.parametrize("asker", EVERYBODY)
async def test_each_door_lets_in_whom_it_should_and_refuses_the_others(town: Town, asker: str) -> None:
    wrong, cookies = [], await town.who(asker)
    for way in all_ways(town):
        kind = KIND_OF[str(way)]
        refusal = await _socket(town, way, cookies) if way.method == "WS" else await _page(town, way, cookies, kind)
        expected = CELLS[kind][asker]
        if refusal != expected:
            wrong.append(f"{way}: {refusal or 'let in'}, but {expected or 'let in'}")
        if way.method == "POST" and way.path.startswith("/staff"):  # some of them sign out
            cookies = await town.who(asker)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("asker", "where"), [("far-manager", "/setup"), ("far-agent", "WS /live"), ("agent", "/setup")]
)
async def test_a_door_that_lets_a_stranger_in_would_be_noticed(
    town: Town, monkeypatch: pytest.MonkeyPatch, asker: str, where: str
) -> None:
    monkeypatch.setattr("server.access.may", lambda *_: True)
    with pytest.raises(AssertionError, match=where):
        await test_each_door_lets_in_whom_it_should_and_refuses_the_others(town, asker)


async def test_a_route_without_a_row_and_a_row_without_its_check_would_be_noticed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.app.add_api_route("/setup/{branch_id}/planted", lambda branch_id: "everything")
    with pytest.raises(AssertionError, match="planted"):
        test_every_route_has_its_door(town)
    monkeypatch.setitem(KIND_OF, "GET /setup/{branch_id}/planted", "manager")
    for asker in ("nobody", "agent", "far-admin"):
        with pytest.raises(AssertionError, match="planted: let in"):
            await test_each_door_lets_in_whom_it_should_and_refuses_the_others(town, asker)


async def test_a_wrong_cell_would_be_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CELLS, "json-screen", dict.fromkeys(EVERYBODY))
    with pytest.raises(AssertionError, match="presence: 401, but let in"):
        await test_each_door_lets_in_whom_it_should_and_refuses_the_others(town, "agent")


async def test_a_refusal_changes_nothing(town: Town) -> None:
    for asker in ("nobody", "far-manager", "far-agent", "kiosk"):
        cookies = await town.who(asker)
        before = await town.rows()
        for way in (*town.ways(), *town.api_ways()):
            if CELLS[KIND_OF[str(way)]][asker]:
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


async def _page(town: Town, way: Way, cookies: dict[str, str], kind: str) -> int | None:
    refusal = _refusal(way, await town.asks(way, cookies))
    # Past any other door a 404 says that what it leads to is made up.
    return None if refusal == NOTHING_HERE and kind != "holder" else refusal


async def _socket(town: Town, way: Way, cookies: dict[str, str]) -> int | None:
    code = await town.watches(way, cookies)
    assert code in (None, Close.NOT_YOURS), f"{way}: {code}"
    return NOT_YOURS if code else None


def _refusal(way: Way, answer: httpx.Response) -> int | None:
    """401, 403 or 404, however it is said; None for whatever comes after the door."""
    status, location = answer.status_code, answer.headers.get("location", "")
    if status == 303 and way.method == "GET" and location.startswith("/staff?next="):
        return SIGN_IN
    if status == NOT_YOURS and re.search("/problems/(pass|code)-", answer.text):
        return None  # past the door of the ticket; what is missing is that of the branch
    return status if status in (SIGN_IN, NOT_YOURS, NOTHING_HERE) else None
