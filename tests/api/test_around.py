"""Around the JSON face: its description, its live frames once, and its health."""

import json
from typing import Any

import pytest

from tests.api.conftest import Harbour

ROWS = {
    "/branches/{branch_id}": "get",
    "/branches/{branch_id}/presence": "get",
    "/branches/{branch_id}/tickets": "get post",
    "/tickets/{ticket_id}": "get patch delete",
    "/tickets/{ticket_id}/events": "get",
    "/tickets/{ticket_id}/arrival": "post",
    "/tickets/{ticket_id}/acknowledgement": "post",
    "/tickets/{ticket_id}/return": "post",
    "/tickets/{ticket_id}/postponement": "post",
    "/tickets/{ticket_id}/readiness": "post",
    "/tickets/{ticket_id}/absence": "post delete",
    "/tickets/{ticket_id}/rating": "put",
    "/tickets/{ticket_id}/data": "get delete",
    "/counters/{counter_id}/duty": "post patch delete",
    "/counters/{counter_id}/calls": "post",
    "/tickets/{ticket_id}/recalls": "post",
    "/tickets/{ticket_id}/service": "post",
    "/tickets/{ticket_id}/miss": "post",
    "/tickets/{ticket_id}/queue": "post",
    "/tickets/{ticket_id}/parking": "post delete",
    "/tickets/{ticket_id}/outcome": "put",
    "/tickets/{ticket_id}/transfer": "post",
    "/tickets/{ticket_id}/undo": "post",
    "/live/tickets/{ticket_id}": "get",
    "/live/branches/{branch_id}": "get",
}


async def described(here: Harbour) -> dict[str, Any]:
    answer = await here.ken.get("/openapi.json")
    found: dict[str, Any] = answer.json()
    return found


async def test_the_description_names_every_row(here: Harbour) -> None:
    paths = (await described(here))["paths"]
    assert {path: set(operations) for path, operations in paths.items()} == {
        path: set(methods.split()) for path, methods in ROWS.items()
    }


async def test_the_description_is_openapi_3_1_and_whole(here: Harbour) -> None:
    found = await described(here)
    assert found["openapi"] == "3.1.0"
    schemas = found["components"]["schemas"]
    text = json.dumps(found)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    operations = [operation for path in found["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["tags"] for operation in operations)
    assert all("application/problem+json" in operation["responses"]["4XX"]["content"] for operation in operations)


@pytest.mark.parametrize("shape", ["Join", "TicketChange", "Tap", "Call", "Transfer", "TicketNow"])
async def test_the_description_gives_examples(here: Harbour, shape: str) -> None:
    assert (await described(here))["components"]["schemas"][shape]["examples"]


async def test_the_description_is_for_staff(here: Harbour) -> None:
    assert (await here.stranger.get("/openapi.json")).status_code == 401
    for address in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs"):
        assert (await here.http.get(address)).status_code == 404


async def test_a_tickets_frame_is_given_once(here: Harbour) -> None:
    ada = await here.joins()
    frame = (await ada.get(f"/live/tickets/{ada.id}")).json()
    assert set(frame) == {"e", "v", "m", "state", "ahead", "near", "wait", "now", "at"}
    assert (frame["state"], frame["ahead"], frame["at"]) == ("waiting", 0, int(here.clock().timestamp()))
    assert (await here.stranger.get(f"/live/tickets/{ada.id}")).status_code == 401


async def test_a_branchs_frame_is_given_once(here: Harbour) -> None:
    await here.called()
    for asker in (here.wall, here.ken):
        frame = (await asker.get("/live/branches/harbour")).json()
        assert [(call["number"], call["counter"]) for call in frame["calls"]] == [("A001", "1")]
        assert [service["waiting"] for service in frame["services"]] == [0, 0]
    assert (await here.stranger.get("/live/branches/harbour")).status_code == 401
    assert (await here.wall.get("/live/branches/elsewhere")).status_code == 403


async def test_health_is_told_to_everybody(here: Harbour) -> None:
    assert (await here.http.get("/healthz")).status_code == 200
    ready = await here.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": True, "bus": True, "disk": True})


async def test_a_server_whose_bus_is_away_says_so_and_still_serves(
    here: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here.app.state.bus, "is_up", lambda: False)
    ready = await here.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": True, "bus": False, "disk": True})


async def test_a_server_that_cannot_serve_says_so(here: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.health.LEAST_SPACE", 2**60)
    ready = await here.http.get("/readyz")
    assert (ready.status_code, ready.json()["disk"]) == (503, False)


async def test_the_description_says_who_may_ask(here: Harbour) -> None:
    paths = (await described(here))["paths"]
    ways = {
        (path, method): {name for way in operation.get("security", []) for name in way}
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert ways["/branches/{branch_id}", "get"] == set()
    assert ways["/branches/{branch_id}/presence", "get"] == {"device"}
    assert ways["/tickets/{ticket_id}/rating", "put"] == {"ticket"}
    assert ways["/tickets/{ticket_id}", "get"] == {"ticket", "staff"}
    assert ways["/counters/{counter_id}/calls", "post"] == {"staff"}
