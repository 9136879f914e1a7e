"""What the lobby's screen shows of a branch, and what it says aloud."""

import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from display.lobby import screen
from display.showing import Showing, showing
from server.live.views import BoardView, CallView
from tests.screens.lobby_boards import NOW, board, call, counter, service


def called(view: BoardView) -> list[str]:
    return [each.number for each in showing(view).called]


def before(view: BoardView) -> list[str]:
    return [each.number for each in showing(view).before]


def html(view: BoardView, language: str = "en") -> str:
    return unescape(screen(view, language, "").decode())


def said(view: BoardView) -> list[list[list[str]]]:
    return [
        json.loads(unescape(words)) for words in re.findall(r'data-words="([^"]*)"', screen(view, "en", "").decode())
    ]


def resting(view: BoardView) -> list[str]:
    """What stands in the place of the door's code, in each language."""
    found = re.search(r'class="door resting".*?</section>', html(view), re.DOTALL)
    return re.findall(r"<span [^>]*>([^<]+)<", found[0]) if found else []


# Who is on the large plates


def test_the_last_call_is_lit_and_the_earlier_ones_stand_beside_it_newest_first() -> None:
    view = board(call("A042"), call("B018", "1", ago=90), call("A041", "2", ago=200))
    assert called(view) == ["A042"]
    assert before(view) == ["B018", "A041"]


def test_calls_within_eight_seconds_share_the_screen_in_the_order_they_were_made() -> None:
    assert called(board(call("B019", ago=1), call("A042", ago=8))) == ["A042", "B019"]
    assert called(board(call("B019", ago=1), call("A042", ago=9))) == ["B019"]


def test_of_many_calls_at_once_the_newest_three_are_large() -> None:
    view = board(*(call(f"A00{n}", ago=n) for n in range(1, 6)))
    assert called(view) == ["A003", "A002", "A001"]
    assert before(view) == ["A004", "A005"]


def test_a_recall_shows_the_ticket_once_and_under_its_new_id() -> None:
    view = board(call("A042", ago=1, again=2), call("A042", ago=40), call("B018", ago=20))
    assert [each.id for each in showing(view).called] == ["tA042-2"]
    assert before(view) == ["B018"]


@pytest.mark.parametrize("state", ["waiting", "away", "expected", "left", "removed", "expired"])
def test_a_call_that_was_taken_back_is_gone(state: str) -> None:
    shown = showing(board(call("A042"), states={"A042": state}))
    assert (shown.called, shown.before, shown.aloud) == ((), (), ())


def test_whoever_missed_the_call_still_finds_it_among_the_earlier_ones() -> None:
    view = board(call("A042", ago=60), states={"A042": "missed"})
    assert called(view) == []
    assert before(view) == ["A042"]


@pytest.mark.parametrize(("state", "seconds"), [("called", 180), ("serving", 45), ("served", 45)])
def test_a_call_goes_out_by_itself(state: str, seconds: int) -> None:
    lit, out = (board(call("A042", ago=ago), states={"A042": state}) for ago in (seconds - 1, seconds))
    assert called(lit) == ["A042"]
    assert showing(lit).until == NOW + timedelta(seconds=1)
    assert called(out) == []


# While nobody is called


def test_an_idle_lobby_shows_each_counter_that_is_worked_and_who_is_there() -> None:
    at_work = (
        counter("1", "A041"),
        counter("2"),
        counter("3", duty=False),
        counter("4", back_at=NOW + timedelta(minutes=17)),
    )
    view = board(counters=at_work, states={"A041": "serving"})
    assert [(place.counter.label, place.ticket and place.ticket.number) for place in showing(view).counters] == [
        ("1", "A041"),
        ("2", None),
        ("4", None),
    ]
    assert 'aria-label="A041"' in html(view)
    assert ">free<" in html(view)
    assert ">back at 14:20<" in html(view)


def test_a_branch_before_its_first_counter_opens_says_what_will_be_here() -> None:
    assert "Numbers show here as soon as a counter opens" in html(board())


def test_a_closed_branch_says_when_it_opens_again() -> None:
    view = board(open=False, opens_at=NOW + timedelta(hours=18))
    assert showing(view).closed
    assert "Open again from 8:03 tomorrow." in html(view)


def test_whoever_is_still_served_after_closing_time_is_still_shown() -> None:
    assert not showing(board(counters=(counter("1", "A041"),), open=False)).closed


@pytest.mark.parametrize("calls", [(), (call("A041", "1"),)], ids=["idle", "a call"])
def test_after_closing_time_the_door_says_when_it_opens_again_while_somebody_is_served(calls: tuple[CallView]) -> None:
    served: dict[str, Any] = {"counters": (counter("1", "A041"),)}
    shut = board(*calls, **served, open=False, opens_at=NOW + timedelta(hours=18))
    assert resting(shut) == ["Open again from 8:03 tomorrow.", "De nouveau ouvert demain à partir de 8:03."]
    assert resting(board(*calls, **served, open=False)) == ["Closed for now.", "Fermé pour le moment."]
    assert resting(board(*calls, **served)) == []


def test_a_last_call_after_closing_time_makes_room_for_when_it_opens_again() -> None:
    shut = showing(board(call("A041", "1"), states={"A041": "served"}, open=False))
    assert (shut.stage, shut.idle) == ("calls", "closed")


# Words


def test_every_sentence_stands_in_each_language_of_the_branch() -> None:
    drawn = html(board(call("A042"), notice={"en": "The lift rests.", "fr": "L’ascenseur est au repos."}))
    for english, french in (("Now serving", "Appel en cours"), ("The lift rests.", "L’ascenseur est au repos.")):
        assert f'<span class="in-1" lang="en" dir="ltr">{english}</span>' in drawn
        assert f'<span class="in-2" lang="fr" dir="ltr">{french}</span>' in drawn


def test_a_service_says_its_wait_or_when_to_come() -> None:
    tomorrow = datetime.fromisoformat("2026-11-24T07:30:00+00:00")
    closed, full = service("Loans", open=False, opens_at=tomorrow), service("Cards", full=True)
    drawn = html(board(services=(service(), closed, full, service("Forms", wait=None))))
    assert re.findall(r'class="wait">([^<]*)<', drawn)[::2] == [
        "12–20 min",
        "from 8:30 tomorrow",
        "all places taken today",
        "once a counter opens",
    ]


def test_many_services_stand_on_pages_of_four() -> None:
    drawn = html(board(services=tuple(service(f"Service {n}") for n in range(9))))
    assert 'data-turns="waits" data-pages="3"' in drawn
    assert drawn.count('<li class="page-2">') == 4


def test_a_call_is_said_digit_by_digit_with_its_counter_in_each_language() -> None:
    assert said(board(call("A042"))) == [
        [["en", "A, 0, 4, 2. Counter 3, please."], ["fr", "A, 0, 4, 2. Guichet 3, s’il vous plaît."]]
    ]


def test_a_counter_whose_label_speaks_for_itself_is_not_called_a_counter() -> None:
    view = board(call("A1042", "Room 4"), languages=("en",))
    assert said(view) == [[["en", "A, 1, 0, 4, 2. Room 4, please."]]]
    assert ">Counter<" not in html(view)


def test_what_may_be_said_is_in_the_order_of_the_calls() -> None:
    shown: Showing = showing(board(call("B019", ago=1), call("A042", ago=3), call("A041", ago=400)))
    assert [each.number for each in shown.aloud] == ["A041", "A042", "B019"]


def test_no_name_note_or_need_ever_reaches_the_lobby() -> None:
    drawn = html(board(call("A042"), counters=(counter("3", "A042"),)))
    assert not [word for word in ("Ada", "Lovelace", "asked for", "wheelchair", "Ken") if word in drawn]


def test_what_a_branch_calls_itself_is_never_read_as_a_page() -> None:
    drawn = screen(board(name="<script>alert(1)</script>", notice={"*": "<b>now</b>"}), "en", "").decode()
    assert "<script>" not in drawn
    assert "<b>now</b>" not in drawn


def test_a_paused_service_says_in_every_language_what_its_manager_said_before_what_others_bring() -> None:
    words = {"en": "Back tomorrow: the printer rests.", "fr": "De retour demain."}
    paused = service("Renewals", "Renouvellements", open=False, paused=True, closed_words=words)
    view = board(counters=(counter("1"),), services=(service(bring={"en": "two photos"}), paused))
    assert [each.id for each in showing(view).lines] == ["renewals", "new passport"]
    page = html(view)
    for said_of_it in ("<b>Renewals</b> Back tomorrow: the printer rests.", "<b>Renouvellements</b> De retour demain."):
        assert said_of_it in page


def test_who_is_closed_by_the_hours_or_paused_without_words_has_no_line() -> None:
    services = (service("Renewals", open=False, closed_words={"en": "Old."}), service(open=False, paused=True))
    assert showing(board(counters=(counter("1"),), services=services)).lines == ()
