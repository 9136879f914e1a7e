"""Arriving with a phone: the door's code, the services, one tap, and what happens when the code is not good."""

import re

import pytest

from server.actions.arranging import place
from tests.screens.phones import HTMX, Place

FIRST_VISIT = 30_000  # bytes, compressed: seconds on a slow line
REQUESTS = 4


async def test_the_doors_code_opens_the_services_with_their_waits(here: Place) -> None:
    await here.ken.takes("1")
    await here.joined()
    ada = await here.at_the_door()
    assert ada.headline() == "How may we assist you?"
    assert "1 person waiting" in ada.page
    assert "Nobody waiting" in ada.page
    assert "name=service value=new-passport" in ada.page


async def test_one_tap_gives_a_number(here: Place) -> None:
    ada, address = await here.joined()
    assert 'aria-label="A001"' in ada.page
    assert ada.headline() == "You are next"
    assert (await here.world.ticket(address[3:])).channel == "phone"


async def test_the_same_tap_twice_gives_the_same_number(here: Place) -> None:
    ada = await here.at_the_door()
    tap = ada.tap()
    await ada.sends("/b/harbour/tickets", **tap)
    first = ada.path
    await ada.sends("/b/harbour/tickets", **tap)
    assert ada.path == first
    assert ada.status == 200


async def test_a_tap_that_the_network_lost_may_be_made_again_by_a_phone_without_cookies(here: Place) -> None:
    ada = await here.at_the_door()
    tap = ada.tap()
    ada.http.cookies.clear()
    await ada.sends("/b/harbour/tickets", **tap)
    first = ada.path
    ada.http.cookies.clear()
    await ada.sends("/b/harbour/tickets", **tap)
    assert (ada.path, ada.status) == (first, 200)


async def test_with_a_script_the_ticket_comes_into_the_same_document(here: Place) -> None:
    ada = await here.at_the_door()
    tap = ada.tap("renewals")
    await ada.sends("/b/harbour/tickets", htmx=True, **tap)
    assert ada.page.lstrip().startswith("<main")
    assert ada.headers["HX-Replace-Url"].startswith("/t/")


async def test_a_name_a_need_and_a_class_travel_with_the_tap(here: Place) -> None:
    _, address = await here.joined(name="Ada <b>", need="wheelchair", priority="elderly", language="fr")
    ticket = await here.world.ticket(address[3:])
    assert (ticket.name, ticket.need) == ("Ada <b>", "Wheelchair access")
    assert (ticket.priority_id, ticket.language) == ("elderly", "fr")


async def test_an_unknown_need_is_left_out(here: Place) -> None:
    _, address = await here.joined(need="a helicopter")
    assert (await here.world.ticket(address[3:])).need is None


async def test_an_old_code_says_kindly_to_scan_again(here: Place) -> None:
    code = here.code()
    here.clock.forward(seconds=100)
    late = here.phone()
    await late.opens(f"/d/harbour/{code}")
    assert (late.status, late.headline()) == (403, "Please scan the code again")


@pytest.mark.parametrize("altered", ["nonsense", "a.b.c", "x.y"])
async def test_an_altered_code_is_refused_kindly(here: Place, altered: str) -> None:
    stranger = here.phone()
    await stranger.opens(f"/d/harbour/{altered}")
    assert stranger.status == 403
    assert "scan" in stranger.page.lower() or "code" in stranger.headline()


async def test_going_back_to_the_old_code_finds_the_ticket(here: Place) -> None:
    code = here.code()
    ada, address = await here.joined()
    here.clock.forward(minutes=5)
    await ada.opens(f"/d/harbour/{code}")
    assert ada.path == address


async def test_without_a_pass_the_services_are_shown_and_nobody_joins(here: Place) -> None:
    stranger = here.phone()
    await stranger.opens("/b/harbour")
    assert "Scan the code at the door" in stranger.page
    assert "name=service" not in stranger.page
    await stranger.sends("/b/harbour/tickets", service="new-passport", key="k", language="en")
    assert stranger.status == 403


async def test_the_pass_stays_good_when_the_language_changes(here: Place) -> None:
    ada = await here.at_the_door()
    await ada.sends("/language", language="fr", back="/b/harbour")
    assert ada.headline() == "Que pouvons-nous faire pour vous\u00a0?"
    assert "name=service" in ada.page


async def test_changing_the_language_leads_nowhere_else(here: Place) -> None:
    ada = here.phone()
    ada.http.follow_redirects = False
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        await ada.sends("/language", language="fr", back=back)
        assert ada.headers["location"] == "/"


async def test_who_has_a_number_is_shown_it_instead_of_another(here: Place) -> None:
    ada, address = await here.joined()
    await ada.opens(f"/d/harbour/{here.code()}")
    assert "You have number A001" in ada.page
    assert f'href="{address}"' in ada.page
    assert "name=service" not in ada.page


async def test_a_closed_branch_says_when_to_come(here: Place) -> None:
    here.clock.forward(hours=6)
    ada = await here.at_the_door()
    assert "Welcome back from 8:00 tomorrow" in ada.page
    assert "name=service" not in ada.page


async def test_who_joins_from_afar_is_expected_and_arrives_by_scanning(far: Place) -> None:
    ada = far.phone()
    await ada.opens("/b/harbour")
    await ada.sends("/b/harbour/tickets", service="new-passport", key=ada.hidden("key"), language="en")
    address = ada.path
    assert ada.headline() == "We are expecting you"
    await ada.opens(f"/d/harbour/{far.code()}")
    assert "Welcome. We kept A001 for you." in ada.page
    await ada.sends(f"{address}/arrival", presence=ada.hidden("presence"), key="arrived")
    assert ada.headline() == "You are next"


async def test_a_number_and_its_code_open_the_ticket_on_another_phone(here: Place) -> None:
    _, address = await here.joined()
    short = here.world.presence.short_code(address[3:], 1)
    other = await here.at_the_door()
    await other.sends("/b/harbour/found", number=" a001 ", code=short.lower(), pass_=other.hidden("pass"))
    assert other.path == address


async def test_a_wrong_code_says_what_to_do_and_cannot_be_guessed_for_long(here: Place) -> None:
    await here.joined()
    other = await here.at_the_door()
    pass_text = other.hidden("pass")
    await other.sends("/b/harbour/found", number="A001", code="222222", pass_=pass_text)
    assert other.status == 404
    assert "do not belong together" in other.page
    for _ in range(12):
        await other.sends("/b/harbour/found", number="A001", code="222222", pass_=pass_text)
    assert other.status == 429


async def test_the_waits_are_fetched_anew_by_themselves(here: Place) -> None:
    ada = await here.at_the_door()
    await here.joined()
    await ada.opens("/b/harbour/services", **{"HX-Request": "true"})
    assert ada.page.lstrip().startswith("<ul")
    assert "1 person waiting" in ada.page


async def test_a_first_visit_is_small(here: Place) -> None:
    ada = await here.at_the_door()
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', ada.page))
    sizes = [await _sent(here, path) for path in (f"/d/harbour/{here.code()}", *parts)]
    assert len(sizes) <= REQUESTS
    assert sum(sizes) <= FIRST_VISIT


async def _sent(here: Place, path: str) -> int:
    """Bytes on the line."""
    async with here.phone().http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip" or path.endswith(".svg")
        return sum([len(chunk) async for chunk in answer.aiter_raw()])


async def test_a_notice_can_be_read_by_itself_and_comes_with_the_waits(here: Place) -> None:
    phone = await here.at_the_door()
    for path in ("/b/harbour/notice", "/b/harbour/services"):
        assert "note notice" not in await phone.opens(path, **HTMX)
    await here.world.act(
        place.put_up, by=here.world.mira.actor, notice={"en": "Fire drill at noon", "fr": "Exercice à midi"}
    )
    mark = (await here.world.view()).branch.notice_mark
    for path in ("/b/harbour/notice", "/b/harbour/services", "/b/harbour"):
        page = await phone.opens(path, **HTMX)
        assert f'data-mark="{mark}"><p class="note notice">Fire drill at noon</p></div>' in page
    await phone.sends("/language", language="fr", back="/b/harbour")
    assert "Exercice à midi" in await phone.opens("/b/harbour/notice")
    await here.world.act(place.put_up, by=here.world.mira.actor, notice=None)
    assert 'data-mark="0"></div>' in await phone.opens("/b/harbour/notice")
