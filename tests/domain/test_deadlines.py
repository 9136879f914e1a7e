"""What a clock alone ends."""

from datetime import UTC, datetime, timedelta

import pytest

from server.domain.branch import Branch
from server.domain.deadlines import ENDING, is_given_up, is_over
from server.domain.moves import State
from server.domain.ticket import Ticket

LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)
BRANCH = Branch(miss_after=3, away_limit=30, return_grace=30, arrive_by=30)


@pytest.mark.parametrize("state", State)
def test_only_tickets_in_an_ending_state_end_by_the_clock(state: State) -> None:
    ticket = Ticket(
        state=state, joined_at=LONG_AGO, called_at=LONG_AGO, away_since=LONG_AGO, missed_at=LONG_AGO, parked_at=LONG_AGO
    )
    now = LONG_AGO + timedelta(days=300)
    assert (is_over(BRANCH, ticket, now) or is_given_up(BRANCH, ticket, now)) is (state in ENDING)
