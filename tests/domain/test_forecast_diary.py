"""What moves and duties teach: each fact once, from what happened and not from what was taken back."""

import pytest

from server.domain.forecast import Break, Called, Came, Fact, Foreseen, Gap, Joined, Left, Missed, Served, Worked
from server.domain.forecast.diary import Diary, Foretold, Line, Said, Stand, standing
from server.domain.moves import Move, State

MINUTE = 60_000
AFTER = {
    Move.JOIN: State.WAITING, Move.ARRIVE: State.WAITING, Move.CALL: State.CALLED, Move.START: State.SERVING,
    Move.FINISH: State.SERVED, Move.MISS: State.MISSED, Move.RETURN: State.WAITING, Move.PARK: State.PARKED,
    Move.UNPARK: State.SERVING, Move.READY: State.PARKED, Move.TRANSFER: State.WAITING, Move.LEAVE: State.LEFT,
    Move.PUT_BACK: State.WAITING, Move.EXPIRE: State.EXPIRED, Move.STEP_AWAY: State.AWAY,
}  # fmt: skip


def test_a_visit_teaches_its_wait_its_coming_and_its_service() -> None:
    assert taught(
        ("ada", Move.JOIN, 0), ("ada", Move.CALL, 10), ("ada", Move.START, 11), ("ada", Move.FINISH, 16)
    ) == [Joined(0.0), Called(10.0), Came(10.0), Served("passports", 5.0), Worked(5.0)]  # fmt: skip


def test_what_was_told_is_compared_with_the_first_call() -> None:
    said = [Said(0, 8.0, 14.0, joining=True), Said(6 * MINUTE, 3.0, 7.0, joining=False)]
    told = {"ada": Foretold(head_start=10.0, said=said)}
    twice = [("ada", Move.JOIN, 0), ("ada", Move.CALL, 10), ("ada", Move.PUT_BACK, 11), ("ada", Move.CALL, 30)]
    foreseen = (Foreseen(8.0, 14.0, 10.0, joining=True), Foreseen(3.0, 7.0, 4.0))
    assert taught(*twice, told=told) == [Joined(10.0), Called(10.0, ahead_of_order=True, foreseen=foreseen)]


def test_a_gap_counts_where_the_next_one_waited_already() -> None:
    ada = [("ada", Move.JOIN, 0), ("ada", Move.CALL, 1), ("ada", Move.START, 1), ("ada", Move.FINISH, 5)]
    assert Gap(2.0) in taught(("bo", Move.JOIN, 0), *ada, ("bo", Move.CALL, 6), ("bo", Move.START, 7))
    came_later = taught(*ada, ("bo", Move.JOIN, 6), ("bo", Move.CALL, 6), ("bo", Move.START, 7))
    assert not any(isinstance(fact, Gap) for fact in came_later)


def test_a_break_is_no_gap() -> None:
    ada = [("ada", Move.JOIN, 0), ("ada", Move.CALL, 1), ("ada", Move.START, 1), ("ada", Move.FINISH, 5)]
    moves = lines(("bo", Move.JOIN, 0), *ada, ("bo", Move.CALL, 26), ("bo", Move.START, 27))
    facts = Diary().read([*moves[:-2], Stand("1", 25 * MINUTE, 20 * MINUTE), *moves[-2:]], {})
    assert Break(20.0) in facts
    assert not any(isinstance(fact, Gap) for fact in facts)


def test_who_misses_the_call_costs_the_counter_time_and_may_come_later() -> None:
    facts = taught(
        ("ada", Move.JOIN, 0), ("ada", Move.CALL, 10), ("ada", Move.MISS, 12), ("ada", Move.RETURN, 13),
        ("ada", Move.CALL, 20), ("ada", Move.START, 21),
    )  # fmt: skip
    assert facts == [Joined(0.0), Called(10.0), Missed(10.0, 2.0), Came(20.0)]


def test_parked_time_is_no_service() -> None:
    facts = taught(
        ("ada", Move.JOIN, 0), ("ada", Move.CALL, 1), ("ada", Move.START, 1), ("ada", Move.PARK, 3),
        ("ada", Move.READY, 20), ("ada", Move.CALL, 22), ("ada", Move.START, 23), ("ada", Move.FINISH, 28),
    )  # fmt: skip
    assert facts[-2:] == [Served("passports", 7.0), Worked(7.0)]
    assert facts.count(Came(1.0)) == 1


def test_each_leg_teaches_its_own_service_and_a_new_wait() -> None:
    facts = taught(
        ("ada", Move.JOIN, 0), ("ada", Move.CALL, 1), ("ada", Move.START, 1),
        ("ada", Move.TRANSFER, 4, "renewals"), ("ada", Move.CALL, 9, "renewals"), ("ada", Move.START, 9, "renewals"),
        ("ada", Move.FINISH, 11, "renewals"),
    )  # fmt: skip
    assert [fact for fact in facts if isinstance(fact, Served)] == [Served("passports", 3.0), Served("renewals", 2.0)]
    assert [fact for fact in facts if isinstance(fact, Called)] == [Called(1.0), Called(5.0)]


@pytest.mark.parametrize("move", [Move.LEAVE, Move.EXPIRE])
def test_who_goes_before_the_call_has_left(move: Move) -> None:
    assert taught(("ada", Move.JOIN, 0), ("ada", Move.STEP_AWAY, 3), ("ada", move, 9)) == [Left(9.0)]


def test_who_goes_after_a_missed_call_did_not_leave_the_queue() -> None:
    facts = taught(("ada", Move.JOIN, 0), ("ada", Move.CALL, 1), ("ada", Move.MISS, 3), ("ada", Move.EXPIRE, 33))
    assert not any(isinstance(fact, Left) for fact in facts)


def test_who_comes_from_afar_waits_from_the_arrival_on() -> None:
    afar = [Line("ada", 1, Move.JOIN, State.EXPECTED, 0, None, "passports")]
    here = lines(("ada", Move.ARRIVE, 30), ("ada", Move.CALL, 34), first=2)
    assert Diary().read([*afar, *here], {}) == [Joined(0.0), Called(4.0)]


def test_a_line_whose_beginning_is_not_known_teaches_what_it_can() -> None:
    assert taught(("ada", Move.START, 1), ("ada", Move.FINISH, 6)) == [Served("passports", 5.0), Worked(5.0)]
    assert taught(("ada", Move.FINISH, 6)) == []


def test_an_undone_move_never_was() -> None:
    moves = lines(
        ("ada", Move.JOIN, 0), ("bo", Move.JOIN, 0), ("ada", Move.CALL, 1), ("bo", Move.CALL, 2),
        ("ada", Move.RECALL, 2), ("ada", Move.UNDO, 3), ("ada", Move.CALL, 9),
    )  # fmt: skip
    assert [(line.ticket, line.move) for line in standing(moves)] == [
        ("ada", Move.JOIN), ("bo", Move.JOIN), ("bo", Move.CALL), ("ada", Move.CALL)
    ]  # fmt: skip


def lines(*moves: tuple[object, ...], first: int = 1) -> list[Line]:
    """(ticket, move, minute, service = passports), all at counter 1."""
    return [
        Line(str(ticket), first + n, str(move), AFTER.get(move, State.CALLED), int(str(at)) * MINUTE,  # type: ignore[call-overload]
             None if move == Move.JOIN else "1", str(service[0]) if service else "passports")
        for n, (ticket, move, at, *service) in enumerate(moves)
    ]  # fmt: skip


def taught(*moves: tuple[object, ...], told: dict[str, Foretold] | None = None) -> list[Fact]:
    return list(Diary().read(lines(*moves), told or {}))
