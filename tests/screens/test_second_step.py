"""Signing in by two steps, a person's own page, and the browsers they are signed in with."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute

from server.domain.second_step import digits_at, step_at
from server.web.browsers import browser_named
from server.web.limits import CODES_PER_PERSON
from tests.databases import copy_of
from tests.screens.conftest import Browser, House
from tests.screens.phones import place
from tests.screens.test_sign_in import GOOD, quick_passwords  # noqa: F401 - used by every test here


class Phone:
    """Mira's, with her app for codes."""

    def __init__(self, house: House) -> None:
        self.house, self.salt = house, ""

    def shows(self, later: int = 0) -> str:
        key = self.house.world.presence.sign_in_key(self.house.world.mira.id, self.salt)
        return digits_at(key, step_at(self.house.clock()) + later)

    async def scans(self, browser: Browser) -> str:
        """The page that sets codes up."""
        page = (await browser.opens("/staff/codes")).text
        (self.salt,) = re.findall(r'name="salt" value="(\w+)"', page)
        return page

    async def is_set_up(self, browser: Browser) -> list[str]:
        """The recovery codes."""
        await self.scans(browser)
        answer = await browser.sends("/staff/codes", code=self.shows(), salt=self.salt)
        self.house.clock.forward(minutes=1)
        return re.findall(r"<code>([\w-]+)</code>", answer.text)


@pytest.fixture
async def mira(house: House) -> Browser:
    await house.mira.enters()
    await house.mira.sends("/staff/password", login="mira", password=GOOD)
    return house.mira


@pytest.fixture
def phone(house: House) -> Phone:
    return Phone(house)


@pytest.fixture
async def strict(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[House]:
    """Where managers and admins must take the second step."""
    async with place(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        found.app.state.kit.settings.second_step = "required"
        yield House(found)


async def test_codes_are_set_up_by_scanning_and_typing_one_back(mira: Browser, phone: Phone) -> None:
    page = await phone.scans(mira)
    assert 'class="qr"' in page
    assert "otpauth" not in page
    wrong = await mira.sends("/staff/codes", code="000000", salt=phone.salt)
    assert (wrong.status_code, phone.salt in wrong.text) == (422, True)
    assert len(await phone.is_set_up(mira)) == 10
    assert "10 recovery codes left" in (await mira.opens("/staff/me")).text


async def test_afterwards_a_password_leads_to_the_code_and_the_code_to_the_page_that_was_wanted(
    house: House, mira: Browser, phone: Phone
) -> None:
    await phone.is_set_up(mira)
    other = house.browser()
    asked = await other.sends("/staff/session", login="mira", password=GOOD, next="/setup/harbour/people")
    assert asked.url.path == "/staff/code"
    assert (await other.opens("/setup/harbour")).url.path == "/staff"
    wrong = await other.sends("/staff/code", code="123", next="/setup/harbour/people")
    assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
    let_in = await other.sends("/staff/code", code=phone.shows(), next="/setup/harbour/people")
    assert let_in.url.path == "/setup/harbour/people"


async def test_whoever_comes_by_a_link_takes_the_second_step_and_then_chooses_a_password(
    house: House, mira: Browser, phone: Phone
) -> None:
    await phone.is_set_up(mira)
    fresh = await mira.sends(f"/setup/harbour/people/{house.world.mira.id}/link", key="k")
    (token,) = re.findall(r"/staff/enter#([\w-]+)", fresh.text)
    other = house.browser()
    asked = await other.sends("/staff/enter", token=token)
    assert (asked.url.path, asked.url.params["next"]) == ("/staff/code", "/staff/password")
    assert (await other.sends("/staff/code", code=phone.shows(), next="/staff/password")).url.path == "/staff/password"


async def test_the_code_leads_to_no_other_site(house: House, mira: Browser, phone: Phone) -> None:
    await phone.is_set_up(mira)
    other = house.browser()
    await other.sends("/staff/session", login="mira", password=GOOD)
    answer = await other.sends("/staff/code", code=phone.shows(), next="//evil.example", follow=False)
    assert answer.headers["location"] == "/staff"


async def test_guessing_codes_is_slowed_down_but_not_in_the_persons_own_browser(
    house: House, mira: Browser, phone: Phone
) -> None:
    await phone.is_set_up(mira)
    thief = house.browser()
    await thief.sends("/staff/session", login="mira", password=GOOD)
    tries = [await thief.sends("/staff/code", code="000000") for _ in range(CODES_PER_PERSON.amount + 1)]
    assert {answer.status_code for answer in tries[:-1]} == {422}
    assert (tries[-1].status_code, (await thief.sends("/staff/code", code=phone.shows())).status_code) == (429, 429)
    await mira.sends("/staff/session/end")
    await mira.sends("/staff/session", login="mira", password=GOOD)
    assert (await mira.sends("/staff/code", code=phone.shows())).status_code == 200


async def test_codes_without_a_limit_and_a_code_that_is_good_twice_would_be_noticed(
    house: House, mira: Browser, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    guessing = test_guessing_codes_is_slowed_down_but_not_in_the_persons_own_browser
    monkeypatch.setattr("staff_console.second_step.CODES_PER_PERSON", RateLimitItemPerMinute(10**9))
    with pytest.raises(AssertionError):
        await guessing(house, mira, phone)
    seen = phone.shows()  # it has let somebody in just now
    for again in (False, True):
        thief = house.browser()
        await thief.sends("/staff/session", login="mira", password=GOOD)
        with monkeypatch.context() as planted:
            if again:
                planted.setattr("server.actions.proving._accept", lambda *_: None)
            assert (await thief.sends("/staff/code", code=seen)).status_code == (200 if again else 422)


async def test_without_a_password_there_is_no_second_step_to_try(house: House) -> None:
    assert (await house.stranger.opens("/staff/code")).url.path == "/staff"
    assert (await house.stranger.sends("/staff/code", code="123456")).url.path == "/staff"


async def test_the_last_recovery_codes_lead_to_where_new_ones_are_made(
    house: House, mira: Browser, phone: Phone
) -> None:
    codes = await phone.is_set_up(mira)
    for used, code in enumerate(codes[:7], 1):
        other = house.browser()
        await other.sends("/staff/session", login="mira", password=GOOD)
        house.clock.forward(minutes=2)
        came = await other.sends("/staff/code", code=code, next="/counter")
        assert came.url.path == ("/staff/me" if used == 7 else "/counter")


async def test_where_it_is_required_a_managers_pages_lead_to_setting_it_up(strict: House) -> None:
    await strict.mira.enters()
    chosen = await strict.mira.sends("/staff/password", login="mira", password=GOOD)
    assert chosen.url.path == "/staff/codes"
    for page in ("/setup", "/setup/harbour", "/setup/harbour/people"):
        assert (await strict.mira.opens(page)).url.path == "/staff/codes"
    saved = await strict.mira.sends("/setup/harbour/people", name="Eve", role="manager", key="k")
    assert saved.status_code == 403
    assert (await strict.mira.opens("/counter")).status_code == 200
    await Phone(strict).is_set_up(strict.mira)
    assert (await strict.mira.opens("/setup/harbour")).status_code == 200


async def test_where_it_is_required_agents_are_not_asked(strict: House) -> None:
    await strict.ken.enters()
    chosen = await strict.ken.sends("/staff/password", login="ken", password=GOOD)
    assert chosen.url.path == "/counter"


async def test_it_is_turned_off_with_a_last_code(house: House, mira: Browser, phone: Phone) -> None:
    await phone.is_set_up(mira)
    wrong = await mira.sends("/staff/codes/end", code="000000")
    assert "This code does not fit" in unescape(wrong.text)
    assert "The second step is off." in (await mira.sends("/staff/codes/end", code=phone.shows())).text
    other = house.browser()
    assert (await other.sends("/staff/session", login="mira", password=GOOD)).url.path == "/setup/harbour"


async def test_new_recovery_codes_are_shown_once_for_a_code(mira: Browser, phone: Phone) -> None:
    old = await phone.is_set_up(mira)
    fresh = await mira.sends("/staff/codes/recovery", code=phone.shows())
    codes = re.findall(r"<code>([\w-]+)</code>", fresh.text)
    assert (len(codes), set(codes) & set(old)) == (10, set())
    assert codes[0] not in (await mira.opens("/staff/me")).text


async def test_a_person_sees_their_browsers_and_ends_one(house: House, mira: Browser) -> None:
    other = house.browser()
    other.http.headers["user-agent"] = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
    await other.sends("/staff/session", login="mira", password=GOOD)
    page = (await mira.opens("/staff/me")).text
    assert ("Firefox, Android" in page, "This browser" in page) == (True, True)
    (end,) = re.findall(r'action="(/staff/me/sessions/\w+/end)"', page)
    assert "Signed out there." in (await mira.sends(end)).text
    assert (await other.opens("/counter")).url.path == "/staff"


async def test_signing_out_everywhere_ends_this_browser_too(house: House, mira: Browser) -> None:
    other = house.browser()
    await other.sends("/staff/session", login="mira", password=GOOD)
    assert (await mira.sends("/staff/me/sessions/end")).url.path == "/staff"
    for browser in (mira, other):
        assert (await browser.opens("/counter")).url.path == "/staff"


async def test_a_manager_ends_one_browser_of_an_agent(house: House, mira: Browser) -> None:
    await house.ken.enters()
    ken = f"/setup/harbour/people/{house.world.ken.id}"
    page = (await mira.opens(ken)).text
    (end,) = re.findall(rf'action="({ken}/sessions/\w+/end)"', page)
    assert "/codes/end" not in page
    await mira.sends(end, key="k")
    assert (await house.ken.opens("/counter")).url.path == "/staff"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/129.0 Safari/537 Edg/129.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/129 Mobile Safari/537", "Chrome, Android"),
        ("curl/8", None),
        ("", None),
    ],
)
def test_a_browser_is_named_as_people_name_it(told: str, said: str | None) -> None:
    assert browser_named(told) == said
