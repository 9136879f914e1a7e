"""Every state and every move, against the table that people read, and what a diary line makes of a ticket."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server
from server.domain import device, feedback  # noqa: F401 - all tables must be mapped
from server.domain.errors import Conflict, IllegalMove
from server.domain.joined import Joined, join
from server.domain.moves import (
    ARROWS,
    CURRENT,
    HARMLESS,
    OPEN,
    UNDOABLE,
    Move,
    Stamp,
    State,
    TicketEvent,
    recount,
    undoable,
)
from server.domain.people import Actor, Duty
from server.domain.ticket import Ticket, stored

GLOSSARY = Path(server.__file__).parents[1] / "docs" / "GLOSSARY.md"
S = State
TABLE: dict[Move, tuple[set[State], State | None]] = {
    Move.CHANGE_SERVICE: ({S.WAITING, S.EXPECTED}, None),
    Move.ARRIVE: ({S.EXPECTED}, S.WAITING),
    Move.STEP_AWAY: ({S.WAITING}, S.AWAY),
    Move.COME_BACK: ({S.AWAY}, S.WAITING),
    Move.POSTPONE: ({S.WAITING, S.CALLED}, S.WAITING),
    Move.RECLASS: ({S.EXPECTED, S.WAITING, S.AWAY}, None),
    Move.CALL: ({S.WAITING, S.PARKED}, S.CALLED),
    Move.RECALL: ({S.CALLED}, None),
    Move.ACKNOWLEDGE: ({S.CALLED}, None),
    Move.START: ({S.CALLED}, S.SERVING),
    Move.FINISH: ({S.SERVING}, S.SERVED),
    Move.MISS: ({S.CALLED}, S.MISSED),
    Move.RETURN: ({S.MISSED}, S.WAITING),
    Move.PUT_BACK: ({S.CALLED}, S.WAITING),
    Move.PARK: ({S.SERVING}, S.PARKED),
    Move.READY: ({S.PARKED}, None),
    Move.UNPARK: ({S.PARKED}, S.SERVING),
    Move.TRANSFER: ({S.SERVING, S.CALLED, S.PARKED}, S.WAITING),
    Move.LEAVE: ({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.PARKED, S.MISSED}, S.LEFT),
    Move.REMOVE: ({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.SERVING, S.PARKED, S.MISSED}, S.REMOVED),
    Move.EXPIRE: ({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.MISSED}, S.EXPIRED),
}
"""The table of the domain, written a second time on purpose: an arrow is never changed in passing."""
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEN = Actor("staff", "ken")
DUTY = Duty(id="d", counter_id="1", staff_id="ken", services=[])
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "change_service": ("renewals", "B001", 5, 5, 0), "arrive": (5, 5, 0), "postpone": ((9, 9),),
    "come_again": ((9, 9),), "reclass": ("elderly", True, 5, 10), "call": (DUTY,), "finish": ("resolved",),
    "unpark": (DUTY,), "transfer": ("renewals", None, None, (9, 9)),
}  # fmt: skip
VERBS = {move: {"return": "come_again", "ready": "get_ready"}.get(move, move.replace(" ", "_")) for move in TABLE}


def ticket(state: State = S.WAITING, version: int = 1, **fields: Any) -> Ticket:
    found = Ticket(**joined(version).ticket)
    for field, value in ({"counter_id": "1", "duty_id": "d", "staff_id": "ken"} if state != S.WAITING else {}).items():
        setattr(found, field, value)
    found.state = state
    for field, value in fields.items():
        setattr(found, field, value)
    return found


def joined(version: int = 1) -> Joined:
    return join(
        Stamp(Actor("customer", "t"), NOW, version), S.WAITING, id="t", branch_id="harbour", visit_id="t",
        business_day=NOW.date(), channel="phone", language="en", generation=1, number="A001",
        service_id="new-passport", arrival=1, place=1,
    )  # fmt: skip


def make(found: Ticket, move: Move, version: int = 2) -> TicketEvent:
    line: TicketEvent = getattr(found, VERBS[move])(Stamp(KEN, NOW, version), *ARGUMENTS.get(VERBS[move], ()))
    return line


def test_every_arrow_is_the_domain_s() -> None:
    assert {move: (set(before), after) for move, (before, after) in ARROWS.items()} == TABLE
    assert set(Move) - set(TABLE) == {Move.JOIN, Move.UNDO}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(TABLE))
def test_a_move_goes_along_its_arrow_or_is_refused_by_name(move: Move, state: State) -> None:
    found = ticket(state)
    before, after = TABLE[move]
    if state in before:
        line = make(found, move)
        assert found.state == (after or state)
        assert (line.move, line.from_state, line.to_state) == (move, state, found.state)
        assert (line.actor_kind, line.actor_id, line.at, line.version) == ("staff", "ken", NOW, 2)
    else:
        with pytest.raises(IllegalMove) as refused:
            make(found, move)
        assert refused.value.params == {"move": move, "state": state, "number": "A001"}
        assert (found.state, found.moved) == (state, 1)


@pytest.mark.parametrize("move", list(TABLE))
def test_a_closed_ticket_moves_no_more(move: Move) -> None:
    assert not ARROWS[move][0] & (set(State) - OPEN)


def test_open_and_current_are_what_the_domain_says() -> None:
    assert set(State) - OPEN == {S.SERVED, S.LEFT, S.REMOVED, S.EXPIRED}
    assert {S.CALLED, S.SERVING} == CURRENT


@pytest.mark.parametrize("move", list(TABLE))
def test_what_closes_has_a_time_and_what_opens_has_none(move: Move) -> None:
    for state in TABLE[move][0]:
        found = ticket(state)
        make(found, move)
        assert (found.closed_at is None) == found.is_open


@pytest.mark.parametrize(
    "move", [m for m, (_, after) in TABLE.items() if after == S.WAITING and m not in (Move.ARRIVE, Move.COME_BACK)]
)
def test_who_waits_again_is_at_no_counter(move: Move) -> None:
    for state in TABLE[move][0]:
        found = ticket(state, called_at=NOW, started_at=NOW, ready=True)
        make(found, move)
        assert (found.counter_id, found.duty_id, found.staff_id, found.called_at, found.started_at, found.ready) == (
            None, None, None, None, None, False,
        )  # fmt: skip


# Undo


def test_what_can_be_taken_back_and_what_may_have_followed() -> None:
    assert {
        Move.CALL, Move.START, Move.FINISH, Move.MISS, Move.PUT_BACK, Move.PARK, Move.UNPARK, Move.TRANSFER,
        Move.REMOVE, Move.LEAVE, Move.STEP_AWAY, Move.COME_BACK,
    } == UNDOABLE  # fmt: skip
    assert {Move.RECALL, Move.ACKNOWLEDGE, Move.READY} == HARMLESS


@pytest.mark.parametrize("move", sorted(UNDOABLE))
def test_undo_brings_every_field_back(move: Move) -> None:
    for state in TABLE[move][0]:
        found = ticket(state)
        before = fields_of(found)
        lines = [make(found, move)]
        if found.state == S.CALLED:
            lines = [make(found, Move.ACKNOWLEDGE, 4), make(found, Move.RECALL, 3), *lines]
        found.undo(Stamp(KEN, NOW, 9), undoable(lines))
        assert fields_of(found) == before


@pytest.mark.parametrize(
    "last", [Move.POSTPONE, Move.EXPIRE, Move.RETURN, Move.UNDO, Move.CHANGE_SERVICE, Move.RECLASS, Move.JOIN]
)
def test_whatever_else_came_last_keeps_what_was_before(last: Move) -> None:
    diary = [TicketEvent(move=last), TicketEvent(move=Move.CALL), TicketEvent(move=Move.JOIN)]
    with pytest.raises(Conflict, match="nothing-to-undo"):
        undoable(diary)


@given(st.lists(st.tuples(st.sampled_from(sorted(TABLE)), st.booleans()), max_size=25))
def test_a_ticket_is_what_its_diary_says(wishes: list[tuple[Move, bool]]) -> None:
    found = ticket()
    diary = [TicketEvent(**joined().line)]
    for version, (wish, back) in enumerate(wishes, start=2):
        try:
            if back:
                diary.append(found.undo(Stamp(KEN, NOW, version), undoable(diary[::-1])))
            else:
                diary.append(make(found, wish, version))
        except Conflict:
            continue
        assert recount(diary) == fields_of(found)
        assert diary[-1].from_state == diary[-2].to_state
        assert diary[-1].to_state == found.state
        assert found.moved == found.changed == version


def fields_of(found: Ticket) -> dict[str, Any]:
    return {field: stored(getattr(found, field)) for field in Ticket.RECOUNTED}


# What people read


def rows(text: str) -> dict[str, tuple[str, str]]:
    """move → (arrow, who), of the table under "## Moves"; "a, b" is two moves of one row."""
    table = text.partition("## Moves")[2]
    found = re.findall(r"^\| ([a-z ,]+) \| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE)
    return {move: (arrow, who) for names, arrow, who in found for move in names.split(", ") if names != "move"}


def wrong_rows(text: str) -> list[str]:
    """What the glossary says otherwise than the code."""
    said = rows(text)
    complaints = [f"{move} is not told" for move in sorted(set(Move) - set(said))]
    for move, (before, after) in TABLE.items():
        arrow = said.get(move, ("", ""))[0]
        told = {state for state in State if re.search(rf"\b{state}\b", arrow)}
        shared = move in (Move.STEP_AWAY, Move.COME_BACK, Move.PARK, Move.UNPARK)
        expected = set(before) | ({after} if after else set())
        if move == Move.LEAVE:
            expected = {S.LEFT, S.SERVING}  # "any open state but serving"
        if move == Move.REMOVE:
            expected = {S.REMOVED}  # "any open state"
        if told != expected and not (shared and told >= expected):
            complaints.append(f"{move}: {arrow}")
    return complaints


def test_the_glossary_tells_every_move_as_it_is() -> None:
    assert wrong_rows(GLOSSARY.read_text()) == []


def test_a_wrong_row_would_be_noticed() -> None:
    text = GLOSSARY.read_text()
    assert wrong_rows(text.replace("| miss | called → missed", "| miss | serving → missed")) == [
        "miss: serving → missed"
    ]
    assert wrong_rows(text.replace("| recall |", "| shout |")) == ["recall is not told", "recall: "]
