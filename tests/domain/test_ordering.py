"""Who is next, how many are ahead, and where somebody who comes back stands."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from server.domain.ordering import MS_PER_MINUTE, Place, Positions, behind_next, in_turn, place_of


@dataclass(frozen=True)
class Waiting:
    key: Place
    service_id: str = "passports"
    bound_counter_id: str | None = None
    bound_staff_id: str | None = None


@dataclass(frozen=True)
class Duty:
    counter_id: str = "1"
    staff_id: str = "ken"
    services: list[str] = field(default_factory=lambda: ["passports"])


keys = st.tuples(st.integers(0, 50), st.integers(1, 50))
waiting = st.lists(
    st.builds(
        Waiting,
        keys,
        st.sampled_from(["passports", "renewals", "visas"]),
        st.sampled_from([None, None, None, "1", "2"]),
        st.sampled_from([None, None, None, "ken", "lola"]),
    ),
    max_size=12,
    unique_by=lambda ticket: ticket.key,
)
duties = st.lists(
    st.builds(
        Duty,
        st.sampled_from(["1", "2"]),
        st.sampled_from(["ken", "lola"]),
        st.lists(st.sampled_from(["passports", "renewals"]), unique=True, min_size=1),
    ),
    max_size=2,
    unique_by=(lambda duty: duty.counter_id, lambda duty: duty.staff_id),
)


def test_the_smallest_place_is_next_and_of_equal_places_the_older() -> None:
    late, early, same = Waiting((20, 1)), Waiting((10, 7)), Waiting((10, 9))
    assert in_turn([late, same, early], [], Duty()) == [early, same, late]


def test_several_queues_are_one() -> None:
    a, b = Waiting((1, 1)), Waiting((2, 2), "renewals")
    both = Duty(services=["renewals", "passports"])
    assert in_turn([b, a], [], both) == [a, b]
    assert in_turn([b, a], [], Duty()) == [a]


def test_ready_ones_come_first_then_those_sent_here_then_the_queues() -> None:
    queued = Waiting((1, 1))
    sent = Waiting((5, 5), "visas", bound_counter_id="1")
    to_ken = Waiting((6, 6), "visas", bound_staff_id="ken")
    parked = Waiting((9, 9), "visas")
    assert in_turn([queued, to_ken, sent], [parked], Duty()) == [parked, sent, to_ken, queued]


def test_who_was_sent_elsewhere_is_not_called_here() -> None:
    assert in_turn([Waiting((1, 1), bound_counter_id="2"), Waiting((2, 2), bound_staff_id="lola")], [], Duty()) == []


def test_a_head_start_is_minutes_earlier() -> None:
    assert place_of(600_000, 10) == 0
    assert place_of(600_000, 0) == 600_000
    assert place_of(0, -2) == 2 * MS_PER_MINUTE


def test_behind_the_next_three_and_behind_all_when_fewer_wait() -> None:
    line = [Waiting((n, n)) for n in (10, 20, 30, 40)]
    assert behind_next(3, line, (1, 1), 99) == (30, 99)
    assert behind_next(3, line[:2], (1, 1), 99) == (20, 99)
    assert behind_next(3, [], (1, 1), 99) == (1, 1)
    assert behind_next(0, line, (1, 1), 99) == (1, 1)


def test_nobody_gains_by_coming_back() -> None:
    line = [Waiting((10, 1)), Waiting((20, 2))]
    assert behind_next(3, line, (25, 5), 99) == (25, 5)


@given(waiting, keys, st.integers(1, 5))
def test_who_comes_back_stands_directly_behind_the_kth(line: list[Waiting], own: Place, k: int) -> None:
    queue = sorted((Waiting(t.key) for t in line), key=lambda t: t.key)
    place = behind_next(k, queue, own, 1000)
    assert place >= own
    before = sum(t.key < place for t in queue)
    assert before >= min(k, len(queue)) or not queue
    if place != own:
        assert before == sum(t.key[0] <= place[0] for t in queue)


@given(waiting)
def test_ahead_counts_those_of_my_queue_before_me(line: list[Waiting]) -> None:
    positions = Positions(line, [], [])
    for mine in line:
        queue = (mine.bound_counter_id, None if mine.bound_counter_id else mine.bound_staff_id)
        assert positions.ahead(mine) == sum(
            other.key < mine.key
            for other in line
            if (other.bound_counter_id, None if other.bound_counter_id else other.bound_staff_id) == queue
            and (queue != (None, None) or other.service_id == mine.service_id)
        )


def test_ahead_can_be_asked_for_a_place_that_nobody_has_yet() -> None:
    positions = Positions([Waiting((10, 1)), Waiting((20, 2))], [], [])
    assert positions.ahead(Waiting((0, 0)), (15, 0)) == 1


def test_near_is_at_most_two_before_me_at_the_counters_that_would_call_me() -> None:
    line = [Waiting((n, n)) for n in range(4)]
    near = [Positions(line, [], [Duty()]).near(ticket) for ticket in line]
    assert near == [True, True, True, False]


def test_near_counts_the_other_queues_of_my_counters_and_no_others() -> None:
    line = [Waiting((n, n), "renewals") for n in range(3)]
    mine = Waiting((9, 9))
    both = Duty(services=["passports", "renewals"])
    assert not Positions([*line, mine], [], [both]).near(mine)
    assert Positions([*line, mine], [], [Duty(), Duty("2", "lola", ["renewals"])]).near(mine)


def test_near_counts_ready_ones_and_those_who_were_sent_there() -> None:
    mine = Waiting((9, 9))
    sent = [Waiting((50 + n, n), "visas", bound_counter_id="1") for n in range(2)]
    assert Positions([mine, *sent], [], [Duty()]).near(mine)
    assert not Positions([mine, *sent], ["1"], [Duty()]).near(mine)
    assert Positions([mine, *sent], ["2"], [Duty()]).near(mine)


def test_nobody_is_near_where_nobody_would_call_them() -> None:
    mine = Waiting((1, 1))
    assert not Positions([mine], [], []).near(mine)
    assert not Positions([mine], [], [Duty(services=["renewals"])]).near(mine)


@given(waiting, duties)
def test_whoever_is_next_somewhere_is_near(line: list[Waiting], on_duty: list[Duty]) -> None:
    """Where one duty serves: the first three of its order are near, nobody else is."""
    for duty in on_duty[:1]:
        order = in_turn(line, [], duty)
        positions = Positions(line, [], [duty])
        sent_twice = {t for t in line if t.bound_counter_id and t.bound_staff_id}
        if sent_twice:  # a transfer names one of both
            continue
        one_group = {(t.bound_counter_id, t.bound_staff_id) for t in order if t.bound_counter_id or t.bound_staff_id}
        if len(one_group) <= 1:
            assert [positions.near(ticket) for ticket in order] == [n < 3 for n in range(len(order))]
        for ticket in order[:1]:
            assert positions.near(ticket)
