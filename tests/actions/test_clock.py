"""A clock that jumps is reported, and a restart changes nothing that anybody is told."""

import asyncio
import logging

import pytest

from server.actions import serving
from server.jobs import ClockWatch
from server.live.board import Board
from tests.world import Clock, World


@pytest.mark.parametrize(
    ("jump", "reported"), [(0, False), (9, False), (-9, False), (11, True), (-11, True), (60 * 24, True)]
)
def test_a_jump_of_more_than_ten_minutes_is_reported_once(
    jump: int, reported: bool, caplog: pytest.LogCaptureFixture
) -> None:
    clock, steady = Clock(), 100.0
    watch = ClockWatch(clock, lambda: steady)
    for after in (0, jump, 0, 0):
        clock.forward(seconds=15)
        steady += 15
        clock.forward(minutes=after)
        with caplog.at_level(logging.ERROR):
            asyncio.run(watch.look())
    assert len(caplog.records) == reported
    assert all(f"{jump:+d} minutes" in record.message for record in caplog.records)


def test_a_machine_that_was_only_slow_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    clock, steady = Clock(), 0.0
    watch = ClockWatch(clock, lambda: steady)
    clock.forward(hours=2)
    steady += 7200
    asyncio.run(watch.look())
    assert caplog.records == []


async def test_a_restart_says_the_same_waits(world: World) -> None:
    await world.ken.takes("1")
    board = Board(world.branch)
    await world.db.ask(lambda session: board.refresh(session, world.clock()))
    for person, minutes in zip(await world.queue("Ada", "Bo", "Cy", "Di"), (3, 11, 7, 20), strict=True):
        await world.ken.calls_next()
        await world.ken.does(serving.start, person.ticket)
        world.clock.forward(minutes=minutes)
        await world.ken.does(serving.finish, person.ticket, outcome="resolved")
        await world.db.ask(lambda session: board.refresh(session, world.clock()))
    await world.queue("Ed", "Fe", "Gi")
    running = await world.db.ask(lambda session: board.refresh(session, world.clock()))
    restarted = await world.view()
    assert [ticket.wait for ticket in running.tickets] == [ticket.wait for ticket in restarted.tickets]
    assert [service.wait for service in running.services] == [service.wait for service in restarted.services]
    assert running.services[0].wait is not None
