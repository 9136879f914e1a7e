"""What one ticket's diary comes to: waits, services, and what went otherwise."""

from server.domain.reports.visits import AT_THE_CALL, AT_THE_COUNTER, BEFORE_THE_CALL, Given, Line, Turn, Visit, visit

A, B = "new-passport", "renewals"


def diary(*lines: tuple[str, int] | tuple[str, int, str]) -> Visit:
    """(move, minute) or (move, minute, service after it); everything at counter 1, states as the moves make them."""
    state, told = None, []
    after = {"join": "waiting", "call": "called", "start": "serving", "finish": "served", "miss": "missed",
             "return": "waiting", "park": "parked", "unpark": "serving", "transfer": "waiting", "leave": "left",
             "put back": "waiting", "arrive": "waiting", "expire": "expired", "remove": "removed"}  # fmt: skip
    service = A
    for move, minute, *rest in lines:
        service = rest[0] if rest else service
        told.append(Line(move, minute * 60_000, state, service, None if move in ("join", "arrive") else "1"))
        state = after.get(move, state)
    return visit(told)


def minutes(n: float) -> int:
    return int(n * 60_000)


def test_a_wait_lasts_from_joining_to_the_first_call() -> None:
    found = diary(("join", 0), ("call", 9), ("put back", 10), ("call", 30), ("start", 31), ("finish", 40))
    assert (found.wait, found.counter) == (minutes(9), "1")


def test_who_comes_from_afar_waits_from_arriving() -> None:
    assert diary(("join", 0), ("arrive", 50), ("call", 55)).wait == minutes(5)


def test_a_clock_that_was_set_back_makes_no_wait_shorter_than_none() -> None:
    assert diary(("join", 9), ("call", 0)).wait == 0


def test_a_call_that_was_undone_was_no_call() -> None:
    assert diary(("join", 0), ("call", 3), ("recall", 4), ("undo", 5), ("call", 8)).wait == minutes(8)


def test_who_is_never_called_has_no_wait() -> None:
    assert diary(("join", 0), ("leave", 30)).wait is None


def test_a_service_is_what_a_leg_got_without_the_time_it_was_parked() -> None:
    found = diary(("join", 0), ("call", 1), ("start", 2), ("park", 5), ("unpark", 25), ("finish", 27))
    assert found.given == [Given(A, "1", minutes(5))]


def test_each_leg_is_a_service_of_its_own() -> None:
    found = diary(
        ("join", 0), ("call", 1), ("start", 2), ("transfer", 6, B), ("call", 10), ("start", 11), ("finish", 12)
    )
    assert found.given == [Given(A, "1", minutes(4)), Given(B, "1", minutes(1))]
    assert found.turns == [Turn("transfer", A, "1")]
    assert found.service == A


def test_who_is_called_and_sent_on_at_once_was_served_nowhere() -> None:
    assert diary(("join", 0), ("call", 1), ("transfer", 2, B)).given == []


def test_a_finish_that_was_undone_lets_the_service_go_on() -> None:
    found = diary(("join", 0), ("call", 0), ("start", 0), ("finish", 5), ("undo", 6), ("finish", 9))
    assert found.given == [Given(A, "1", minutes(9))]


def test_misses_and_returns_are_counted_in_the_leg_they_happened_in() -> None:
    found = diary(("join", 0), ("call", 1), ("miss", 2), ("return", 3), ("call", 4), ("miss", 5), ("undo", 6))
    assert found.turns == [Turn("miss", A, "1"), Turn("return", A, "1")]


def test_a_service_changed_within_two_minutes_is_what_they_came_for() -> None:
    assert diary(("join", 0), ("change service", 1, B), ("call", 5)).service == B


def test_where_somebody_was_who_was_not_served() -> None:
    assert diary(("join", 0), ("leave", 9)).stage == BEFORE_THE_CALL
    assert diary(("join", 0), ("call", 5), ("leave", 9)).stage == AT_THE_CALL
    assert diary(("join", 0), ("call", 5), ("miss", 9), ("expire", 50)).stage == AT_THE_CALL
    assert diary(("join", 0), ("call", 5), ("start", 6), ("park", 7), ("leave", 9)).stage == AT_THE_COUNTER
    assert diary(("join", 0), ("call", 5), ("put back", 6), ("leave", 9)).stage == BEFORE_THE_CALL
    assert diary(("join", 0), ("leave", 9), ("undo", 9)).stage is None
