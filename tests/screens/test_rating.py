"""The one tap after a visit: saved at once, its reasons, and how long it may be changed."""

import re
from datetime import timedelta
from typing import Any

from server.domain.feedback import Rating
from server.queries import tickets
from tests.screens.phones import Place


def ticket_of(address: str) -> str:
    return address.removeprefix("/t/")


async def rating_of(here: Place, address: str) -> Rating | None:
    found: Rating | None = await here.world.ask(tickets.rating_of, ticket_of(address))
    return found


async def test_the_tap_itself_is_saved_at_once(here: Place) -> None:
    ada, address = await here.served()
    await ada.opens(address)
    assert ada.headline() == "Thank you. How was it?"
    await ada.sends(f"{address}/rating", score="5", key="tap")
    saved = await rating_of(here, address)
    assert saved is not None
    assert saved.score == 5
    assert "Saved. You can change it until 14:00." in ada.page
    assert "What was good?" in ada.page


async def test_a_low_rating_is_asked_what_was_not(here: Place) -> None:
    ada, address = await here.served()
    await ada.sends(f"{address}/rating", score="2", key="tap")
    assert re.search(r"<legend>What was not\?", ada.page)


async def test_reasons_a_comment_and_a_contact_are_added_and_thanked_for(here: Place) -> None:
    ada, address = await here.served()
    await ada.sends(f"{address}/rating", score="4", key="tap")
    said: dict[str, Any] = {
        "good": ["promise", "care"],
        "not_": ["place"],
        "comment": "Warm welcome",
        "contact": "ada@example.org",
    }
    await ada.sends(f"{address}/rating", score="4", key="more", done="1", **said)
    assert ada.headline() == "Thank you"
    assert "will contact you" in ada.page
    saved = await rating_of(here, address)
    assert saved is not None
    assert (saved.good, saved.not_good, saved.comment) == (["promise", "care"], ["place"], "Warm welcome")


async def test_a_chip_that_is_good_and_not_is_what_the_score_asks_first(here: Place) -> None:
    ada, address = await here.served()
    await ada.sends(f"{address}/rating", score="2", key="tap", done="1", good=["care"], not_=["care"])
    saved = await rating_of(here, address)
    assert saved is not None
    assert (saved.good, saved.not_good) == ([], ["care"])


async def test_another_face_keeps_what_was_said(here: Place) -> None:
    ada, address = await here.served()
    await ada.sends(f"{address}/rating", score="5", key="1", done="1", good=["care"], comment="Fine")
    await ada.opens(f"{address}?change=1")
    faces = ada.page.partition('class="faces"')[2].partition("</form>")[0]
    assert 'name="good" value="care"' in faces
    assert 'name="comment" value="Fine"' in faces


async def test_it_can_be_changed_for_an_hour(here: Place) -> None:
    ada, address = await here.served()
    await ada.sends(f"{address}/rating", score="5", key="1", done="1")
    assert "Change my answer" in ada.page
    here.clock.now += timedelta(minutes=61)
    await ada.opens(f"{address}?change=1")
    assert ada.headline() == "Thank you"
    assert "Change my answer" not in ada.page


async def test_it_can_be_given_days_later_and_not_for_ever(here: Place) -> None:
    ada, address = await here.served()
    here.clock.forward(days=6)
    await ada.opens(address)
    assert ada.headline() == "Thank you. How was it?"
    here.clock.forward(days=2)
    await ada.opens(address)
    assert ada.headline() == "Thank you for your visit"


async def test_it_says_what_was_promised_and_what_was_kept(here: Place) -> None:
    await here.ken.takes("3")
    ada, address = await here.joined()
    here.clock.forward(minutes=4)
    await here.ken.calls_next()
    await here.ken.serves(ticket_of(address))
    await ada.sends(f"{address}/rating", score="5", key="1", done="1")
    assert re.search(r"You waited 4 min. We had said at most \d+ minutes?", ada.page)
