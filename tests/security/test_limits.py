"""Slowed down, never locked out: a lobby behind one address gets its numbers, and whoever guesses does not get far."""

import pytest
from limits import RateLimitItemPerMinute

from server.web import limits
from server.web.limits import JOINS_PER_DEVICE, SHORT_CODES_PER_TICKET, SIGN_INS_PER_LOGIN
from tests.screens.phones import Phone, Place

GOOD = "four words are best"
PEOPLE = 300
ADDRESS = "127.0.0.1"  # everybody's, as the server sees it
pytestmark = pytest.mark.usefixtures("quick_passwords")


async def test_a_whole_lobby_behind_one_address_joins_within_a_minute(here: Place) -> None:
    for _ in range(PEOPLE):
        phone = await here.at_the_door()
        await phone.joins()
    assert (await here.world.view()).services[0].waiting == PEOPLE


async def test_what_no_door_lets_through_in_a_minute_is_asked_to_wait(here: Place) -> None:
    await _people_come(here, JOINS_PER_DEVICE.amount - 1)
    last, late, elsewhere = [await here.at_the_door() for _ in range(3)]
    await last.joins()
    await late.sends("/b/harbour/tickets", **late.tap())
    assert (late.status, 1 <= int(late.headers["retry-after"]) <= 60) == (429, True)
    await elsewhere.opens(f"/d/harbour/{here.code('Wall')}")
    await elsewhere.joins()  # another door, the same address


async def test_a_tap_that_is_sent_again_is_answered_even_when_the_door_is_full(here: Place) -> None:
    phone = await here.at_the_door()
    tap = phone.tap()
    await phone.sends("/b/harbour/tickets", **tap)
    first = phone.path
    await _people_come(here, JOINS_PER_DEVICE.amount - 1)
    await phone.sends("/b/harbour/tickets", **tap)
    assert (phone.status, phone.path) == (200, first)


@pytest.mark.parametrize("forged", ["{door}.abc.AAAAAAAAAAAA", "visitor.{door}.abc.AAAAAAAAAAAAAAAAAAAAAA", "{door}"])
async def test_forged_proofs_do_not_use_up_what_a_door_lets_through(
    here: Place, monkeypatch: pytest.MonkeyPatch, forged: str
) -> None:
    monkeypatch.setattr(limits, "JOINS_PER_DEVICE", RateLimitItemPerMinute(2))
    stranger, ada, bo, cy = here.phone(), *[await here.at_the_door() for _ in range(3)]
    for number in range(5):
        code = forged.format(door=here.world.devices["Door"])
        await stranger.sends("/b/harbour/tickets", service="renewals", pass_=code, key=f"key-{number}")
        assert stranger.status == 403
    await ada.joins()
    await bo.joins()
    await cy.sends("/b/harbour/tickets", **cy.tap())
    assert cy.status == 429


async def test_whoever_forges_proofs_is_counted_by_where_they_come_from(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOINS_PER_ADDRESS", RateLimitItemPerMinute(3))
    stranger, ada = here.phone(), await here.at_the_door()
    for number in range(3):
        await stranger.sends("/b/harbour/tickets", service="renewals", pass_="x.y.z.w", key=f"key-{number}")
    await ada.sends("/b/harbour/tickets", **ada.tap())
    assert ada.status == 429


async def test_whoever_guesses_a_password_is_slowed_down(here: Place) -> None:
    await _kens_browser(here)
    stranger = here.phone()
    for _ in range(SIGN_INS_PER_LOGIN.amount):
        assert await _tries(stranger, "a guess") == 401
    assert await _tries(stranger, GOOD) == 429
    assert 1 <= int(stranger.headers["retry-after"]) <= 60


async def test_no_guessing_shuts_somebody_out_of_their_own_browser(here: Place) -> None:
    ken, stranger = await _kens_browser(here), here.phone()
    for _ in range(3 * SIGN_INS_PER_LOGIN.amount):
        await _tries(stranger, "a guess")
    assert await _tries(ken, GOOD) == 200


async def test_a_stolen_browser_does_not_guess_faster_than_another(here: Place) -> None:
    ken = await _kens_browser(here)
    codes = [await _tries(ken, "a guess") for _ in range(SIGN_INS_PER_LOGIN.amount + 1)]
    assert codes[-1] == 429


async def test_one_name_slowed_down_slows_no_other(here: Place) -> None:
    stranger = here.phone()
    for _ in range(SIGN_INS_PER_LOGIN.amount + 1):
        await _tries(stranger, "a guess")
    assert await _tries(stranger, "a guess", login="mira") == 401


async def test_a_short_code_is_not_found_by_trying(here: Place) -> None:
    _, address = await here.joined()
    story = await here.world.ticket(address.removeprefix("/t/"))
    right = here.world.presence.short_code(story.id, 1)
    guesser = await here.at_the_door()
    for _ in range(SHORT_CODES_PER_TICKET.amount):
        await guesser.sends("/b/harbour/found", number=story.number, code="222222")
        assert not guesser.path.startswith("/t/")
    await guesser.sends("/b/harbour/found", number=story.number, code=right)
    assert guesser.status == 429
    elsewhere = await here.at_the_door()
    _, other = await here.joined()
    second = await here.world.ticket(other.removeprefix("/t/"))
    await elsewhere.sends("/b/harbour/found", number=second.number, code=here.world.presence.short_code(second.id, 1))
    assert elsewhere.path == other


async def test_a_short_code_is_worth_nothing_away_from_the_door(here: Place) -> None:
    _, address = await here.joined()
    story = await here.world.ticket(address.removeprefix("/t/"))
    afar = here.phone()
    await afar.sends("/b/harbour/found", number=story.number, code=here.world.presence.short_code(story.id, 1))
    assert afar.status == 403


@pytest.mark.parametrize(("path", "name"), [("/staff/enter", "Ken"), ("/pair", "Door")])
async def test_a_one_time_link_opens_once(here: Place, path: str, name: str) -> None:
    links = {who["name"]: who["link"] for who in here.made["people"] + here.made["devices"]}
    token = links[name].rpartition("#")[2]
    first, second = here.phone(), here.phone()
    await first.sends(path, token=token)
    assert first.status == 200
    await second.sends(path, token=token)
    assert (second.status, dict(second.http.cookies)) == (410, {})


async def _people_come(here: Place, count: int) -> None:
    """So many joins through the door, as far as the counters know."""
    for _ in range(count):
        verdict = await here.app.state.kit.limits.count_join("harbour", ADDRESS, here.world.devices["Door"])
        verdict.admit()


async def _kens_browser(here: Place) -> Phone:
    """Where Ken has chosen his password, and signed out again."""
    link = next(who["link"] for who in here.made["people"] if who["name"] == "Ken")
    browser = here.phone()
    await browser.sends("/staff/enter", token=link.rpartition("#")[2])
    await browser.sends("/staff/password", login="ken", password=GOOD)
    await browser.sends("/staff/session/end")
    return browser


async def _tries(browser: Phone, password: str, login: str = "ken") -> int:
    await browser.sends("/staff/session", login=login, password=password)
    return browser.status
