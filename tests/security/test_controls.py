"""Each check of this folder fails when the defect it looks for is planted."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from server.chance import hashed
from server.domain.errors import PassRefused
from server.domain.presence import Pass, Presence
from server.queries import people
from tests.screens.phones import Place
from tests.security import test_doors as doors
from tests.security import test_headers as headers
from tests.security import test_limits as limits
from tests.security.conftest import EVIL, Town

NO_LIMIT, TIGHT = RateLimitItemPerMinute(10**9), RateLimitItemPerMinute(8)
NOTICED = (AssertionError, KeyError)  # also a header that should be there
foreign = doors.test_a_change_that_another_sites_page_asks_for_is_refused
used_once = limits.test_a_one_time_link_opens_once
read_pass = Presence.read_pass
pytestmark = pytest.mark.usefixtures("quick_passwords")


def nothing(*_: object) -> None: ...


def kept(html: str, status: int) -> HTMLResponse:
    return HTMLResponse(html, status)


def believed(presence: Presence, branch: str, text: str, now: datetime) -> Pass:
    try:
        return read_pass(presence, branch, text, now)
    except PassRefused:
        return Pass("", "", "", now)


def used_again(session: Session, now: datetime, token: str, purposes: tuple[str, ...]) -> Any:
    return people.link(session, hashed(token))


IN_TOWN: list[tuple[str, Any, Callable[[Town], Awaitable[None]]]] = [
    ("server.app.check_origin", nothing, partial(foreign, source={"origin": EVIL})),
    ("server.app.check_origin", nothing, partial(foreign, source={"referer": EVIL})),
    ("server.app.check_origin", nothing, partial(foreign, source={})),
    ("server.api.face.check_origin", nothing, doors.test_the_json_face_takes_a_cookie_only_from_our_own_page),
    ("server.web.pages._html", kept, headers.test_nothing_personal_is_kept_in_a_cache),
    ("server.web.who._is_secure", lambda *_: True, headers.test_a_session_is_out_of_reach_of_scripts_and_other_sites),
]
AT_THE_DOOR: list[tuple[str, Any, Callable[[Place], Awaitable[None]]]] = [
    ("server.web.limits.JOINS_PER_ADDRESS", TIGHT, limits.test_a_whole_lobby_behind_one_address_joins_within_a_minute),
    (
        "server.web.limits.JOINS_PER_DEVICE",
        NO_LIMIT,
        limits.test_what_no_door_lets_through_in_a_minute_is_asked_to_wait,
    ),
    ("kiosk_ui.door.key_of", nothing, limits.test_a_tap_that_is_sent_again_is_answered_even_when_the_door_is_full),
    ("staff_console.sign_in.SIGN_INS_PER_LOGIN", NO_LIMIT, limits.test_whoever_guesses_a_password_is_slowed_down),
    (
        "staff_console.sign_in.SIGN_INS_PER_LOGIN",
        NO_LIMIT,
        limits.test_a_stolen_browser_does_not_guess_faster_than_another,
    ),
    ("staff_console.sign_in.is_at_home", nothing, limits.test_no_guessing_shuts_somebody_out_of_their_own_browser),
    ("staff_console.sign_in.SIGN_INS_PER_ADDRESS", TIGHT, limits.test_one_name_slowed_down_slows_no_other),
    ("kiosk_ui.door.SHORT_CODES_PER_TICKET", NO_LIMIT, limits.test_a_short_code_is_not_found_by_trying),
    (
        "server.domain.presence.Presence.read_pass",
        believed,
        limits.test_a_short_code_is_worth_nothing_away_from_the_door,
    ),
    ("server.actions.letting_in._use", used_again, partial(used_once, path="/staff/enter", name="Ken")),
    ("server.actions.letting_in._use", used_again, partial(used_once, path="/pair", name="Door")),
]


def named(planted: tuple[str, Any, Any]) -> str:
    return planted[0].rpartition(".")[2]


@pytest.mark.parametrize("planted", IN_TOWN, ids=named)
async def test_a_defect_in_town_is_noticed(town: Town, planted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where, instead, check = planted
    monkeypatch.setattr(where, instead)
    with pytest.raises(NOTICED):
        await check(town)


@pytest.mark.parametrize("planted", AT_THE_DOOR, ids=named)
async def test_a_defect_at_the_door_is_noticed(here: Place, planted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where, instead, check = planted
    monkeypatch.setattr(where, instead)
    with pytest.raises(NOTICED):
        await check(here)
