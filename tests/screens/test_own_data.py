"""What a phone is told is held about it: shown, downloaded whole, erased at a tap."""

from typing import Any

import httpx2 as httpx
import pytest

from tests.screens.phones import Phone, Place

SAID = {"name": "Ada Lovelace", "need": "wheelchair"}


async def json_of(phone: Phone, address: str) -> Any:
    answer: httpx.Response = await phone.http.get(f"{address}/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="A001.json"'
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_the_ticket_leads_to_what_is_held_about_its_holder(here: Place) -> None:
    phone, address = await here.joined(**SAID)
    assert f'href="{address}/data"' in await phone.opens(address)
    page = await phone.opens(f"{address}/data")
    assert phone.headline() == "What we hold about you"
    assert ("Ada Lovelace" in page, "Wheelchair" in page, "30 days after your visit" in page) == (True, True, True)


async def test_a_need_is_told_in_the_language_of_who_reads_it(here: Place) -> None:
    phone, address = await here.joined(need="interpreter")
    assert "<dd>An interpreter</dd>" in await phone.opens(f"{address}/data")
    await phone.sends("/language", language="fr", back=f"{address}/data")
    assert "<dd>Un interprète</dd>" in phone.page


async def test_all_of_it_is_downloaded(here: Place) -> None:
    phone, address = await here.joined(**SAID)
    everything = await json_of(phone, address)
    assert [ticket["name"] for ticket in everything["tickets"]] == ["Ada Lovelace"]
    assert everything["tickets"][0]["events"][0]["move"] == "join"


async def test_one_tap_erases_it_and_the_place_stays(here: Place) -> None:
    phone, address = await here.joined(**SAID)
    await phone.opens(f"{address}/data")
    page = await phone.sends(f"{address}/erasure", key=phone.hidden("key"))
    assert ("Erased." in page, "Ada Lovelace" in page) == (True, False)
    assert "Ada" not in str(await json_of(phone, address))
    assert "Nobody is waiting before you" in await phone.opens(address) or "is-waiting" in phone.page


async def test_after_the_visit_the_words_of_the_rating_are_shown_and_erased_too(here: Place) -> None:
    phone, address = await here.served()
    await phone.sends(f"{address}/rating", score="5", comment="so kind", contact="ada@example.org", done="true")
    assert "ada@example.org" in await phone.opens(f"{address}/data")
    await phone.sends(f"{address}/erasure")
    everything = await json_of(phone, address)
    assert (everything["rating"]["score"], everything["rating"]["comment"]) == (5, None)


@pytest.mark.parametrize("page", ["/data", "/data.json", "/erasure"])
async def test_nobody_but_the_holder_is_told_or_obeyed(here: Place, page: str) -> None:
    phone, address = await here.joined(**SAID)
    other, _ = await here.joined()
    asked = other.sends(address + page) if page == "/erasure" else other.opens(address + page)
    assert "Ada Lovelace" not in await asked
    assert other.status == 404
    assert "Ada Lovelace" in await phone.opens(f"{address}/data")


async def test_who_told_nothing_has_nothing_to_erase(here: Place) -> None:
    phone, address = await here.joined()
    page = await phone.opens(f"{address}/data")
    assert ("Nothing that says who you are." in page, "/erasure" in page) == (True, False)
