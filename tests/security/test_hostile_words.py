"""What people type is data everywhere: on phones, consoles and walls, in JSON, and in both databases."""

from typing import Any

import pytest

from server.actions import serving
from server.actions.arranging import place
from staff_console.counter import SCREENS as CONSOLE
from tests.security.conftest import HOST, Town, Way

SCRIPT = "<script>alert(1)</script>"
HOSTILE = [
    SCRIPT, '"><img src=x onerror=alert(1)>', "'; DROP TABLE tickets; --", "{{ 7*7 }}", "</template><b>", "&lt;b&gt;",
]  # fmt: skip
TURNED = "Ada\u202egnidaer\u202c"
EMOJI = "Ada 👩🏽‍🚀 Zoë"
CALL = Way("POST", "/counters/{counter_id}/calls")


@pytest.mark.parametrize("word", HOSTILE)
async def test_words_come_out_as_they_were_typed_and_do_nothing(towns: Town, word: str) -> None:
    await _bo_joins(towns, word[:40])
    await towns.world.ken.takes("1")
    await towns.world.ken.calls_next()
    await towns.world.ken.does(serving.start, towns.world.ada.ticket)
    await towns.world.ken.does(serving.finish, towns.world.ada.ticket, outcome="resolved", note=word)
    await towns.world.ken.calls_next()
    for html in await _pages(towns):
        assert live_markup(html) == []
    listed = await _listed(towns)
    assert listed["name"] == word[:40].strip()


@pytest.mark.parametrize("planted", HOSTILE[:2])
def test_words_that_came_out_alive_would_be_noticed(planted: str) -> None:
    assert live_markup(f"<p>{planted}</p>")


async def test_a_branch_with_a_hostile_name_and_notice_is_only_odd(towns: Town) -> None:
    notice = {"en": SCRIPT, "fr": HOSTILE[1]}
    await towns.world.ken.takes("1")
    await towns.world.act(place.describe, by=towns.world.mira.actor, name=SCRIPT, notice=notice)
    for html in await _pages(towns):
        assert live_markup(html) == []


async def test_marks_that_turn_the_text_around_them_are_left_out(towns: Town) -> None:
    await _bo_joins(towns, TURNED)
    assert (await _listed(towns))["name"] == "Adagnidaer"


async def test_letters_of_every_kind_stay(towns: Town) -> None:
    await _bo_joins(towns, EMOJI)
    assert (await _listed(towns))["name"] == EMOJI


async def test_what_no_keyboard_types_is_no_fault(towns: Town) -> None:
    await _bo_joins(towns, "A\x00d\x1ba")
    assert (await _listed(towns))["name"] == "Ada"


@pytest.mark.parametrize(
    "path", ["/b/%00", "/t/%00", "/d/%00/x.y.z", "/counters/%00", "/setup/%00/people", "/b/%ff%fe"]
)
async def test_an_address_that_no_keyboard_types_leads_nowhere(towns: Town, path: str) -> None:
    answer = await towns.asks(Way("GET", path.replace("{", "{{")), await towns.everybody())
    assert answer.status_code in (303, 403, 404)


@pytest.mark.parametrize("field", ["login", "password"])
async def test_a_login_that_no_keyboard_types_is_simply_wrong(towns: Town, field: str) -> None:
    form = {"login": "ken", "password": "a guess"} | {field: "\x00"}
    answer = await towns.asks(Way("POST", "/staff/session"), data=form)
    assert answer.status_code == 401


async def test_ten_thousand_letters_are_too_many_for_a_name(towns: Town) -> None:
    wish = {"service": "new-passport", "name": "x" * 10_000, "pass": "", "key": "k"}
    assert (await towns.asks(Way("POST", "/b/{branch_id}/tickets"), data=wish)).status_code == 422
    ken = await towns.who("agent")
    walk_in = Way("POST", "/counters/{counter_id}/walk-in")
    assert (await towns.asks(walk_in, ken, data={"service": "new-passport", "name": "x" * 10_000})).status_code == 422


@pytest.mark.parametrize("code", ["x." + "z" * 4000 + ".y", "x.-1.y", "x.1_0.y", "x.٣.y", "💥"])
async def test_a_code_that_is_no_code_is_refused_kindly(towns: Town, code: str) -> None:
    answer = await towns.http.get(f"/d/harbour/{code}")
    assert answer.status_code == 403


async def test_no_number_is_made_out_of_a_forged_pass(towns: Town) -> None:
    before = await towns.world.branch_row()
    for proof in ("a.b.c.d", "....", "x" * 300, f"{'a' * 16}.b.{'z' * 200}.c"):
        wish = {"service": "new-passport", "pass": proof, "key": "k"}
        answer = await towns.asks(Way("POST", "/b/{branch_id}/tickets"), data=wish, headers={"origin": HOST})
        assert answer.status_code == 403, proof
    assert (await towns.world.branch_row()).version == before.version


async def _bo_joins(town: Town, name: str) -> None:
    bo = town.world.bo
    await bo.joins(name=name, need=name)
    town.clock.forward(seconds=1)


async def _pages(town: Town) -> list[str]:
    """Bo's phone, Ken's console, both screens, the branch's door, and the manager's pages."""
    mine = town.world.bo.ticket or town.world.ada.ticket
    phone = {f"ticket_{mine}": town.world.presence.secret(mine, 1)}
    asked = {
        "agent": ["/counters/{counter_id}", "/counter"],
        "manager": ["/setup/{branch_id}", "/setup/{branch_id}/branch"],
        "kiosk": ["/kiosk"],
        "lobby": ["/lobby"],
        "nobody": ["/", "/b/{branch_id}", f"/t/{mine}", f"/t/{mine}/keep"],
    }
    shown = []
    for asker, paths in asked.items():
        for path in paths:
            answer = await town.asks(Way("GET", path), await town.who(asker) | phone)
            assert answer.status_code == 200, path
            shown.append(answer.text)
    return [*shown, CONSOLE["console"](await town.world.view(), "en", town.world.counters["1"]).decode()]


async def _listed(town: Town) -> Any:
    key = next(person["key"] for person in town.made[0]["people"] if person["name"] == "Ken")
    path = "/api/v1/branches/harbour/tickets?state=waiting&state=called&state=serving"
    answer = await town.http.get(path, headers={"authorization": f"Bearer {key}"})
    assert answer.headers["content-type"].startswith("application/json")
    return next(ticket for ticket in answer.json() if ticket["id"] == town.world.bo.ticket)


def live_markup(html: str) -> list[str]:
    """Hostile words that stand in a page as markup, not as text."""
    return [word for word in ("<script>alert", "<img src=x", "</template><b>", "onerror=alert(1)>") if word in html]
