"""One tap, changeable for an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.errors import Conflict
from server.domain.feedback import CHIPS, Rating

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def rating() -> Rating:
    return Rating(visit_id="v", score=2, good=[], not_good=["prompt"], comment="slow", at=NOON, changed_at=NOON)


def test_a_second_tap_within_the_hour_replaces_the_first_whole() -> None:
    mine = rating()
    mine.replace(5, ["care"], [], None, None, NOON + timedelta(hours=1))
    assert (mine.score, mine.good, mine.not_good, mine.comment) == (5, ["care"], [], None)
    assert (mine.at, mine.changed_at) == (NOON, NOON + timedelta(hours=1))


def test_changing_it_does_not_make_the_hour_longer() -> None:
    mine = rating()
    mine.replace(4, [], [], None, None, NOON + timedelta(minutes=59))
    with pytest.raises(Conflict, match="rating-too-late"):
        mine.replace(5, [], [], None, None, NOON + timedelta(minutes=61))
    assert mine.score == 4


def test_the_reasons_are_the_six_that_are_published() -> None:
    assert CHIPS == ("promise", "prompt", "knowledge", "care", "clear", "place")
