"""A whole day lived through the product's own actions: everybody ends somewhere, and the books are right."""

from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from server.demo.kinds import BANK, CLINIC, KINDS, OFFICE, Kind
from server.domain.moves import CURRENT, OPEN, Move, State, recount
from server.domain.ticket import Ticket, stored
from tests.demo.lived import Lived, lived, morning

SEED = 1


@pytest.fixture(scope="module")
def day(sqlite_pattern: str, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A public office from its opening to the next morning."""
    return lived(sqlite_pattern, tmp_path_factory.mktemp("office"), OFFICE, SEED)


def test_everybody_who_was_to_come_joined(day: Lived) -> None:
    assert len(day.planned.people) > 200
    assert len(day.tickets) == len(day.planned.people)
    assert day.refused == {}


def test_everybody_who_joined_ended_somewhere(day: Lived) -> None:
    ends = Counter(State(ticket.state) for ticket in day.tickets)
    assert not ends.keys() & OPEN
    assert ends[State.SERVED] > 0.8 * len(day.tickets)
    assert all(duty.ended_at is not None for duty in day.duties)
    assert len(day.duties) == len(OFFICE.posts)


def test_the_diary_has_every_move(day: Lived) -> None:
    for ticket in day.tickets:
        diary = day.diary(ticket)
        assert diary[0].move == Move.JOIN
        assert all(before.to_state == after.from_state for before, after in pairwise(diary))
        assert recount(diary) == {field: stored(getattr(ticket, field)) for field in Ticket.RECOUNTED}


def test_nobody_is_served_twice(day: Lived) -> None:
    for ticket in day.tickets:
        moves = Counter(line.move for line in day.diary(ticket))
        assert moves[Move.FINISH] == (ticket.state == State.SERVED)
        assert moves[Move.START] == moves[Move.FINISH] + moves[Move.TRANSFER] + moves[Move.PARK]


def test_no_counter_has_two_people_at_once(day: Lived) -> None:
    there: dict[str, str] = {}
    for line in day.lines:
        if line.counter_id is not None and line.to_state in CURRENT:
            assert there.setdefault(line.counter_id, line.ticket_id) == line.ticket_id
        elif line.counter_id is not None and there.get(line.counter_id) == line.ticket_id:
            del there[line.counter_id]
    assert not there


def test_everything_that_people_do_happened(day: Lived) -> None:
    moves = Counter(line.move for line in day.lines)
    lived_through = {
        Move.JOIN, Move.ARRIVE, Move.STEP_AWAY, Move.COME_BACK, Move.CALL, Move.RECALL, Move.ACKNOWLEDGE, Move.START,
        Move.FINISH, Move.MISS, Move.RETURN, Move.PARK, Move.READY, Move.TRANSFER, Move.LEAVE, Move.EXPIRE,
    }  # fmt: skip
    assert not lived_through - moves.keys()
    assert 0 < len(day.ratings) < moves[Move.FINISH]
    assert any(ticket.appointment_at is not None and ticket.state == State.SERVED for ticket in day.tickets)


def test_walk_ins_of_one_class_are_called_in_the_order_in_which_they_came(day: Lived) -> None:
    """Those of whom nothing else is known but that they waited: no stroll, no form, no missed call, no errand more."""
    plain = {Move.JOIN, Move.CALL, Move.ACKNOWLEDGE, Move.START, Move.FINISH}
    called: dict[str, list[tuple[datetime, datetime]]] = {}
    for ticket in day.tickets:
        diary = day.diary(ticket)
        if {line.move for line in diary} <= plain and not ticket.priority_id and ticket.called_at is not None:
            called.setdefault(ticket.service_id, []).append((ticket.joined_at, ticket.called_at))
    for times in called.values():
        assert [call for _, call in sorted(times)] == sorted(call for _, call in times)


@pytest.mark.parametrize("kind", [BANK, CLINIC], ids=lambda kind: str(kind.name))
def test_every_kind_lives(kind: Kind, sqlite_pattern: str, tmp_path: Path) -> None:
    short = lived(sqlite_pattern, tmp_path, morning(kind, 15), SEED)
    assert short.refused == {}
    assert len(short.tickets) == len(short.planned.people) > 10
    assert not {State(ticket.state) for ticket in short.tickets} & OPEN
    assert {State.SERVED} <= {State(ticket.state) for ticket in short.tickets}
    assert KINDS[kind.name] is kind


def test_a_seed_makes_the_same_story_again(sqlite_pattern: str, tmp_path: Path) -> None:
    kind = morning(BANK, 10)
    first = lived(sqlite_pattern, tmp_path / "first", kind, SEED)
    assert first.story() == lived(sqlite_pattern, tmp_path / "again", kind, SEED).story()
    assert first.story() != lived(sqlite_pattern, tmp_path / "other", kind, SEED + 1).story()


def test_people_are_told_a_wait_as_they_join(sqlite_pattern: str, tmp_path: Path) -> None:
    kind = morning(BANK, 15)
    told = lived(sqlite_pattern, tmp_path / "told", kind, SEED, told=True)
    came = [ticket for ticket in told.tickets if ticket.appointment_at is None]
    promised = [ticket for ticket in came if ticket.promised_at_most is not None]
    assert len(promised) > 0.8 * len(came) > 0  # to the others nobody was on duty yet
    assert not any(ticket.promised_likely for ticket in lived(sqlite_pattern, tmp_path / "not", kind, SEED).tickets)
