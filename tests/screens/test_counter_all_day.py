"""What an agent's console says beside who is here now: their day, the visit, what happens by itself, who needs help."""

import re
from datetime import timedelta

from server.actions import helping, joining
from staff_console.counter.desk import KEYS
from tests.screens.conftest import House
from tests.screens.test_counter import at_desk, called, words
from tests.screens.test_counter import serving as is_serving


async def test_my_day_counts_served_times_and_thanks(house: House) -> None:
    ken = await house.ken_stands_at("1")
    assert "Your first customer today shows here" in words(await ken.opens(house.at("1")))
    for name, minutes, score in (("Ada", 4, 5), ("Bo", 8, 2), ("Chidi", 6, None)):
        (customer,) = await house.world.queue(name)
        await ken.sends(f"{house.at('1')}/calls")
        await ken.sends(f"{house.at('1')}/service")
        house.clock.forward(minutes=minutes)
        await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
        if score:
            await customer.rates(score)
    day = (await at_desk(house)).day
    assert day is not None
    assert (day.served, day.typical, day.thanks) == (3, 6, 1)
    assert "Served 3 Typical service 6 min Thanks received 1" in words(await ken.opens(house.at("1")))


async def test_a_key_that_does_nothing_says_the_reason_of_now(house: House) -> None:
    ken = await house.ken_stands_at("1")
    page = (await ken.opens(house.at("1"))).text
    assert "as soon as somebody waits" in page
    assert "Nobody is with you: N calls the next number." in page
    assert "press S first" not in page
    await house.world.changes(recall_limit=1, recall_gap=0)
    ken = await called(house)
    page = (await ken.opens(house.at("1"))).text
    assert "Finish with this customer first" in page
    assert "as often as your branch allows" not in page
    await ken.sends(f"{house.at('1')}/recalls")
    assert "as often as your branch allows" in (await ken.opens(house.at("1"))).text
    await ken.sends(f"{house.at('1')}/service")
    page = (await ken.opens(house.at("1"))).text
    assert "The service has started" in page
    assert "press N first" not in page
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    await ken.sends(f"{house.at('1')}/duty/break", on_break="true")
    page = (await ken.opens(house.at("1"))).text
    assert page.count("You are on a break: press K to go on.") == len(KEYS)
    assert "press N first" not in page


async def test_my_day_is_shown_at_its_end(house: House) -> None:
    ken = await is_serving(house)
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    page = words(await ken.sends(f"{house.at('1')}/duty/end"))
    assert "Your day so far Served 1" in page


async def test_a_finish_that_is_undone_leaves_my_day(house: House) -> None:
    ken = await is_serving(house)
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    await ken.sends(f"{house.at('1')}/undo", ticket=house.world.ada.ticket)
    assert (await at_desk(house)).day is None


async def test_u_takes_back_a_removal_and_not_the_finish_before_it(house: House) -> None:
    await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    await ken.sends(f"{house.at('1')}/service")
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    (bo,) = (await house.world.view()).tickets
    page = words(await ken.sends(f"{house.at('1')}/removals", ticket=bo.id, reason="left", htmx=True))
    assert "takes back the removal of A002" in page
    undo = (await at_desk(house)).undo
    assert undo is not None
    page = words(await ken.sends(f"{house.at('1')}/undo", ticket=undo.ticket, htmx=True))
    view = await house.world.view()
    assert {ticket.number: ticket.state for ticket in view.by_ticket.values()} == {"A001": "served", "A002": "waiting"}
    assert "takes back the finish of A001" in page


async def test_my_day_begins_anew_with_the_business_day(house: House) -> None:
    ken = await is_serving(house)
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    house.clock.forward(days=1)
    await house.world.bo.joins()
    assert (await house.world.view()).days == {}


async def test_another_service_belongs_to_the_same_visit_and_the_card_shows_what_came_before(house: House) -> None:
    ken = await is_serving(house)
    page = words(await ken.opens(f"{house.at('1')}?panel=walk-in"))
    assert "Another service for A001: one visit" in page
    await ken.sends(f"{house.at('1')}/walk-in", service="renewals", visit_of=house.world.ada.ticket, htmx=True)
    await ken.sends(f"{house.at('1')}/outcome", outcome="referred", note="Took the old card")
    await ken.sends(f"{house.at('1')}/calls")
    found = await at_desk(house)
    assert found.ticket is not None
    assert (found.ticket.number, [t.number for t in found.earlier]) == ("B001", ["A001"])
    page = words(await ken.opens(house.at("1")))
    assert "Earlier in this visit" in page
    assert "A001 New passport · served : Referred" in page.replace("served:", "served :")
    assert "Took the old card" in page


async def test_the_card_still_shows_what_came_before_when_that_is_over_for_hours(house: House) -> None:
    ken = await is_serving(house)
    await ken.sends(f"{house.at('1')}/walk-in", service="renewals", visit_of=house.world.ada.ticket, htmx=True)
    await ken.sends(f"{house.at('1')}/outcome", outcome="referred", note="Took the old card")
    house.clock.forward(hours=2)
    page = words(await ken.sends(f"{house.at('1')}/calls", htmx=True))
    assert "Earlier in this visit" in page
    assert "Took the old card" in page


async def test_one_rating_is_asked_when_the_whole_visit_is_over(house: House) -> None:
    ken = await is_serving(house)
    await ken.sends(f"{house.at('1')}/walk-in", service="renewals", visit_of=house.world.ada.ticket)
    await ken.sends(f"{house.at('1')}/outcome", outcome="resolved")
    visit = {ticket.visit for ticket in (await house.world.view()).by_ticket.values()}
    assert len(visit) == 1


async def test_a_visit_of_another_branch_is_not_joined(house: House) -> None:
    ken = await is_serving(house)
    refused = await ken.sends(f"{house.at('1')}/walk-in", service="renewals", visit_of="elsewhere", htmx=True)
    assert refused.status_code == 404


async def test_a_break_says_what_for_and_keeps_its_return_time(house: House) -> None:
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/duty/break", on_break="true", minutes=15)
    page = await ken.sends(f"{house.at('1')}/duty/break", on_break="true", reason="meal", htmx=True)
    duty = (await at_desk(house)).counter.duty
    assert duty is not None
    assert (duty.break_reason, "expect you back at 13:15" in words(page)) == ("meal", True)
    assert 'value="meal" data-key="m" aria-pressed="true"' in page.text
    refused = await ken.sends(f"{house.at('1')}/duty/break", on_break="true", reason="gone fishing", htmx=True)
    assert refused.status_code == 422
    await ken.sends(f"{house.at('1')}/duty/break", on_break="false")
    duty = (await at_desk(house)).counter.duty
    assert duty is not None
    assert (duty.break_reason, duty.back_at) == (None, None)


async def test_a_call_that_is_missed_by_itself_counts_down_to_the_moment_it_is(house: House) -> None:
    await house.world.changes(miss_after=2)
    ken = await called(house)
    house.clock.forward(seconds=30)
    assert "Set aside by itself in 1:30" in words(await ken.opens(house.at("1")))
    await house.world.ada.does(joining.acknowledge)
    assert "Set aside by itself in 3:30" in words(await ken.opens(house.at("1")))
    house.clock.forward(seconds=209)
    await house.world.ticks()
    assert (await house.world.ada.is_()).state == "called"
    house.clock.forward(seconds=1)
    await house.world.ticks()
    assert (await house.world.ada.is_()).state == "missed"


async def test_recall_counts_down_the_gap_and_the_card_counts_the_calls(house: House) -> None:
    ken = await called(house)
    house.clock.forward(seconds=5)
    assert (await at_desk(house)).recall_at == house.clock() + timedelta(seconds=10)
    page = words(await ken.opens(house.at("1")))
    assert re.search(r"Recall in \d+ s", page)
    assert re.search(r"Undo \d+ s", page)
    assert (await ken.sends(f"{house.at('1')}/recalls", htmx=True)).status_code == 409
    house.clock.forward(seconds=10)
    assert (await at_desk(house)).recall_at is None
    assert "Called 0:00 ago, 2 times" in words(await ken.sends(f"{house.at('1')}/recalls", htmx=True))


async def test_without_a_limit_nothing_counts_down(house: House) -> None:
    ken = await called(house)
    assert "by itself" not in words(await ken.opens(house.at("1")))


async def test_a_call_for_help_is_on_every_console_and_one_press_answers_it(house: House) -> None:
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/duty", services=["new-passport"])
    await house.world.bo.joins("renewals")
    await house.world.act(helping.call_for_help, by=house.world.mira.actor, service_id="renewals")
    page = words(await ken.opens(house.at("1")))
    assert "Help is welcome: Renewals." in page
    assert "1 person is waiting for it." in page
    assert (await at_desk(house)).next is None
    page = words(await ken.sends(f"{house.at('1')}/help", htmx=True))
    assert "Thank you: you call for it now." in page
    found = await at_desk(house)
    assert found.next is not None
    assert (found.next.number, found.helps) == ("B001", True)
    house.clock.forward(minutes=15)
    assert "Help is welcome" not in words(await ken.opens(house.at("1")))
    assert (await ken.sends(f"{house.at('1')}/help", htmx=True)).status_code == 409


async def test_a_counter_that_cannot_do_the_service_says_so(house: House) -> None:
    await house.ken_stands_at("3")
    await house.world.act(helping.call_for_help, by=house.world.mira.actor, service_id="renewals")
    assert "Counter 3 does not do this service." in words(await house.ken.opens(house.at("3")))
    assert (await house.ken.sends(f"{house.at('3')}/help", htmx=True)).status_code == 409


async def test_two_tabs_at_one_counter_press_the_same_key_once(house: House) -> None:
    """Both show the same version: the second press is the first one's answer again."""
    await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    page = (await ken.opens(house.at("1"))).text
    key = page.partition('action="')[2].partition('name="key" value="')[2].partition('"')[0]
    for _ in range(2):
        answer = await ken.sends(f"{house.at('1')}/calls", key=key, shown="", htmx=True)
        assert answer.status_code == 200
    assert sorted(ticket.state for ticket in (await house.world.view()).tickets) == ["called", "waiting"]


async def test_a_tab_that_shows_an_older_state_is_told_who_is_here(house: House) -> None:
    await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls", key="old.next.5", shown="")
    late = await ken.sends(f"{house.at('1')}/calls", key="old.next.4", shown="", htmx=True)
    assert (late.status_code, "A001" in words(late)) == (409, True)
    finished = await ken.sends(f"{house.at('1')}/outcome", outcome="resolved", htmx=True)
    assert finished.status_code == 409
