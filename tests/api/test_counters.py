"""A counter in JSON: taking it, calling, and what happens with the customer there."""

import pytest

from tests.api.conftest import Harbour


async def test_an_agent_takes_a_counter_and_leaves_it(everywhere: Harbour) -> None:
    here = everywhere
    taken = await here.ken.post(f"{here.counter}/duty", {"services": ["renewals"]})
    assert taken.status_code == 200
    body = taken.json()
    assert (body["counter"], body["services"], body["ended"]) == (here.world.counters["1"], ["renewals"], False)
    assert body["staff"] == here.world.ken.id
    assert (await here.ken.asks("DELETE", f"{here.counter}/duty")).json()["ended"] is True
    assert (await here.ken.asks("DELETE", f"{here.counter}/duty")).json()["type"] == "/problems/not-at-counter"


async def test_a_taken_counter_says_who_stands_there(here: Harbour) -> None:
    await here.ken.post(f"{here.counter}/duty")
    refused = await here.lola.post(f"{here.counter}/duty")
    assert (refused.status_code, refused.json()["name"]) == (409, "Ken")
    assert (await here.ken.post(f"{here.counter}/duty", {"services": ["swimming"]})).status_code == 422
    assert (await here.ken.post(f"{here.counter}/duty", {"services": []})).status_code == 422


async def test_only_staff_take_a_counter(here: Harbour) -> None:
    ada = await here.joins()
    assert (await here.stranger.post(f"{here.counter}/duty")).status_code == 401
    assert (await ada.post(f"{here.counter}/duty")).status_code == 403
    assert (await here.ken.post("/counters/none/duty")).status_code == 404


async def test_a_break_may_name_its_end(here: Harbour) -> None:
    await here.ken.post(f"{here.counter}/duty")
    until = "2026-11-23T13:30:00+01:00"
    away = await here.ken.asks("PATCH", f"{here.counter}/duty", {"on_break": True, "back_at": until})
    assert (away.json()["on_break"], away.json()["back_at"][:16]) == (True, "2026-11-23T13:30")
    assert (await here.ken.post(f"{here.counter}/calls")).json()["type"] == "/problems/on-break"
    assert (await here.ken.asks("PATCH", f"{here.counter}/duty", {"on_break": False})).json()["on_break"] is False
    for nonsense in ({}, {"on_break": "yes"}, {"on_break": True, "back_at": "2026-11-23T13:30:00"}):
        assert (await here.ken.asks("PATCH", f"{here.counter}/duty", nonsense)).status_code == 422


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_break_ends_at_a_moment_that_a_clock_can_show(here: Harbour, never: str) -> None:
    await here.ken.post(f"{here.counter}/duty")
    refused = await here.ken.asks("PATCH", f"{here.counter}/duty", {"on_break": True, "back_at": never})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/back_at")
    assert (await here.ken.asks("PATCH", f"{here.counter}/duty", {"on_break": False})).status_code == 200


async def test_leaving_asks_where_parked_people_go(here: Harbour) -> None:
    ada = await here.serving()
    await here.ken.post(f"{ada.path}/parking")
    asked = await here.ken.asks("DELETE", f"{here.counter}/duty")
    assert (asked.status_code, asked.json()["type"]) == (409, "/problems/parked-remain")
    assert (await here.ken.asks("DELETE", f"{here.counter}/duty", {"parked": "burn"})).status_code == 422
    assert (await here.ken.asks("DELETE", f"{here.counter}/duty", {"parked": "transfer"})).json()["ended"] is True
    assert (await ada.stands())["state"] == "waiting"


async def test_the_next_is_called_and_then_nobody_waits(everywhere: Harbour) -> None:
    here = everywhere
    ada = await here.joins()
    await here.ken.post(f"{here.counter}/duty")
    called = await here.ken.post(f"{here.counter}/calls")
    assert called.status_code == 201
    assert called.json() == {
        "id": ada.id, "number": "A001", "service": "new-passport", "state": "called",
        "counter": {"id": here.world.counters["1"], "label": "1"}, "ahead": None, "near": False, "wait": None,
        "version": called.json()["version"], "visit": ada.id, "rating": None,
    }  # fmt: skip
    busy = await here.ken.post(f"{here.counter}/calls", {})
    assert (busy.status_code, busy.json()["number"]) == (409, "A001")
    await here.ken.post(f"{ada.path}/miss")
    nobody = await here.ken.post(f"{here.counter}/calls")
    assert (nobody.status_code, nobody.json()) == (200, None)


async def test_a_chosen_ticket_needs_a_reason(here: Harbour) -> None:
    await here.joins()
    bo = await here.joins()
    await here.ken.post(f"{here.counter}/duty")
    without = await here.ken.post(f"{here.counter}/calls", {"ticket": bo.id})
    assert (without.status_code, without.json()["errors"][0]["code"]) == (422, "reason-needed")
    assert (await here.ken.post(f"{here.counter}/calls", {"reason": "Because"})).status_code == 422
    chosen = await here.ken.post(f"{here.counter}/calls", {"ticket": bo.id, "reason": "Comes with a baby"})
    assert (chosen.status_code, chosen.json()["number"]) == (201, "A002")


async def test_a_lost_race_says_who_won(here: Harbour) -> None:
    ada = await here.called()
    await here.lola.post(f"{here.other_counter}/duty")
    lost = await here.lola.post(f"{here.other_counter}/calls", {"ticket": ada.id, "reason": "Hers"})
    assert lost.status_code == 409
    assert lost.json() | {"type": "/problems/already-called-last", "number": "A001", "counter": "1"} == lost.json()


async def test_only_who_stands_there_calls(here: Harbour) -> None:
    await here.ken.post(f"{here.counter}/duty")
    assert (await here.lola.post(f"{here.counter}/calls")).json()["type"] == "/problems/not-at-counter"
    assert (await here.stranger.post(f"{here.counter}/calls")).status_code == 401
    assert (await here.ken.post(f"{here.counter}/calls", {"vip": True})).status_code == 422


async def test_calling_again_too_soon_is_refused(here: Harbour) -> None:
    ada = await here.called()
    soon = await here.ken.post(f"{ada.path}/recalls")
    assert (soon.status_code, soon.json()["seconds"]) == (409, 16)
    here.clock.forward(seconds=20)
    assert (await here.ken.post(f"{ada.path}/recalls")).status_code == 200


async def test_a_customer_is_served_with_an_outcome(everywhere: Harbour) -> None:
    here = everywhere
    ada = await here.called()
    early = await here.ken.asks("PUT", f"{ada.path}/outcome", {"outcome": "resolved"})
    assert early.json()["type"] == "/problems/illegal-move"
    assert (await here.ken.post(f"{ada.path}/service")).json()["state"] == "serving"
    assert (await here.ken.post(f"{ada.path}/service")).status_code == 409
    unknown = await here.ken.asks("PUT", f"{ada.path}/outcome", {"outcome": "magic"})
    assert unknown.json()["errors"][0]["pointer"] == "#/outcome"
    done = await here.ken.asks("PUT", f"{ada.path}/outcome", {"outcome": "resolved", "note": "Collects on Friday"})
    assert (done.status_code, done.json()["state"]) == (200, "served")


async def test_somebody_not_here_is_missed_or_put_back(here: Harbour) -> None:
    ada = await here.called()
    back = await here.ken.post(f"{ada.path}/queue")
    assert (back.json()["state"], back.json()["ahead"], back.json()["counter"]) == ("waiting", 0, None)
    assert (await here.ken.post(f"{ada.path}/queue")).status_code == 409
    await here.ken.post(f"{here.counter}/calls")
    assert (await here.ken.post(f"{ada.path}/miss")).json()["state"] == "missed"
    assert (await here.ken.post(f"{ada.path}/miss")).status_code == 409


async def test_parking_keeps_somebody_for_the_counter(here: Harbour) -> None:
    ada = await here.serving()
    assert (await here.ken.post(f"{ada.path}/parking")).json()["state"] == "parked"
    assert (await here.ken.post(f"{ada.path}/parking")).status_code == 409
    await here.lola.post(f"{here.other_counter}/duty")
    assert (await here.lola.asks("DELETE", f"{ada.path}/parking")).json()["type"] == "/problems/parked-elsewhere"
    assert (await here.ken.asks("DELETE", f"{ada.path}/parking")).json()["state"] == "serving"


async def test_a_transfer_keeps_ticket_and_number(here: Harbour) -> None:
    ada = await here.serving()
    for wrong in ({}, {"service": "renewals", "counter": "x"}, {"service": "renewals", "place": "middle"}):
        assert (await here.ken.post(f"{ada.path}/transfer", wrong)).status_code == 422
    moved = await here.ken.post(f"{ada.path}/transfer", {"service": "renewals", "place": "front"})
    assert (moved.json()["id"], moved.json()["number"], moved.json()["service"]) == (ada.id, "A001", "renewals")
    assert (await ada.stands())["state"] == "waiting"


async def test_a_step_is_taken_back_by_who_made_it_or_a_manager(everywhere: Harbour) -> None:
    here = everywhere
    ada = await here.called()
    await here.lola.post(f"{here.other_counter}/duty")
    assert (await here.lola.post(f"{ada.path}/undo")).status_code == 403
    assert (await here.mira.post(f"{ada.path}/undo")).json()["state"] == "waiting"
    await here.ken.post(f"{here.counter}/calls")
    assert (await here.ken.post(f"{ada.path}/undo")).json()["state"] == "waiting"
    assert (await here.ken.post(f"{ada.path}/undo")).status_code == 409


async def test_a_holder_does_nothing_of_an_agents(here: Harbour) -> None:
    ada = await here.called()
    for noun in ("recalls", "service", "miss", "queue", "parking"):
        assert (await ada.does(noun)).status_code == 403
    assert (await ada.does("outcome", {}, "PUT")).status_code == 403
    assert (await ada.does("transfer", {"service": "renewals"})).status_code == 403
    assert (await ada.stands())["state"] == "called"
