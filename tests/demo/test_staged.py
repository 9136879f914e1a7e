"""The branch of a demo: its example, quick enough to watch, with a counter and links for people."""

import pytest

from server.demo.kinds import KINDS, Kind
from server.demo.living import Demo
from server.demo.staged import agent_name, counter_of, hurried, is_ours, staged
from server.first_start import Beginning, Door

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@every_kind
def test_every_post_has_a_counter_and_an_agent_of_the_demos_own(kind: Kind) -> None:
    file = staged(kind)
    ours = [counter_of(person.name) for person in file.people if is_ours(person.name)]
    assert ours == [post.counter for post in kind.posts]
    assert {*ours, kind.free} == {counter.label for counter in file.counters}
    assert sum(not is_ours(person.name) for person in file.people) >= 3


@every_kind
@pytest.mark.parametrize("speed", [1, 20, 120])
def test_a_hurried_branch_is_always_open_and_gives_people_time_to_react(kind: Kind, speed: int) -> None:
    real, quick = staged(kind), hurried(staged(kind), speed)
    assert quick.branch.hours is None
    assert quick.branch.return_grace >= 2
    assert quick.branch.miss_after == 0
    for before, after in zip(real.services, quick.services, strict=True):
        assert after.typical_service == max(1, round(before.typical_service / speed))
        assert after.target_wait == max(1, round(before.target_wait / speed))


def test_the_demos_own_agents_get_no_link() -> None:
    doors = [Door("console", "Ken", "/staff/enter#a"), Door("console", agent_name("1"), "/staff/enter#b")]
    assert Demo.of("bank", 1, "20").for_people(Beginning(doors, None)).doors == doors[:1]


def test_the_clock_on_the_wall_begins_when_the_branch_opens() -> None:
    assert [KINDS["clinic"].clock(minute) for minute in (0, 31, 150.9)] == ["07:30", "08:01", "10:00"]
