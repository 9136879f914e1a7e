"""What a ticket's holder is told by program: all that is held about the visit; and to have it forgotten."""

from typing import Any

import pytest

from server.chance import new_token
from tests.api.conftest import Harbour, Held

SAID = {"name": "Ada Lovelace", "need": "wheelchair"}


async def held_about(ada: Held) -> dict[str, Any]:
    answer = await ada.get(f"{ada.path}/data")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def phone_file(here: Harbour, ada: Held) -> dict[str, Any]:
    """What the phone's page hands over as a file."""
    secret = str(ada.ticket["secret"])
    answer = await here.http.get(f"/t/{ada.id}/data.json", headers={"cookie": f"ticket_{ada.id}={secret}"})
    found: dict[str, Any] = answer.json()
    return found


async def test_a_program_is_told_what_the_phones_file_tells(everywhere: Harbour) -> None:
    ada = await everywhere.joins(**SAID)
    everything = await held_about(ada)
    assert everything == await phone_file(everywhere, ada)
    (ticket,) = everything["tickets"]
    assert (ticket["name"], ticket["need"], everything["retention_days"]) == ("Ada Lovelace", "wheelchair", 30)
    assert (ticket["events"][0]["move"], ticket["events"][0]["by"]) == ("join", "customer")
    assert everything["emptied_after"] is None


async def test_after_the_visit_the_rating_is_held_too_and_still_nobodys_name(everywhere: Harbour) -> None:
    ada = await everywhere.served()
    await ada.does("rating", {"score": 2, "not": ["prompt"], "comment": "Long"}, "PUT")
    everything = await held_about(ada)
    assert everything == await phone_file(everywhere, ada)
    assert (everything["rating"]["score"], everything["rating"]["comment"]) == (2, "Long")
    assert everything["emptied_after"] is not None
    assert "Ken" not in str(everything)


async def test_what_was_said_is_forgotten_and_the_place_stays(everywhere: Harbour) -> None:
    await everywhere.joins()
    ada = await everywhere.joins(**SAID)
    erased = await ada.does("data", method="DELETE")
    assert (erased.status_code, erased.json()["ticket"]) == (200, ada.id)
    (ticket,) = (await held_about(ada))["tickets"]
    assert (ticket["name"], ticket["need"], ticket["number"]) == (None, None, "A002")
    assert (await ada.stands())["ahead"] == 1


async def test_the_words_of_the_rating_go_and_its_score_stays(here: Harbour) -> None:
    ada = await here.served()
    await ada.does("rating", {"score": 5, "comment": "so kind"}, "PUT")
    await ada.does("data", method="DELETE")
    rating = (await held_about(ada))["rating"]
    assert (rating["score"], rating["comment"]) == (5, None)


async def test_asked_twice_with_one_key_it_is_forgotten_once(here: Harbour) -> None:
    ada, key = await here.joins(**SAID), new_token()
    answers = [await ada.does("data", method="DELETE", Idempotency_Key=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_nobody_but_the_holder_is_told_or_obeyed(here: Harbour, method: str) -> None:
    ada, bo = await here.joins(**SAID), await here.joins()
    asked = [await who.asks(method, f"{ada.path}/data") for who in (here.stranger, bo, here.ken, here.mira, here.door)]
    assert [answer.status_code for answer in asked] == [401, 404, 403, 403, 403]
    assert (await held_about(ada))["tickets"][0]["name"] == "Ada Lovelace"


async def test_forgetting_takes_no_words(here: Harbour) -> None:
    ada = await here.joins(**SAID)
    assert (await ada.does("data", {"all": True}, "DELETE")).status_code == 422
