"""Signing in: by name and password, by a one-time link, and out again."""

from html import unescape

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from server.web.who import SESSION
from staff_console import sign_in
from tests.screens.conftest import House

GOOD = "four words are best"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 takes long on purpose; here it is the same with less of it."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(sign_in, "passwords", quick)
    sign_in._nobodys.cache_clear()


async def test_a_link_lets_its_person_in_once_and_then_asks_for_a_password(house: House) -> None:
    page = await house.ken.enters()
    assert page.url.path == "/staff/password"
    assert "Welcome, Ken" in page.text
    assert (await house.lola.sends("/staff/enter", token=house.links["Ken"])).status_code == 410


async def test_with_a_password_one_comes_back_without_a_link(house: House) -> None:
    await house.ken.enters()
    chosen = await house.ken.sends("/staff/password", login="Ken", password=GOOD)
    assert chosen.url.path == "/counter"
    again = house.browser()
    assert (await again.sends("/staff/session", login=" KEN ", password=GOOD)).url.path == "/counter"


async def test_a_managers_day_begins_with_the_setup(house: House) -> None:
    await house.mira.enters()
    later = await house.mira.sends("/staff/password", login="mira", password=GOOD, follow=False)
    assert later.headers["location"] == "/setup"


async def test_who_was_asked_to_sign_in_comes_back_to_the_page_they_wanted(house: House) -> None:
    await house.ken.enters()
    await house.ken.sends("/staff/password", login="ken", password=GOOD)
    asked = await house.stranger.opens("/counter")
    assert (asked.url.path, asked.url.params["next"]) == ("/staff", "/counter")
    assert 'name="next" value="/counter"' in asked.text
    wanted = house.at("1")
    let_in = await house.stranger.sends("/staff/session", login="ken", password=GOOD, next=wanted, follow=False)
    assert let_in.headers["location"] == wanted


async def test_nobody_is_led_to_another_site(house: House) -> None:
    await house.ken.enters()
    await house.ken.sends("/staff/password", login="ken", password=GOOD)
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example"):
        browser = house.browser()
        answer = await browser.sends("/staff/session", login="ken", password=GOOD, next=elsewhere, follow=False)
        assert answer.headers["location"] == "/staff"


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(house: House) -> None:
    await house.ken.enters()
    await house.ken.sends("/staff/password", login="ken", password=GOOD)
    wrong = await house.stranger.sends("/staff/session", login="ken", password="not this one")
    unknown = await house.stranger.sends("/staff/session", login="nobody", password="not this one")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert 'role="alert"' in wrong.text
    assert 'value="ken"' in wrong.text
    assert SESSION not in house.stranger.http.cookies


async def test_many_tries_are_slowed_down_and_the_right_one_still_lets_in_later(house: House) -> None:
    tries = [await house.stranger.sends("/staff/session", login="ken", password="a guess") for _ in range(9)]
    assert [answer.status_code for answer in tries] == [401] * 8 + [429]
    assert int(tries[-1].headers["retry-after"]) <= 60


async def test_what_is_wrong_with_a_new_password_or_name_is_said_beside_it(house: House) -> None:
    await house.ken.enters()
    await house.ken.sends("/staff/password", login="ken", password=GOOD)
    await house.lola.enters()
    short = await house.lola.sends("/staff/password", login="lola", password="short")
    assert (short.status_code, "Please take at least 10 characters." in short.text) == (422, True)
    taken = await house.lola.sends("/staff/password", login="Ken", password=GOOD)
    assert (taken.status_code, "Somebody else signs in with this name" in unescape(taken.text)) == (422, True)


async def test_signing_out_ends_the_session_for_good(house: House) -> None:
    await house.ken.enters()
    kept = dict(house.ken.http.cookies)
    assert (await house.ken.sends("/staff/session/end")).url.path == "/staff"
    house.ken.http.cookies.update(kept)
    assert (await house.ken.opens("/counter")).url.path == "/staff"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    entered = await house.ken.sends("/staff/enter", token=house.links["Ken"], follow=False)
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert house.links["Ken"] not in cookie
