"""A ticket in JSON: how it stands, and what its holder may do."""

from server.chance import new_token
from tests.api.conftest import Harbour


async def test_a_ticket_tells_its_holder_and_staff_the_same(everywhere: Harbour) -> None:
    here = everywhere
    await here.ken.post(f"{here.counter}/duty")
    await here.joins()
    bo = await here.joins()
    answer = await bo.get(bo.path)
    assert answer.status_code == 200
    body = answer.json()
    likely, at_most = body.pop("wait")
    assert 0 < likely <= at_most
    assert body == {
        "id": bo.id, "number": "A002", "service": "new-passport", "state": "waiting", "counter": None,
        "ahead": 1, "near": True, "version": body["version"], "visit": bo.id, "rating": None,
        "kept": None, "why": None,
    }  # fmt: skip
    assert (await here.ken.get(bo.path)).json() | {"near": True} == answer.json()


async def test_a_ticket_is_shown_to_nobody_else(here: Harbour) -> None:
    ada, bo = await here.joins(), await here.joins()
    assert (await here.stranger.get(ada.path)).status_code == 401
    assert (await bo.get(ada.path)).status_code == 404
    assert (await here.door.get(ada.path)).status_code in (401, 403)
    assert (await here.ken.get("/tickets/none")).status_code == 404


async def test_a_called_ticket_names_its_counter(here: Harbour) -> None:
    ada = await here.called()
    found = await ada.stands()
    assert found["counter"] == {"id": here.world.counters["1"], "label": "1"}
    assert (found["state"], found["ahead"], found["wait"]) == ("called", None, None)


async def test_events_tell_the_story_without_an_agents_name(here: Harbour) -> None:
    ada = await here.served()
    lines = (await ada.get(f"{ada.path}/events")).json()
    assert [line["move"] for line in lines] == ["join", "call", "start", "finish"]
    assert [(line["from"], line["to"]) for line in lines][:2] == [(None, "waiting"), ("waiting", "called")]
    assert [line["actor"] for line in lines] == ["customer", "staff", "staff", "staff"]
    assert [line["counter"] and line["counter"]["label"] for line in lines] == [None, "1", "1", "1"]
    assert lines[0]["at"].endswith("+00:00")
    assert set(lines[0]) == {"move", "from", "to", "at", "actor", "counter"}


async def test_events_are_for_the_holder_and_staff(here: Harbour) -> None:
    ada = await here.joins()
    assert (await here.mira.get(f"{ada.path}/events")).status_code == 200
    assert (await here.stranger.get(f"{ada.path}/events")).status_code == 401


async def test_an_expected_ticket_waits_once_its_holder_is_here(far: Harbour) -> None:
    wish = {"service": "renewals"}
    joined = (await far.stranger.post("/branches/harbour/tickets", wish, Idempotency_Key=new_token())).json()
    ada = await far.joins()
    ada.authorization, ada.ticket = f"Ticket {joined['secret']}", joined
    assert (await ada.does("arrival", {"presence": "wrong"})).status_code == 403
    arrived = await ada.does("arrival", {"presence": far.code()})
    assert (arrived.status_code, arrived.json()["state"]) == (200, "waiting")
    assert (await ada.does("arrival", {"presence": far.code()})).json()["type"] == "/problems/illegal-move"


async def test_an_agent_sees_somebody_arrive(far: Harbour) -> None:
    wish = {"service": "renewals"}
    joined = (await far.stranger.post("/branches/harbour/tickets", wish)).json()
    assert (await far.ken.post(f"/tickets/{joined['id']}/arrival")).json()["state"] == "waiting"


async def test_im_coming_is_for_who_was_called(here: Harbour) -> None:
    ada = await here.called()
    assert (await ada.does("acknowledgement")).status_code == 200
    bo = await here.joins()
    assert (await bo.does("acknowledgement")).status_code == 409
    assert (await here.ken.post(f"{ada.path}/acknowledgement")).status_code == 403


async def test_a_missed_customer_returns_once(here: Harbour) -> None:
    ada = await here.called()
    assert (await ada.does("return")).status_code == 409
    await here.ken.post(f"{ada.path}/miss")
    back = await ada.does("return")
    assert (back.json()["state"], back.json()["ahead"]) == ("waiting", 0)
    await here.ken.post(f"{here.counter}/calls")
    await here.ken.post(f"{ada.path}/miss")
    refused = await ada.does("return")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/return-used")


async def test_more_time_puts_one_behind_the_next(everywhere: Harbour) -> None:
    ada = await everywhere.joins()
    assert (await ada.does("postponement")).json()["type"] == "/problems/nobody-behind"
    await everywhere.joins()
    later = await ada.does("postponement")
    assert (later.json()["ahead"], later.json()["number"]) == (1, "A001")
    assert (await ada.stands())["ahead"] == 1


async def test_who_is_parked_says_when_they_are_ready(here: Harbour) -> None:
    ada = await here.serving()
    assert (await ada.does("readiness")).status_code == 409
    await here.ken.post(f"{ada.path}/parking")
    assert (await ada.does("readiness")).json()["state"] == "parked"
    assert (await here.ken.post(f"{here.counter}/calls")).json()["id"] == ada.id


async def test_the_service_can_be_changed_within_two_minutes(here: Harbour) -> None:
    ada = await here.joins()
    changed = await ada.asks("PATCH", ada.path, {"service": "renewals"})
    assert (changed.json()["id"], changed.json()["number"]) == (ada.id, "B001")
    here.clock.forward(minutes=3)
    late = await ada.asks("PATCH", ada.path, {"service": "new-passport"})
    assert late.json()["type"] == "/problems/change-too-late"


async def test_a_priority_is_given_by_staff_and_a_service_by_its_holder(here: Harbour) -> None:
    ada, bo = await here.joins(), await here.joins()
    first = await here.ken.asks("PATCH", bo.path, {"priority": "elderly"})
    assert (first.status_code, first.json()["ahead"]) == (200, 0)
    assert (await here.ken.asks("PATCH", bo.path, {"priority": None})).json()["ahead"] == 1
    assert (await ada.asks("PATCH", ada.path, {"priority": "elderly"})).status_code == 403
    assert (await here.ken.asks("PATCH", ada.path, {"service": "renewals"})).status_code == 403
    for nothing in ({}, {"service": None}, {"service": "renewals", "priority": None}):
        assert (await ada.asks("PATCH", ada.path, nothing)).status_code == 422


async def test_stepping_away_keeps_the_place(here: Harbour) -> None:
    ada = await here.joins()
    await here.joins()
    assert (await ada.does("absence")).json()["state"] == "away"
    assert (await ada.does("absence")).status_code == 409
    back = await here.ken.asks("DELETE", f"{ada.path}/absence")
    assert (back.json()["state"], back.json()["ahead"]) == ("waiting", 0)


async def test_a_holder_leaves_and_staff_remove_with_a_reason(here: Harbour) -> None:
    ada, bo = await here.joins(), await here.joins()
    assert (await ada.asks("DELETE", ada.path)).json()["state"] == "left"
    assert (await ada.asks("DELETE", ada.path)).status_code == 409
    without = await here.ken.asks("DELETE", bo.path)
    assert (without.status_code, without.json()["errors"][0]["code"]) == (422, "reason-needed")
    assert (await here.ken.asks("DELETE", bo.path, {"reason": "Joined twice"})).json()["state"] == "removed"


async def test_a_visit_is_rated_by_one_tap_and_rated_anew(everywhere: Harbour) -> None:
    ada = await everywhere.served()
    tap = await ada.does("rating", {"score": 4, "good": ["care"], "not": ["prompt"], "comment": "Kind"}, "PUT")
    assert tap.status_code == 200
    assert tap.json() == {"score": 4, "good": ["care"], "not": ["prompt"], "comment": "Kind"}
    await ada.does("rating", {"score": 5}, "PUT")
    assert (await ada.stands())["rating"] == {"score": 5, "good": [], "not": [], "comment": None}


async def test_a_rating_that_makes_no_sense_is_refused(here: Harbour) -> None:
    ada = await here.called()
    assert (await ada.does("rating", {"score": 5}, "PUT")).json()["type"] == "/problems/rating-too-early"
    beyond: tuple[dict[str, object], ...] = ({"score": 6}, {"score": 0}, {"score": "5"}, {})
    for tap in (*beyond, {"score": 5, "good": ["beard"]}, {"score": 5, "not_good": []}):
        assert (await ada.does("rating", tap, "PUT")).status_code == 422
    assert (await here.ken.asks("PUT", f"{ada.path}/rating", {"score": 5})).status_code == 403


async def test_a_holder_takes_back_their_own_step_and_no_other(here: Harbour) -> None:
    ada = await here.joins()
    await ada.asks("DELETE", ada.path)
    assert (await ada.does("undo")).json()["state"] == "waiting"
    await here.ken.post(f"{here.counter}/duty")
    await here.ken.post(f"{here.counter}/calls")
    assert (await ada.does("undo")).status_code == 403
    assert (await ada.does("undo", {"why": "?"})).status_code == 422
