"""What an agent sees at the counter, and what each press does."""

import re
from html import unescape

import httpx2 as httpx

from server.actions import joining
from server.domain.moves import State
from server.live.views import BoardView
from staff_console.counter import SCREENS
from staff_console.counter.desk import Desk, desk
from tests.screens.conftest import Browser, House


def console(view: BoardView, counter: str, language: str = "en") -> str:
    return unescape(SCREENS["console"](view, language, counter).decode())


def words(page: httpx.Response | str) -> str:
    """What a person reads, without the markup."""
    html = page if isinstance(page, str) else page.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def at_desk(house: House, label: str = "1") -> Desk:
    view = await house.world.view()
    found = desk(view, house.world.counters[label], view.at)
    assert found is not None
    return found


async def called(house: House) -> Browser:
    """Ken at counter 1, who has just called Ada."""
    await house.world.ada.joins()
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/calls")
    return ken


async def serving(house: House) -> Browser:
    ken = await called(house)
    await ken.sends(f"{house.at('1')}/service")
    return ken


# Where to work


async def test_one_click_takes_a_free_counter_and_shows_its_console(house: House) -> None:
    await house.ken.enters()
    assert "Take counter 1" in words(await house.ken.opens("/counter"))
    page = await house.ken.sends(f"{house.at('1')}/duty")
    assert page.url.path == house.at("1")
    assert "Nobody is waiting" in words(page)


async def test_an_occupied_counter_says_who_is_there(house: House) -> None:
    await house.ken_stands_at("1")
    await house.lola.enters()
    assert "Ken is here" in words(await house.lola.opens("/counter"))
    refused = await house.lola.sends(f"{house.at('1')}/duty", htmx=True)
    assert (refused.status_code, "Ken is at counter 1" in words(refused)) == (409, True)


async def test_a_console_is_shown_only_to_who_stands_there(house: House) -> None:
    await house.ken_stands_at("1")
    await house.lola.enters()
    shown = await house.lola.opens(house.at("1"))
    assert shown.url.path == "/counter"
    assert "Ken is at counter 1 now" in words(shown)


async def test_a_stranger_is_asked_to_sign_in_and_cannot_press(house: House) -> None:
    assert (await house.stranger.opens(house.at("1"))).url.path == "/staff"
    assert (await house.stranger.sends(f"{house.at('1')}/calls", htmx=True)).status_code == 401


async def test_the_services_of_a_duty_can_be_changed_while_standing_there(house: House) -> None:
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/duty", services=["renewals"], htmx=True)
    assert (await at_desk(house)).counter.duty is not None
    await house.world.ada.joins("new-passport")
    assert (await at_desk(house)).next is None
    await house.world.bo.joins("renewals")
    assert [ticket.number for ticket in (await at_desk(house)).queue] == ["B001"]


async def test_leaving_with_parked_numbers_asks_where_they_go(house: House) -> None:
    ken = await serving(house)
    await ken.sends(f"{house.at('1')}/parking")
    page = words(await ken.opens(f"{house.at('1')}?panel=duty"))
    assert "1 parked number: where does it go?" in page
    assert (await ken.sends(f"{house.at('1')}/duty/end", parked="transfer")).url.path == "/counter"
    assert (await house.world.ada.is_()).state == State.WAITING


# From call to outcome


async def test_a_visit_from_the_call_to_its_outcome(house: House) -> None:
    ken = await called(house)
    page = words(await ken.opens(house.at("1")))
    assert "Called 0:00 ago, once" in page
    assert "A 001" in page
    assert "Here now" in words(await ken.sends(f"{house.at('1')}/service", htmx=True))
    done = await ken.sends(f"{house.at('1')}/outcome", outcome="resolved", note="Took two photos", htmx=True)
    assert "Your counter is free" in words(done)
    ada = await house.world.ada.is_()
    assert (ada.state, ada.outcome_id, ada.note) == (State.SERVED, "resolved", "Took two photos")


async def test_with_an_open_line_a_move_is_answered_with_what_it_changed_at_once(house: House) -> None:
    await house.world.queue("Ada", "Bo", "Chidi")
    ken = await house.ken_stands_at("1")
    brief = (await ken.sends(f"{house.at('1')}/calls", htmx=True, live=True)).text
    assert all(part in brief for part in ("is-called", "data-brief", 'id="key-start"', 'id="panel-transfer"', "A001"))
    assert '<section id="waiting"></section>' in brief
    assert '<aside id="beside"></aside>' in brief
    assert "A003" not in brief
    whole = (await ken.sends(f"{house.at('1')}/queue", htmx=True)).text
    assert ("data-brief" in whole, "A003" in whole) == (False, True)
    assert "data-brief" not in console(await house.world.view(), house.world.counters["1"])


async def test_two_rows_have_keys_of_their_own_though_they_are_older_than_the_rest(house: House) -> None:
    await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    for _ in range(2):
        await ken.sends(f"{house.at('1')}/calls")
        await ken.sends(f"{house.at('1')}/miss")
    page = (await ken.opens(house.at("1"))).text
    rows = re.findall(
        r'action="[^"]*(/returns)".*?name="key" value="([^"]*)".*?name="ticket" value="([^"]*)"', page, re.DOTALL
    )
    assert len(rows) == 2
    for path, key, ticket in rows:
        answer = await ken.sends(house.at("1") + path, key=key, ticket=ticket, htmx=True, live=True)
        assert answer.status_code == 200
    assert [ticket.state for ticket in (await house.world.view()).tickets] == ["waiting", "waiting"]


async def test_im_coming_is_seen_by_the_agent(house: House) -> None:
    ken = await called(house)
    await house.world.ada.does(joining.acknowledge)
    assert "A001 says: I’m coming" in words(await ken.opens(house.at("1")))


async def test_a_double_press_calls_one_person(house: House) -> None:
    await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    calls = [await ken.sends(f"{house.at('1')}/calls", key="c1.next.7", shown="", htmx=True) for _ in range(2)]
    assert [answer.status_code for answer in calls] == [200, 200]
    states = [ticket.state for ticket in (await house.world.view()).tickets]
    assert sorted(states) == ["called", "waiting"]


async def test_who_lost_a_race_is_told_who_won(house: House) -> None:
    ada, _ = await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    await house.lola.enters()
    await house.lola.sends(f"{house.at('2')}/duty")
    await house.lola.sends(f"{house.at('2')}/calls")
    answer = await ken.sends(f"{house.at('1')}/calls", shown=ada.ticket, htmx=True)
    assert "Counter 2 called A001 a moment ago. A002 is with you." in words(answer)
    chosen = await house.lola.sends(f"{house.at('2')}/miss")
    assert chosen.status_code == 200


async def test_somebody_chosen_before_the_turn_needs_a_reason(house: House) -> None:
    _, bo = await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    assert "Call A002 now?" in words(await ken.opens(f"{house.at('1')}?ticket={bo.ticket}"))
    assert (await ken.sends(f"{house.at('1')}/calls", ticket=bo.ticket, htmx=True)).status_code == 422
    await ken.sends(f"{house.at('1')}/calls", ticket=bo.ticket, reason="need", htmx=True)
    assert (await bo.is_()).state == State.CALLED


async def test_who_was_missed_stands_aside_and_can_be_taken_in_again(house: House) -> None:
    ken = await called(house)
    assert "Called, not here yet" in words(await ken.sends(f"{house.at('1')}/miss", htmx=True))
    await ken.sends(f"{house.at('1')}/returns", ticket=house.world.ada.ticket, htmx=True)
    assert (await house.world.ada.is_()).state == State.WAITING


async def test_who_is_parked_and_ready_again_comes_first_and_the_console_says_why(house: House) -> None:
    ken = await serving(house)
    await ken.sends(f"{house.at('1')}/parking")
    await house.world.bo.joins()
    await house.world.ada.does(joining.get_ready)
    found = await at_desk(house)
    assert found.next is not None
    assert (found.next.number, found.why(found.next)) == ("A001", "ready")
    await ken.sends(f"{house.at('1')}/unparking", ticket=house.world.ada.ticket)
    assert (await house.world.ada.is_()).state == State.SERVING


async def test_a_transfer_goes_to_a_service_a_counter_or_a_person(house: House) -> None:
    ken = await serving(house)
    lola = house.world.lola
    for to, field, target in (
        ("service:renewals", "service_id", "renewals"),
        (f"counter:{house.world.counters['2']}", "bound_counter_id", house.world.counters["2"]),
        (f"agent:{lola.id}", "bound_staff_id", lola.id),
    ):
        answer = await ken.sends(f"{house.at('1')}/transfer", to=to, place="front", htmx=True)
        assert answer.status_code == 200, answer.text
        assert getattr(await house.world.ada.is_(), field) == target
        await ken.sends(f"{house.at('1')}/undo", ticket=house.world.ada.ticket)
    assert (await ken.sends(f"{house.at('1')}/transfer", to="elsewhere", htmx=True)).status_code == 422


async def test_undo_offers_exactly_the_last_move_while_it_can_be_taken_back(house: House) -> None:
    ken = await called(house)
    await ken.sends(f"{house.at('1')}/queue")
    undo = (await at_desk(house)).undo
    assert undo is not None
    assert (undo.number, undo.move) == ("A001", "put back")
    await ken.sends(f"{house.at('1')}/undo", ticket=undo.ticket)
    assert (await house.world.ada.is_()).state == State.CALLED
    house.clock.forward(seconds=61)
    assert (await at_desk(house)).undo is None


async def test_a_break_waits_for_who_is_here_and_says_when_it_ends(house: House) -> None:
    ken = await called(house)
    assert "Break follows" in words(await ken.sends(f"{house.at('1')}/duty/break", on_break="true", htmx=True))
    assert "You are on a break" in words(await ken.sends(f"{house.at('1')}/miss", htmx=True))
    told = await ken.sends(f"{house.at('1')}/duty/break", on_break="true", minutes=15, htmx=True)
    assert "expect you back at 13:15" in words(told)
    assert "Your counter is free" in words(await ken.sends(f"{house.at('1')}/duty/break", on_break="false", htmx=True))


async def test_a_walk_in_gets_a_number_that_the_agent_can_say(house: House) -> None:
    ken = await house.ken_stands_at("1")
    given = await ken.sends(
        f"{house.at('1')}/walk-in", service="renewals", name="Chidi", need="", note="Deaf", priority="", htmx=True
    )
    assert "B001 is their number for Renewals." in words(given)
    (ticket,) = (await house.world.view()).tickets
    assert (ticket.name, ticket.need, ticket.note) == ("Chidi", None, "Deaf")
    assert (ticket.channel, ticket.state) == ("agent", "waiting")
    page = await ken.sends(f"{house.at('1')}/walk-in", service="renewals")
    assert "B002 is their number for Renewals." in words(page)


async def test_a_priority_is_given_and_withdrawn_by_the_agent(house: House) -> None:
    _, bo = await house.world.queue("Ada", "Bo")
    ken = await house.ken_stands_at("1")
    await ken.sends(f"{house.at('1')}/priorities", ticket=bo.ticket, priority="business", htmx=True)
    found = await at_desk(house)
    first = found.queue[0]
    assert (first.number, found.why(first), first.head_start) == ("A002", "priority", 5)
    await ken.sends(f"{house.at('1')}/priorities", ticket=bo.ticket, priority="", htmx=True)
    assert [ticket.number for ticket in (await at_desk(house)).queue] == ["A001", "A002"]


# The fragment


async def test_a_need_is_read_in_the_agents_language_and_what_staff_wrote_as_it_stands(house: House) -> None:
    ken, counter = house.world.ken, house.world.counters["1"]
    await ken.takes("1")
    for name, need, french in (("Ada", "An interpreter", "Un interprète"), ("Bo", "A ramp, please", "A ramp, please")):
        customer = house.world.customer(name)
        await customer.joins(need=need)
        await ken.calls_next()
        assert french in console(await house.world.view(), counter, "fr")
        await ken.serves(customer.ticket)


async def test_the_fragment_speaks_the_watchers_language(house: House) -> None:
    await called(house)
    view = await house.world.view()
    assert "Appel il y a 0:00, une fois" in console(view, house.world.counters["1"], "fr")


async def test_an_archived_service_still_shows_who_waits_for_it(house: House) -> None:
    await called(house)
    view = await house.world.view()
    bare = {name: getattr(view, name) for name in view.__slots__} | {"services": ()}
    assert "A001" in console(BoardView(**bare), house.world.counters["1"])


async def test_what_customers_type_reaches_the_console_as_text(house: House) -> None:
    await house.world.ada.joins(name="<img src=x onerror=alert(1)>", need='"><script>')
    ken = await house.ken_stands_at("1")
    page = await ken.sends(f"{house.at('1')}/calls", htmx=True)
    assert "<img src=x" not in page.text
    assert "<script>" not in page.text


async def test_unknown_fields_are_refused(house: House) -> None:
    ken = await house.ken_stands_at("1")
    assert (await ken.sends(f"{house.at('1')}/calls", counter="2", htmx=True)).status_code == 422
