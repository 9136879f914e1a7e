"""The hub: newest state only, nobody waits for a slow one, bursts are cheap, heartbeats are promises."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from server.domain.errors import Unavailable
from server.live import hub as hubs
from server.live.hub import Hub
from server.live.watching import Topic
from server.live.wire import HEARTBEAT_SECONDS, Close
from tests.live.simulated import Ear, FakeBoards, a_hub, clock, heard, listening, silence, simulate, still

LOBBY = Topic("lobby", "harbour", "", "en")
WALL = ("device", "wall")
PROMISED = 10.0  # seconds between two words, at the most
WAITS_REFRESH = 30.0  # seconds, at the most


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    job = asyncio.create_task(hub.run())
    try:
        yield
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


def test_the_newest_state_is_the_first_thing_heard() -> None:
    async def story() -> None:
        boards = FakeBoards()
        boards.version = 41
        watcher = await listening(a_hub(boards), LOBBY, WALL)
        assert json.loads(await heard(watcher, 0.001) or "")["v"] == 41

    simulate(story())


def test_whoever_was_slow_is_told_the_newest_and_nothing_of_what_was_before_it() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        watcher = await listening(hub, LOBBY, WALL)
        for version in range(2, 30):
            hub.announced("harbour", version)
            await asyncio.sleep(0.2)
        assert json.loads(await heard(watcher, 0.001) or "")["v"] == 1  # this was on its way all the while
        assert json.loads(await heard(watcher, 0.001) or "")["v"] == 29
        assert await silence(watcher, 1)

    simulate(story())


def test_whoever_does_not_read_delays_nobody() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        await listening(hub, LOBBY, ("device", "stuck"))  # and never asks for its next message
        watcher = await listening(hub, LOBBY, WALL)
        await heard(watcher, 0.001)
        for version in range(2, 20):
            hub.announced("harbour", version)
            assert json.loads(await heard(watcher, hubs.COALESCE_SECONDS + 0.02) or "")["v"] == version

    simulate(story())


def test_a_call_waits_for_the_burst_before_it_fifty_milliseconds_at_the_most() -> None:
    async def story() -> None:
        boards = FakeBoards(takes=0.001)
        hub = a_hub(boards)
        watcher = await listening(hub, LOBBY, WALL)
        await heard(watcher, 0.001)
        hub.announced("harbour", 2)
        assert '"v":2' in (await heard(watcher, hubs.FIRST_SECONDS + 2 * boards.takes) or "")
        hub.announced("harbour", 3)  # in the rest after the first
        assert '"v":3' in (await heard(watcher, 0.05 + 2 * boards.takes) or "")

    simulate(story())


def test_a_burst_of_fifty_costs_two_refreshes_and_ends_in_the_newest() -> None:
    async def story() -> None:
        boards = FakeBoards()
        hub = a_hub(boards)
        watcher = await listening(hub, LOBBY, WALL)
        await heard(watcher, 0.001)
        before = boards.drawn
        for version in range(2, 52):
            hub.announced("harbour", version)
            await asyncio.sleep(0.001)
        message = ""
        while '"v":51' not in message:
            message = await heard(watcher, 0.2) or ""
        assert boards.drawn - before <= 2

    simulate(story())


@pytest.mark.parametrize("takes", [0.001, 0.4])
def test_something_is_heard_at_least_every_ten_seconds_for_an_hour(takes: float) -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards(takes), {"lobby": still})
        async with running(hub):
            watcher = await listening(hub, LOBBY, WALL)
            first = json.loads(await heard(watcher, PROMISED) or "")
            ends = asyncio.get_running_loop().time() + 3600
            while asyncio.get_running_loop().time() < ends:
                beat = json.loads(await heard(watcher, PROMISED) or "")
                assert set(beat) == {"e", "v", "at"}
                assert beat["v"] == first["v"]
                assert beat["at"] == int(clock().timestamp())

    simulate(story())


def test_a_burst_that_is_not_gathered_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "COALESCE_SECONDS", 0.0)
    monkeypatch.setattr(hubs, "FIRST_SECONDS", 0.0)
    with pytest.raises(AssertionError):
        test_a_burst_of_fifty_costs_two_refreshes_and_ends_in_the_newest()


def test_a_watcher_without_heartbeats_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "HEARTBEAT_SECONDS", 60.0)
    with pytest.raises(AssertionError, match="nothing was heard"):
        test_something_is_heard_at_least_every_ten_seconds_for_an_hour(0.001)


def test_no_heartbeat_is_sent_once_the_database_is_away_and_screens_heal_by_themselves() -> None:
    async def story() -> None:
        boards = FakeBoards()
        hub = a_hub(boards, {"lobby": still})
        async with running(hub):
            watcher = await listening(hub, LOBBY, WALL)
            await heard(watcher, 1)
            boards.away = Unavailable()
            while not await silence(watcher, PROMISED + 2 * HEARTBEAT_SECONDS):
                pass  # what was true when it was said
            said = asyncio.get_running_loop().time()
            assert said <= 3 * PROMISED + 2 * HEARTBEAT_SECONDS
            boards.away, boards.notice = None, "We are back"
            assert "We are back" in (await heard(watcher, 10) or "")

    simulate(story())


def test_a_clock_set_back_keeps_no_screen_alive_that_is_not_true() -> None:
    async def story() -> None:
        boards, back = FakeBoards(), timedelta(0)
        hub = Hub(boards, {"lobby": still}, lambda: clock() + back)  # type: ignore[arg-type]
        async with running(hub):
            watcher = await listening(hub, LOBBY, WALL)
            await heard(watcher, 1)
            boards.away, back = Unavailable(), timedelta(hours=-1)
            assert await silence(watcher, 60)

    simulate(story())


def test_content_that_did_not_change_is_not_sent_again() -> None:
    async def story() -> None:
        boards = FakeBoards()
        hub = a_hub(boards, {"lobby": still})
        watcher = await listening(hub, LOBBY, WALL)
        await heard(watcher, 0.001)
        hub.announced("harbour", 2)
        assert await silence(watcher, 1)
        boards.notice = "Counter 3 is closed today"
        hub.announced("harbour", 3)
        assert "Counter 3 is closed today" in (await heard(watcher, 1) or "")

    simulate(story())


def test_a_program_hears_of_a_branch_only_what_is_new() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        watcher = await listening(hub, Topic("branch", "harbour"), WALL)
        await heard(watcher, 0.001)
        hub.announced("harbour", 2)
        assert await silence(watcher, 1)

    simulate(story())


def test_a_screen_that_cannot_be_drawn_takes_no_other_down() -> None:
    def broken(view: object, language: str, subject: str) -> bytes:
        raise ZeroDivisionError

    async def story() -> None:
        hub = a_hub(FakeBoards(), {"lobby": still, "kiosk": broken})
        async with running(hub):
            kiosk = await listening(hub, Topic("kiosk", "harbour", "door", "en"), ("device", "door"))
            assert "None" in (await heard(await listening(hub, LOBBY, WALL), 1) or "")
            assert await silence(kiosk, 60)  # no heartbeat pretends that it is true

    simulate(story())


def test_a_watcher_that_could_not_be_let_in_is_not_kept() -> None:
    async def story() -> None:
        boards = FakeBoards()
        boards.away = Unavailable()
        hub = a_hub(boards)
        with pytest.raises(Unavailable):
            await listening(hub, LOBBY, WALL)
        assert hub.count() == 0

    simulate(story())


def test_a_revocation_ends_who_held_the_right_and_nobody_else() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        wall, door = await listening(hub, LOBBY, WALL), await listening(hub, LOBBY, ("device", "door"))
        await asyncio.sleep(60)
        hub.revoke("device", "wall", clock())
        assert await _end(wall) == Close.NOT_YOURS
        assert await heard(door, 1)

    simulate(story())


def test_whoever_came_about_when_a_right_ended_is_asked_again() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        await asyncio.sleep(60)
        paired_anew = clock()
        watcher = await listening(hub, LOBBY, WALL)
        hub.revoke("device", "wall", paired_anew)
        assert await _end(watcher) == Close.RESTART

    simulate(story())


def test_when_the_server_stops_everybody_is_told_to_come_back() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        watchers = [await listening(hub, LOBBY, ("device", str(n))) for n in range(3)]
        hub.close()
        assert [await _end(watcher) for watcher in watchers] == [Close.RESTART] * 3

    simulate(story())


def test_whoever_left_is_forgotten() -> None:
    async def story() -> None:
        hub = a_hub(FakeBoards())
        watcher = (await listening(hub, LOBBY, WALL)).watcher
        assert (hub.count(), hub.screens()) == (1, {"wall"})
        assert watcher is not None
        hub.leave(watcher)
        hub.leave(watcher)
        assert (hub.count(), hub.screens()) == (0, set())

    simulate(story())


async def _end(ear: Ear) -> Close | None:
    async with asyncio.timeout(1):
        while await ear.next() is not None:
            pass
    return ear.closed


def test_waits_are_drawn_again_though_nothing_moves() -> None:
    """At least every 30 seconds, as is promised; a phone hears of it when its own minutes have changed."""

    async def story() -> None:
        boards = FakeBoards()
        hub = a_hub(boards)
        await listening(hub, LOBBY, WALL)
        async with running(hub):
            for _ in range(4):
                before = boards.drawn
                await asyncio.sleep(WAITS_REFRESH)
                assert boards.drawn > before

    simulate(story())


def test_a_hub_that_draws_only_what_moves_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "REDRAW_SECONDS", 1e9)
    with pytest.raises(AssertionError):
        test_waits_are_drawn_again_though_nothing_moves()
