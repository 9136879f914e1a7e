"""Whose turn it is: in order of time, in the order of asking where the time is the same, once for each."""

import pytest

from server.demo.agenda import Agenda, Life


class Told:
    """An agenda whose lives write down when they were awake."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.lines: list[tuple[float, str]] = []
        self.reached: list[float] = []

    async def life(self, name: str, *minutes: float) -> Life:
        self.lines.append((self.agenda.now, name))
        for minute in minutes:
            yield minute
            self.lines.append((self.agenda.now, name))

    async def run(self, until: float = float("inf")) -> None:
        async def reach(minute: float) -> None:
            self.reached.append(minute)

        await self.agenda.run(reach, lambda: self.agenda.now < until)


@pytest.fixture
def told() -> Told:
    return Told()


async def test_lives_take_turns_in_order_of_time(told: Told) -> None:
    told.agenda.begin(told.life("Ada", 5, 9), 1)
    told.agenda.begin(told.life("Bo", 4), 2)
    await told.run()
    assert told.lines == [(1, "Ada"), (2, "Bo"), (4, "Bo"), (5, "Ada"), (9, "Ada")]
    assert told.reached == sorted(told.reached)


async def test_who_asked_first_comes_first_in_the_same_minute(told: Told) -> None:
    told.agenda.begin(told.life("Ada"), 3)
    told.agenda.begin(told.life("Bo"), 3)
    await told.run()
    assert told.lines == [(3, "Ada"), (3, "Bo")]


async def test_who_is_woken_does_not_wake_again_at_the_old_time(told: Told) -> None:
    ken = told.agenda.begin(told.life("Ken", 60, 70), 0)

    async def ada() -> Life:
        yield 10
        told.agenda.begin(ken, 11)

    told.agenda.begin(ada(), 0)
    await told.run()
    assert told.lines == [(0, "Ken"), (11, "Ken"), (70, "Ken")]


async def test_nobody_acts_in_the_past(told: Told) -> None:
    told.agenda.begin(told.life("Ada", 2, 1), 0)
    await told.run()
    assert told.lines == [(0, "Ada"), (2, "Ada"), (2, "Ada")]


async def test_a_day_that_is_over_leaves_the_rest_for_the_next(told: Told) -> None:
    told.agenda.begin(told.life("Ada", 5, 9), 1)
    await told.run(until=5)
    assert told.lines == [(1, "Ada"), (5, "Ada")]
    await told.run()
    assert told.lines[-1] == (9, "Ada")
