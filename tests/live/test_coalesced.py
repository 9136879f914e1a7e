"""One question at a time: nobody is given an answer that is older than their question, and a thousand cost two."""

import asyncio

import pytest

from server.live.coalesced import Coalesced
from tests.live.simulated import simulate

TAKES = 0.01  # simulated seconds for one answer


class Counted:
    """Answers with how often it was asked before; `fails` at these times."""

    def __init__(self, fails: frozenset[int] = frozenset()) -> None:
        self.asked, self.at_once, self.most = 0, 0, 0
        self._fails = fails

    async def __call__(self, name: str) -> int:
        mine, self.asked = self.asked, self.asked + 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(TAKES)
        self.at_once -= 1
        if mine in self._fails:
            raise ValueError(name)
        return mine


def test_whoever_asks_while_a_question_is_under_way_gets_a_later_answer() -> None:
    async def story() -> None:
        shared = Coalesced(Counted())
        first = asyncio.create_task(shared("harbour"))
        await asyncio.sleep(TAKES / 2)
        assert (await shared("harbour"), await first, await shared("harbour")) == (1, 0, 2)

    simulate(story())


def test_a_thousand_at_once_cost_two_questions_and_never_two_at_a_time() -> None:
    async def story() -> None:
        asked = Counted()
        shared = Coalesced(asked)
        await asyncio.gather(*(shared("harbour") for _ in range(1000)))
        assert (asked.asked, asked.most, len(shared)) == (2, 1, 0)

    simulate(story())


def test_names_do_not_wait_for_each_other() -> None:
    async def story() -> None:
        asked = Counted()
        shared = Coalesced(asked)
        await asyncio.gather(shared("harbour"), shared("market"))
        assert asked.most == 2

    simulate(story())


def test_whoever_goes_away_stops_nothing() -> None:
    async def story() -> None:
        asked = Counted()
        shared = Coalesced(asked)
        leaves = asyncio.create_task(shared("harbour"))
        await asyncio.sleep(TAKES / 2)
        stays = asyncio.create_task(shared("harbour"))
        await asyncio.sleep(0)
        leaves.cancel()
        assert await stays == 1
        assert asked.most == 1

    simulate(story())


def test_a_failure_is_told_to_who_asked_and_the_next_question_is_a_new_one() -> None:
    async def story() -> None:
        shared = Coalesced(Counted(fails=frozenset({0})))
        first = asyncio.create_task(shared("harbour"))
        await asyncio.sleep(TAKES / 2)
        assert await shared("harbour") == 1
        with pytest.raises(ValueError, match="harbour"):
            await first
        assert len(shared) == 0

    simulate(story())


def test_an_answer_that_is_older_than_the_question_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def shares_what_runs(self: "Coalesced[int]", name: str) -> int:
        return await asyncio.shield(self._running.get(name) or self._begin(name))

    monkeypatch.setattr(Coalesced, "__call__", shares_what_runs)
    with pytest.raises(AssertionError):
        test_whoever_asks_while_a_question_is_under_way_gets_a_later_answer()
