"""A manager's floor: what it shows, what needs them first, and what each form of it does."""

from datetime import datetime, timedelta, timezone
from html import unescape
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import joining
from server.domain.branch import Branch
from staff_console.floor import SCREENS
from staff_console.floor.look import Floor, floor
from tests.screens.conftest import Browser, House
from tests.screens.test_counter import words

FLOOR = "/floor/harbour"


async def mira(house: House) -> Browser:
    await house.mira.enters()
    return house.mira


async def sends(browser: Browser, path: str, **fields: Any) -> str:
    """One form of the floor; what the page that follows says."""
    return words(await browser.sends(f"{FLOOR}{path}", **fields))


async def seen(house: House) -> Floor:
    return floor(await house.world.view())


async def needs(house: House) -> list[str]:
    return [need.kind for need in (await seen(house)).needs]


async def test_the_only_branch_opens_by_itself_and_says_that_all_is_well(house: House) -> None:
    page = await (await mira(house)).opens("/floor")
    assert page.url.path == FLOOR
    assert "Nobody is waiting" in words(page)
    assert "All is well just now" in words(page)


@pytest.mark.parametrize("path", ["", "/services/renewals", "/notice", "/walk-in", "/counters/{1}"])
async def test_an_agent_is_not_let_onto_the_floor(house: House, path: str) -> None:
    await house.ken.enters()
    where = path.replace("{1}", house.world.counters["1"])
    assert (await house.ken.opens(FLOOR + where)).status_code == 403
    assert (await house.stranger.opens(FLOOR + where)).url.path == "/staff"
    assert (await house.ken.opens("/floor")).status_code == 403


async def test_a_queue_is_measured_against_its_target(house: House) -> None:
    await house.world.queue("Ada", "Bo")
    await house.ken_stands_at("1")
    house.clock.forward(minutes=14)
    assert [queue.state for queue in (await seen(house)).queues] == ["on-target", "on-target"]
    house.clock.forward(minutes=2)
    first = (await seen(house)).queues[0]
    assert (first.state, first.longest, first.longest_number) == ("over", 16, "A001")
    page = words(await (await mira(house)).opens(FLOOR))
    assert "New passport is over its target. The longest wait is 16 min; the target is 15 min." in page


async def test_what_needs_somebody_comes_worst_first(house: House) -> None:
    await house.world.queue("Ada")
    assert await needs(house) == ["unstaffed"]
    await house.ken_stands_at("1")
    assert await needs(house) == []
    house.clock.forward(seconds=60)
    assert await needs(house) == ["idle"]
    house.clock.forward(minutes=16)
    assert await needs(house) == ["over", "idle"]


async def test_a_counter_says_who_is_there_and_since_when(house: House) -> None:
    """Once: a sign "1" beside "Personne" reads as one person, where nobody is."""
    await house.ken_stands_at("1")
    house.clock.forward(minutes=7)
    page = words(await (await mira(house)).opens(FLOOR))
    assert "1 Ken Free for 7 min Ready for the next" in page
    assert "2 Not staffed Nobody is on duty here." in page


async def test_a_service_that_takes_long_may_want_help(house: House) -> None:
    await house.world.queue("Ada")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    await ken.sends(f"{house.at('1')}/service")
    house.clock.forward(minutes=16)
    assert await needs(house) == []
    house.clock.forward(minutes=1)
    assert await needs(house) == ["long"]
    page = words(await (await mira(house)).opens(FLOOR))
    assert "Counter 1 has been serving A001 for 17 min. Usual: 8 min" in page


async def test_many_who_did_not_come_ask_whether_the_calls_are_seen(house: House) -> None:
    ken = await house.ken_stands_at("1")
    for name in ("Ada", "Bo", "Chidi"):
        await house.world.queue(name)
        await ken.sends(f"{house.at('1')}/calls")
        assert "missed" not in await needs(house)
        await ken.sends(f"{house.at('1')}/miss")
    assert await needs(house) == ["missed"]
    await ken.sends(f"{house.at('1')}/returns", ticket=(await house.world.view()).tickets[0].id)
    assert "missed" not in await needs(house)


async def test_who_is_ready_again_at_a_counter_that_nobody_stands_at_is_named(house: House) -> None:
    ken = await house.ken_stands_at("1")
    people = await house.world.queue("Ada", "Bo")
    for _ in people:
        await ken.sends(f"{house.at('1')}/calls")
        await ken.sends(f"{house.at('1')}/service")
        await ken.sends(f"{house.at('1')}/parking")
    await people[0].does(joining.get_ready)
    assert await needs(house) == []
    await ken.sends(f"{house.at('1')}/duty/end", parked="keep")
    assert await needs(house) == ["ready"]
    manager = await mira(house)
    page = words(await manager.opens(FLOOR))
    assert "A001 is ready again, and nobody is at counter 1. No other counter calls them. Take counter 1" in page
    await people[1].does(joining.get_ready)
    view = await house.world.view()
    french = unescape(SCREENS["floor"](view, "fr", "").decode())
    assert "A001, A002 sont de nouveau prêts, et personne n’est au guichet 1." in french
    await ken.sends(f"{house.at('1')}/duty")
    assert await needs(house) == []


async def test_a_break_that_lasts_longer_than_planned_is_noticed(house: House) -> None:
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/duty/break", on_break="true", minutes=15, reason="meal")
    house.clock.forward(minutes=15)
    assert await needs(house) == []
    house.clock.forward(minutes=2)
    assert await needs(house) == ["late-from-break"]
    page = words(await (await mira(house)).opens(FLOOR))
    assert "Ken was expected back at 13:15." in page
    assert "A meal" in page


async def test_a_pause_reaches_phone_and_door_and_is_taken_back(house: House) -> None:
    manager = await mira(house)
    page = await sends(
        manager, "/services/renewals/pause", words_en="Back after lunch", words_fr="Après midi", until="30"
    )
    assert "Saved. Customers see it now." in page
    assert "Paused" in page
    assert "Mira paused Renewals" in page
    phone = words(await house.stranger.opens("/b/harbour"))
    assert "Back after lunch" in phone
    assert "from 13:30" in phone
    assert "Open. Customers can take a number." in await sends(manager, "/services/renewals/opening")
    assert "Back after lunch" not in words(await house.stranger.opens("/b/harbour"))


async def test_words_that_are_too_long_come_back_as_they_were_typed(house: House) -> None:
    answer = await (await mira(house)).sends(
        f"{FLOOR}/services/renewals/pause", words_en="x" * 121, words_fr="Bientôt", until="30"
    )
    assert answer.status_code == 422
    assert "x" * 121 in answer.text
    assert "Bientôt" in answer.text
    assert (await house.world.view()).service("renewals").open


async def test_a_notice_has_words_in_each_language_and_its_time(house: House) -> None:
    manager = await mira(house)
    page = await sends(
        manager, "/notice", notice_en="Fire drill", notice_fr="Exercice", **{"from": "2026-11-23T13:30", "until": ""}
    )
    assert "The notice is saved." in page
    assert "Fire drill" not in words(await house.stranger.opens("/b/harbour"))
    house.clock.forward(minutes=31)
    assert "Fire drill" in words(await house.stranger.opens("/b/harbour"))
    assert 'value="2026-11-23T13:30"' in (await manager.opens(f"{FLOOR}/notice")).text
    assert "The notice is down." in await sends(manager, "/notice/end")
    assert (await house.world.view()).branch.notice is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"notice_en": ""}, "Please say what it is about."),
        ({"notice_en": "x", "until": "2026-11-23T12:00"}, "Please choose a moment that is still to come."),
        ({"notice_en": "x", "from": "soon"}, "Please give a day and a time."),
        ({"notice_en": "x", "from": "0001-01-01T00:00"}, "Please choose a moment between the years 2000 and 2199."),
        ({"notice_en": "x", "until": "9999-12-31T23:59"}, "Please choose a moment between the years 2000 and 2199."),
    ],
)
async def test_a_notice_that_cannot_be_put_up_says_why(house: House, fields: dict[str, Any], said: str) -> None:
    answer = await (await mira(house)).sends(f"{FLOOR}/notice", **fields)
    assert (answer.status_code, said in words(answer)) == (422, True)


async def test_a_notice_until_the_end_of_time_keeps_nobody_out(house: House) -> None:
    """Such a moment was let in once, and no clock can show it in every time zone."""
    end_of_time = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12)))

    def for_ever(session: Session, branch: Branch, now: datetime) -> dict[str, Any]:
        branch.notice, branch.notice_until, branch.arranged = {"en": "Fire drill"}, end_of_time, branch.version
        return {}

    await house.world.act(for_ever)
    manager = await mira(house)
    for path in (FLOOR, f"{FLOOR}/notice", "/setup/harbour/branch", "/api/v1/branches/harbour"):
        assert (await manager.opens(path)).status_code == 200
    assert "The notice is down." in await sends(manager, "/notice/end")


async def test_help_is_called_from_the_queue_that_needs_it(house: House) -> None:
    await house.world.queue("Ada")
    manager = await mira(house)
    page = await sends(manager, "/help", service="new-passport")
    assert "Help is called for New passport." in page
    assert "Every console shows it." in page
    await house.ken_stands_at("1")
    await house.ken.sends(f"{house.at('1')}/help")
    assert "On it: Ken." in words(await manager.opens(FLOOR))
    assert "The call for help is taken back." in await sends(manager, "/help/end")


async def test_acting_for_a_counter_needs_a_reason_and_can_be_undone(house: House) -> None:
    await house.world.queue("Ada")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    manager, where = await mira(house), f"{FLOOR}/counters/{house.world.counters['1']}"
    assert "Send the customer back to their place" in words(await manager.opens(where))
    assert (await manager.sends(where, move="miss")).status_code == 422
    page = await manager.sends(where, move="miss", reason="ill")
    assert "Mira at counter 1: Set aside: did not come A001 · The agent is unwell" in words(page)
    assert "Undo A001" in words(page)
    ticket = (await house.world.view()).tickets[0].id
    assert "Taken back." in await sends(manager, "/undo", ticket=ticket)
    assert (await house.world.view()).tickets[0].state == "called"


async def test_a_move_that_came_too_late_says_so_and_changes_nothing(house: House) -> None:
    await house.ken_stands_at("1")
    answer = await (await mira(house)).sends(f"{FLOOR}/counters/{house.world.counters['1']}", move="miss", reason="ill")
    assert (answer.status_code, "Nobody is at this counter just now" in words(answer)) == (409, True)


async def test_the_fragment_is_the_same_for_everybody_while_nothing_moves(house: House) -> None:
    view = await house.world.view()
    assert SCREENS["floor"](view, "en", "") == SCREENS["floor"](view, "en", "")
    assert "Personne n’attend" in SCREENS["floor"](view, "fr", "").decode()


async def test_a_wait_that_a_branch_has_just_begun_is_no_need(house: House) -> None:
    await house.ken_stands_at("1")
    await house.world.queue("Ada")
    house.clock.forward(seconds=30)
    found = await seen(house)
    assert found.needs == ()
    assert found.places[0].since == house.clock() - timedelta(seconds=31)


async def test_it_says_what_one_more_counter_would_change(house: House) -> None:
    await house.world.ken.takes("3")
    for _ in range(6):
        await house.world.customer("Guest").joins()
    page = words(await (await mira(house)).opens(FLOOR))
    told = next(row for row in (await house.world.view()).what_if() if row.service == "new-passport")
    assert told.now is not None
    assert "With one more counter" in page
    assert f"With counter {(await label(house, told.counter))} open" in page
    later = words(await house.mira.opens(f"{FLOOR}/one-more"))
    assert "With one more counter" in later


async def test_where_nobody_waits_it_wonders_about_no_counter(house: House) -> None:
    await house.world.ken.takes("3")
    assert "With one more counter" not in words(await (await mira(house)).opens(FLOOR))


async def label(house: House, counter: str | None) -> str:
    return next(each.label for each in (await house.world.view()).counters if each.id == counter)
