"""Two real nodes on one PostgreSQL and one Redis: whatever breaks between them, every screen is true in time."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from time import monotonic

import pytest

from tests import machine
from tests.faults.crowd import crowd
from tests.faults.nodes import Nodes, twin, two_nodes
from tests.faults.truth import CUT_HEALS, HALF_OPEN_HEALS, HEARTBEAT, SOON, become_true, gone_back, too_quiet
from tests.faults.waiting import until
from tests.faults.watchers import Watcher, watching
from tests.running import PATIENCE, free_port

AWAY = machine.often(4, 30)  # seconds that Redis is stopped
CALLS = 7
ENOUGH = 100  # calls, until one of them is late because its nudge was lost
FORGED = 50  # before each call
PEOPLE = 4
PAUSE = 0.1  # seconds
ANSWERS = 30  # that people get before and after a node is killed
BUSY = 1.0  # seconds that this machine may be late itself
NEVER_LOOKS = "import server.live.hub as hub; hub.REDRAW_SECONDS = 1e9"
pytestmark = [pytest.mark.postgres, pytest.mark.own_redis]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("nodes")) as nodes:
        yield nodes


@pytest.fixture
async def watchers(nodes: Nodes) -> AsyncIterator[list[Watcher]]:
    """Phones and screens at both nodes, which none of them may leave: nothing between them and their node breaks."""
    async with watching(nodes.watchers()) as watchers:
        await until(nodes.hear_each_other)
        await become_true(watchers, nodes.there.truth.now(), PATIENCE)
        yield watchers
        assert too_quiet(watchers, monotonic(), BUSY) == []
    assert {watcher.lines for watcher in watchers} == {1}
    assert gone_back(watchers) == []


async def called(nodes: Nodes, watchers: list[Watcher]) -> float:
    """Ken calls, at the first node; seconds until everybody at both shows it."""
    await nodes.there.ken_calls(before="queue")
    return await become_true(watchers, nodes.there.truth.now(), HEARTBEAT)


async def test_one_nudge_of_ten_lost_makes_a_screen_late_and_none_wrong(nodes: Nodes, watchers: list[Watcher]) -> None:
    nodes.nudges.one_in = 10
    took = [await called(nodes, watchers) for _ in range(CALLS)]
    while max(took) <= SOON and len(took) < ENOUGH:  # what was lost was made up for by the next one
        took.append(await called(nodes, watchers))
    nodes.nudges.one_in = 0
    assert median(took) <= SOON < max(took)


@pytest.mark.soak
async def test_redis_stopped_and_restarted_empty_makes_screens_late_and_none_wrong(
    nodes: Nodes, watchers: list[Watcher]
) -> None:
    nodes.redis.does("SET", "something", "kept")
    nodes.redis.kill()
    begun = monotonic()
    while monotonic() - begun < AWAY:
        await called(nodes, watchers)
    assert not nodes.hear_each_other()
    nodes.redis.start()
    assert nodes.redis.does("GET", "something") is None
    await until(nodes.hear_each_other, CUT_HEALS)
    assert median([await called(nodes, watchers) for _ in range(CALLS)]) <= SOON


async def test_lines_to_redis_that_are_silently_dead_are_noticed_and_replaced(
    nodes: Nodes, watchers: list[Watcher]
) -> None:
    nodes.to_redis.half_open()
    before, begun = nodes.to_redis.taken, monotonic()
    await asyncio.to_thread(nodes.there.hands.joins, "new-passport")  # is counted in Redis
    assert monotonic() - begun <= SOON + BUSY
    while await called(nodes, watchers) > SOON:
        assert monotonic() - begun <= HALF_OPEN_HEALS
    assert nodes.to_redis.taken > before
    assert median([await called(nodes, watchers) for _ in range(CALLS)]) <= SOON


async def test_whatever_is_said_on_its_channels_nothing_becomes_wrong_or_slow(
    nodes: Nodes, watchers: list[Watcher]
) -> None:
    await called(nodes, watchers)
    chance, took = Random(11), []
    for _ in range(CALLS):
        for channel, said in list(nodes.nudges.heard)[-FORGED:]:
            nodes.redis.does("PUBLISH", channel, forged(said, chance))
        took.append(await called(nodes, watchers))
    assert median(took) <= SOON


async def test_one_of_two_nodes_killed_loses_nothing_and_its_screens_are_true_within_10_seconds(nodes: Nodes) -> None:
    nodes.there.ken_is_free("queue")
    at_either = replace(nodes.a, port=nodes.balancer.port)
    async with watching(nodes.there.watchers(nodes.balancer.port)) as watchers:
        await become_true(watchers, nodes.there.truth.now(), PATIENCE)
        async with crowd(at_either, nodes.there.truth.now(), PEOPLE, PAUSE) as ledger:
            await until(lambda: len(ledger.saved) > ANSWERS)
            nodes.a.kill()
            killed = monotonic()
            await until(lambda: len(ledger.saved) > 2 * ANSWERS)
        facts = nodes.there.truth.now()
        await become_true(watchers, facts, max(SOON + BUSY, killed + CUT_HEALS - monotonic()))
    assert (ledger.missing(facts), ledger.unasked(facts)) == ([], [])
    assert max(watcher.lines for watcher in watchers) > 1
    assert gone_back(watchers) == []
    nodes.a.start()


async def test_a_node_that_never_looks_by_itself_is_noticed(nodes: Nodes, tmp_path: Path) -> None:
    """Positive control: it hears nothing from the others either, and its heart beats all the same."""
    with twin(nodes.a, tmp_path, NEVER_LOOKS, REDIS_URL=f"redis://127.0.0.1:{free_port()}") as flawed:
        async with watching(nodes.there.watchers(flawed.port)) as watchers:
            await become_true(watchers, nodes.there.truth.now(), PATIENCE)
            await nodes.there.ken_calls()
            with pytest.raises(AssertionError, match="ticket"):
                await become_true(watchers, nodes.there.truth.now(), HEARTBEAT)
            assert {watcher.lines for watcher in watchers} == {1}


def forged(said: bytes, chance: Random) -> bytes:
    """A message as it was said before: once more, altered, cut off, longer, from another time, or noise."""
    place = chance.randrange(len(said) + 1)
    return chance.choice(
        [
            said,
            said[:place],
            said[:place] + bytes([chance.randrange(256)]) + said[place + 1 :],
            said + said,
            re.sub(rb"\d+", lambda _: b"%d" % chance.choice([0, 1, 2**31, 2**53, 2**64, 10**40]), said),
            chance.randbytes(place),
            b"x" * 100_000,
        ]
    )
