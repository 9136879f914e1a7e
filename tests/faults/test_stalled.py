"""Clients that never read, among others who do: nobody waits, memory is bounded, the end comes in time."""

import asyncio
import signal
from collections.abc import Iterator
from statistics import median
from time import monotonic

import pytest

from tests.faults.office import Office, office
from tests.faults.stalled import never_reading, resident, unread
from tests.faults.truth import SOON, become_true, delays, gone_back
from tests.faults.watchers import Watcher, watching
from tests.running import PATIENCE

OTHERS = 5  # times everybody who watches an office
OFFERED = 3_000_000  # bytes to each of them, which no kernel holds
GROWTH = 6_000_000  # bytes: a third of what six of them would cost if everything were kept
STUCK = 64 * 1024  # bytes unread: as much as the kernels take
STOPPED_WITHIN = 10.0  # seconds
BUSY = 1.0
NEVER_WAITS = "from server.web.connection import Connection; Connection.pause_writing = lambda self: None"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(None, tmp_path_factory.mktemp("stalled")) as there:
        yield there


@pytest.fixture
def there(house: Office) -> Office:
    """Served as it should be, whatever the test before did with it."""
    assert house.server.process is not None
    if house.server.flaw:
        house.server.kill()
        house.server.flaw = ""
    if house.server.process.poll() is not None:
        house.server.start()
    return house


async def test_who_never_reads_costs_nobody_a_moment_and_no_memory(there: Office) -> None:
    async with watching(everybody(there)) as watchers:
        assert await growth(there, watchers) < GROWTH
        await become_true(watchers, there.truth.now(), SOON + BUSY)
    assert gone_back(watchers) == []


async def test_told_to_stop_it_tells_who_listens_and_is_gone_within_10_seconds(there: Office) -> None:
    async with watching(everybody(there)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        with never_reading(there.server) as clients:
            while min(unread(there.server, client) for client in clients) < STUCK:
                await there.ken_calls(before="queue")
            assert there.server.process is not None
            there.server.process.send_signal(signal.SIGTERM)
            begun = monotonic()
            status = await asyncio.to_thread(there.server.process.wait, PATIENCE)
            assert monotonic() - begun <= STOPPED_WITHIN
    assert status in (0, -signal.SIGTERM)
    assert [watcher.closes[:1] for watcher in watchers] == [[1012]] * len(watchers)


async def test_a_server_that_keeps_everything_for_who_never_reads_is_noticed(house: Office) -> None:
    """Positive control."""
    house.server.kill()
    house.server.flaw = NEVER_WAITS
    house.server.start()
    async with watching(everybody(house)) as watchers:
        assert await growth(house, watchers) > GROWTH


def everybody(there: Office) -> list[Watcher]:
    return [watcher for _ in range(OTHERS) for watcher in there.watchers(there.server.port)]


async def growth(there: Office, watchers: list[Watcher]) -> int:
    """Bytes that the server grew by while Ken called and some never read; the others saw each call in time."""
    await become_true(watchers, there.truth.now(), PATIENCE)
    consoles = [watcher for watcher in watchers if watcher.kind == "console"]
    before, known = resident(there.server), len(consoles[0].shown)
    with never_reading(there.server) as clients:
        saved, stuck = await there.ken_calls(before="queue"), [0] * len(clients)
        while sum(len(seen.said["content"]) for seen in consoles[0].shown[known:]) < OFFERED:
            saved |= await there.ken_calls(before="queue")
            # Each at its fullest: where this takes long, who was stuck first has been cut by now.
            stuck = [max(most, unread(there.server, client)) for most, client in zip(stuck, clients, strict=True)]
        assert min(stuck) >= STUCK
        assert median(delays(consoles, saved)) <= SOON
        return resident(there.server) - before
