"""The ticket in a customer's hand: what it shows in every state, and what it lets them do."""

import json
import re

import pytest

from kiosk_ui.phone import MOVES
from server import words
from server.actions import serving, undoing
from server.domain.moves import Move
from tests.screens.phones import Phone, Place


def ticket_of(address: str) -> str:
    return address.removeprefix("/t/")


def story(phone: Phone) -> list[str]:
    """The sentences of "what happened so far", oldest first."""
    found = re.search(r'<ol class="story">(.*?)</ol>', phone.page, re.DOTALL)
    assert found
    lines = re.findall(r"<li>.*?</time>(.*?)</li>", found[1], re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line).strip() for line in lines]


# While it waits


async def test_it_says_how_many_are_ahead_and_how_long_it_takes_at_most(here: Place) -> None:
    await here.ken.takes("3")
    for _ in range(3):
        await here.joined()
    ada, _ = await here.joined()
    assert ada.headline() == "3 people ahead of you"
    assert re.search(r"At most</dt>\s*<dd[^>]*>(\d+ min|1 h)\b", ada.page)
    assert re.search(r"by \d+:\d\d", ada.page)


async def test_while_no_counter_is_open_it_promises_no_minutes(here: Place) -> None:
    ada, _ = await here.joined()
    assert "The wait shows here once a counter opens for it." in ada.page
    assert "At most" not in ada.page


async def test_nearly_there_its_stub_is_lit(here: Place) -> None:
    await here.ken.takes("3")
    ada, _ = await here.joined()
    assert ada.headline() == "Nearly your turn"
    assert 'class="plate nearly' in ada.page


async def test_nobody_else_opens_it_by_its_address(here: Place) -> None:
    _, address = await here.joined()
    stranger = await here.at_the_door()
    await stranger.opens(address)
    assert (stranger.status, stranger.headline()) == (404, "This page has moved on")
    await stranger.sends(f"{address}/leave", key="k")
    assert stranger.status == 404
    assert (await here.world.ticket(ticket_of(address))).is_open


async def test_stepping_away_keeps_the_place_and_says_until_when(here: Place) -> None:
    ada, address = await here.joined()
    await ada.sends(f"{address}/absence", key=ada.hidden("key"))
    assert ada.headline() == "Your place is kept"
    assert "Please be back by 13:30" in ada.page
    await ada.sends(f"{address}/presence", key=ada.hidden("key"))
    assert ada.headline() == "You are next"
    assert story(ada) == ["You joined", "You stepped away", "You came back"]


async def test_more_time_is_offered_only_while_somebody_waits_behind(here: Place) -> None:
    ada, address = await here.joined()
    assert "More time" not in ada.page
    await here.joined()
    await ada.opens(address)
    assert "More time" in ada.page
    await ada.sends(f"{address}/postponement", key="more")
    assert ada.headline() == "1 person ahead of you"


async def test_another_service_may_be_chosen_for_two_minutes(here: Place) -> None:
    ada, address = await here.joined()
    await ada.opens(f"{address}/service")
    assert ada.headline() == "Which service would you like?"
    await ada.sends(f"{address}/service", service="renewals", key=ada.hidden("key"))
    assert 'aria-label="B001"' in ada.page
    assert story(ada)[-1] == "You chose Renewals"
    here.clock.forward(minutes=3)
    await ada.opens(f"{address}/service")
    assert "Another service" not in ada.page


async def test_leaving_asks_once_and_offers_the_way_on(here: Place) -> None:
    ada, address = await here.joined()
    assert "<details" in ada.page
    assert "A001 is then free for the next person." in ada.page
    await ada.sends(f"{address}/leave", key=ada.hidden("key"))
    assert ada.headline() == "You have left the queue"
    assert 'href="/b/harbour"' in ada.page


async def test_a_double_tap_is_one_move(here: Place) -> None:
    ada, address = await here.joined()
    await here.joined()
    for _ in range(2):
        await ada.sends(f"{address}/postponement", key="one tap")
        assert ada.status == 200
    assert [line.move for line in await here.world.diary(ticket_of(address))] == [Move.JOIN, Move.POSTPONE]


async def test_a_move_that_is_no_longer_possible_is_refused_kindly(here: Place) -> None:
    ada, address = await here.joined()
    await ada.sends(f"{address}/acknowledgement", key="too early")
    assert ada.status == 409
    assert ada.headline()


async def test_a_script_gets_the_card_alone(here: Place) -> None:
    ada, address = await here.joined()
    await ada.sends(f"{address}/absence", htmx=True, key="away")
    assert ada.page.lstrip().startswith("<main")
    assert "<html" not in ada.page


async def test_a_visit_that_ended_is_watched_until_nobody_can_take_that_back(here: Place) -> None:
    ada, address = await here.served()
    await ada.opens(address)
    assert "data-live=" in ada.page
    assert 'data-ends="60"' in ada.page
    here.clock.forward(seconds=61)
    await ada.opens(address)
    assert ada.headline() == "Thank you. How was it?"
    assert "data-live=" not in ada.page
    assert "data-ends=" not in ada.page


async def test_the_script_knows_what_it_follows_and_its_words(here: Place) -> None:
    ada, address = await here.joined()
    assert f'data-live="/api/v1/live/tickets/{ticket_of(address)}"' in ada.page
    assert f'data-card="{address}/card"' in ada.page
    found = re.search(r"data-words='([^']*)'", ada.page)
    assert found
    assert json.loads(found[1])["ahead"] == ["{n} person ahead of you", "{n} people ahead of you"]


async def test_without_a_script_the_page_refreshes_itself_while_the_ticket_is_open(here: Place) -> None:
    ada, address = await here.joined()
    assert '<noscript><meta http-equiv="refresh"' in ada.page
    await ada.sends(f"{address}/leave", key="l")
    assert "http-equiv" not in ada.page


async def test_it_speaks_french(here: Place) -> None:
    ada, address = await here.joined()
    await here.joined()
    await ada.sends("/language", language="fr", back=address)
    assert ada.headline() == "Votre numéro est le suivant"
    assert "Nouveau passeport" in ada.page
    assert "Plus de temps" in ada.page


async def test_what_a_customer_types_is_shown_as_typed(here: Place) -> None:
    ada, address = await here.joined(name="<script>alert(1)</script>")
    await here.ken.takes("3")
    await here.ken.calls_next()
    await here.ken.serves(ticket_of(address))
    answer = await ada.http.get(address)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


# Its turn


async def test_at_its_turn_the_counter_is_announced_at_once(here: Place) -> None:
    ada, address = await here.called()
    await ada.opens(address)
    assert 'role="alert"' in ada.page
    assert ada.headline() == "It’s your turn"
    assert "<title>A001: Counter 3</title>" in ada.page
    assert "data-ring=" in ada.page


async def test_im_coming_is_said_once_and_stops_the_ringing(here: Place) -> None:
    ada, address = await here.called()
    await ada.opens(address)
    await ada.sends(f"{address}/acknowledgement", key=ada.hidden("key"))
    assert "Counter 3 knows you are coming." in ada.page
    assert "data-ring=" not in ada.page


async def test_after_a_miss_one_tap_leads_back_once(here: Place) -> None:
    ada, address = await here.called()
    await here.ken.does(serving.miss, ticket_of(address))
    await ada.opens(address)
    assert ada.headline() == "We called you at 13:00"
    assert "We keep it for you until 13:30." in ada.page
    await ada.sends(f"{address}/return", key=ada.hidden("key"))
    assert ada.headline() == "Nearly your turn"
    await here.ken.calls_next()
    await here.ken.does(serving.miss, ticket_of(address))
    await ada.opens(address)
    assert "Show it at any counter" in ada.page
    assert "Come back into the queue" not in ada.page


async def test_parked_it_says_when_it_is_ready_again(here: Place) -> None:
    ada, address = await here.called()
    await here.ken.does(serving.start, ticket_of(address))
    await here.ken.does(serving.park, ticket_of(address))
    await ada.opens(address)
    assert ada.headline() == "Take your time"
    await ada.sends(f"{address}/readiness", key=ada.hidden("key"))
    assert ada.headline() == "Thank you. Counter 3 calls you next."


async def test_the_story_names_counters_and_never_people(here: Place) -> None:
    ada, address = await here.served()
    await ada.opens(address)
    assert story(ada) == ["You joined", "Counter 3 called you", "Counter 3 welcomed you", "Resolved"]
    assert "Ken" not in ada.page


async def test_an_undone_step_is_told_too(here: Place) -> None:
    ada, address = await here.called()
    await here.world.act(undoing.undo, by=here.ken.actor, ticket_id=ticket_of(address))
    await ada.opens(address)
    assert story(ada)[-1] == "The last step was taken back"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_move_has_its_sentence(language: str) -> None:
    for move in Move:
        slug = f"phone.did-{move.replace(' ', '-')}"
        assert words.say(language, slug, place="Counter 3", service="New passport")


def test_every_form_of_the_ticket_leads_to_a_move() -> None:
    assert len(MOVES) == len(set(MOVES.values())) == 7


# Another browser


async def test_a_kept_ticket_opens_elsewhere(here: Place) -> None:
    ada, address = await here.joined()
    await ada.opens(f"{address}/keep")
    assert here.world.presence.short_code(ticket_of(address), 1) in ada.page
    other = here.phone()
    await other.opens("/keep")
    assert 'id="opening"' in other.page
    secret = here.world.presence.secret(ticket_of(address), 1)
    await other.sends("/keep", secret=f"{ticket_of(address)}.{secret}")
    assert other.path == address
    assert 'aria-label="A001"' in other.page


async def test_a_guessed_secret_opens_nothing(here: Place) -> None:
    _, address = await here.joined()
    stranger = here.phone()
    await stranger.sends("/keep", secret=f"{ticket_of(address)}.guessed")
    assert stranger.status == 404
