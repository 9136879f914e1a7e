"""A branch in JSON: what it offers, its door, joining, and its tickets in order."""

from datetime import datetime

from server.chance import new_id, new_token
from tests.api.conftest import Harbour
from tests.told_waits import told

JOIN = "/branches/harbour/tickets"


async def test_a_branch_tells_its_services_in_the_language_asked_for(here: Harbour) -> None:
    await here.joins()
    answer = await here.stranger.get("/branches/harbour", Accept_Language="fr-CM, en;q=0.5")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": "harbour",
        "name": "Harbour Branch",
        "time_zone": "Africa/Lagos",
        "open": True,
        "kept": None,
        "services": [
            {
                "id": "new-passport",
                "name": "Nouveau passeport",
                "letter": "A",
                "open": True,
                "waiting": 1,
                "wait": None,
            },
            {"id": "renewals", "name": "Renouvellements", "letter": "B", "open": True, "waiting": 0, "wait": None},
        ],
    }


async def test_a_wait_is_told_once_a_counter_is_open(here: Harbour) -> None:
    await here.ken.post(f"{here.counter}/duty")
    await here.joins()
    services = (await here.stranger.get("/branches/harbour")).json()["services"]
    likely, at_most = services[0]["wait"]
    assert 0 < likely <= at_most


async def test_a_branch_and_its_tickets_tell_how_often_waits_were_kept(here: Harbour) -> None:
    await told(here.world, kept=95, broken=5)
    ada = await here.joins()
    await here.app.state.kit.honesty.count_one("harbour")
    assert (await here.stranger.get("/branches/harbour")).json()["kept"] == 9
    assert (await ada.stands())["kept"] == 9


async def test_an_unknown_branch_is_a_problem(here: Harbour) -> None:
    answer = await here.stranger.get("/branches/nowhere")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/page-moved-on"


async def test_guessing_branches_leaves_nothing_behind(here: Harbour) -> None:
    boards = here.app.state.kit.boards
    for name in ("a", "b", "c"):
        await here.stranger.get(f"/branches/{name}")
        await here.stranger.post(f"/branches/{name}/tickets", {"service": "renewals"})
    assert not {"a", "b", "c"} & ({*boards._boards} | {*boards._claimed} | {*boards._views})
    assert not len(boards._refreshed)


async def test_a_screen_gets_the_code_of_its_own_door(here: Harbour) -> None:
    answer = await here.door.get("/branches/harbour/presence")
    body = answer.json()
    assert answer.status_code == 200
    assert body["code"] == here.code()
    assert body["url"] == f"http://harbour.example/d/harbour/{body['code']}"
    assert 0 < (datetime.fromisoformat(body["until"]) - here.clock()).total_seconds() <= 30


async def test_only_a_screen_of_the_branch_gets_its_code(here: Harbour) -> None:
    assert (await here.stranger.get("/branches/harbour/presence")).status_code == 401
    assert (await here.ken.get("/branches/harbour/presence")).status_code == 401
    assert (await here.door.get("/branches/elsewhere/presence")).status_code == 403


async def test_joining_with_the_doors_code_gives_a_number_and_its_secret(everywhere: Harbour) -> None:
    here = everywhere
    await here.ken.post(f"{here.counter}/duty")
    first = (await here.joins()).ticket
    second = (await here.joins()).ticket
    assert [first["number"], second["number"]] == ["A001", "A002"]
    assert (first["state"], first["ahead"], second["ahead"]) == ("waiting", 0, 1)
    assert second["wait"][1] >= second["wait"][0] > 0
    assert second["version"] > first["version"]
    assert second["secret"] == here.world.presence.secret(second["id"], 1)
    assert second["url"] == f"http://harbour.example/keep#{second['id']}.{second['secret']}"


async def test_joining_with_a_pass_works_once(here: Harbour) -> None:
    held = here.world.presence.mint_pass("harbour", new_id(), here.world.devices["Door"], here.clock())
    wish = {"service": "renewals", "presence": held, "name": " Ada ", "language": "fr", "need": "step-free"}
    assert (await here.stranger.post(JOIN, wish)).json()["number"] == "B001"
    again = await here.stranger.post(JOIN, wish)
    assert again.status_code == 409
    assert again.json() | {"number": "B001"} == again.json()


async def test_an_old_a_foreign_and_no_code_are_refused(here: Harbour) -> None:
    old = here.code()
    here.clock.forward(minutes=5)
    foreign = here.world.presence.code("elsewhere", "door", here.clock()).text
    for presence, slug in (
        (old, "code-expired"),
        (foreign, "code-foreign"),
        ("nonsense", "code-altered"),
        (None, "pass-needed"),
    ):
        answer = await here.stranger.post(JOIN, {"service": "renewals", "presence": presence})
        assert (answer.status_code, answer.json()["type"]) == (403, f"/problems/{slug}")


async def test_from_afar_one_is_expected_until_one_arrives(far: Harbour) -> None:
    joined = await far.stranger.post(JOIN, {"service": "renewals"}, Idempotency_Key=new_token())
    assert joined.json()["state"] == "expected"
    assert joined.json()["ahead"] == 0


async def test_what_is_wrong_with_a_wish_is_said_field_by_field(here: Harbour) -> None:
    answer = await here.stranger.post(JOIN, {"service": 7, "presence": here.code(), "vip": True, "language": "?"})
    assert answer.status_code == 422
    found = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert found == {"#/service": "string-type", "#/vip": "extra-forbidden", "#/language": "string-pattern-mismatch"}
    unknown = await here.stranger.post(JOIN, {"service": "swimming", "presence": here.code()})
    assert unknown.json()["errors"][0]["code"] == "service-unknown"


async def test_staff_add_a_walk_in_and_a_kiosk_prints_one(here: Harbour) -> None:
    assert (await here.ken.post(JOIN, {"service": "renewals"})).json()["state"] == "waiting"
    assert (await here.door.post(JOIN, {"service": "renewals"})).json()["number"] == "B002"
    assert (await here.wall.post(JOIN, {"service": "renewals"})).status_code == 403
    listed = (await here.ken.get(JOIN)).json()
    assert [ticket["channel"] for ticket in listed] == ["agent", "kiosk"]


async def test_staff_see_the_tickets_in_the_order_they_will_be_served(everywhere: Harbour) -> None:
    here = everywhere
    ada = await here.joins(name="Ada")
    bo = await here.joins("renewals")
    elder = await here.joins(priority="elderly")
    numbers = [ticket["number"] for ticket in (await here.ken.get(JOIN)).json()]
    assert numbers == [elder.ticket["number"], ada.ticket["number"], bo.ticket["number"]]
    only = (await here.ken.get(f"{JOIN}?state=waiting&state=away&service=new-passport")).json()
    assert [(ticket["name"], ticket["priority"]) for ticket in only] == [(None, "elderly"), ("Ada", None)]
    assert (await here.ken.get(f"{JOIN}?state=served")).json() == []


async def test_a_rating_stands_beside_the_served_ticket(here: Harbour) -> None:
    ada = await here.served()
    await ada.does("rating", {"score": 5}, "PUT")
    listed = (await here.ken.get(f"{JOIN}?state=served")).json()
    assert [ticket["rating"]["score"] for ticket in listed] == [5]


async def test_only_staff_of_the_branch_see_its_tickets(here: Harbour) -> None:
    assert (await here.stranger.get(JOIN)).status_code == 401
    assert (await here.door.get(JOIN)).status_code == 403
    assert (await here.ken.get("/branches/elsewhere/tickets")).status_code == 403
    assert (await here.ken.get(f"{JOIN}?state=bored")).status_code == 422
    assert (await here.ken.get(f"{JOIN}?colour=red")).status_code == 422
