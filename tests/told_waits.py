"""Waits that were told and judged, made without living through a month."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.actions import serving
from server.domain.branch import Branch
from server.domain.honesty import ShownWait, turn_at
from tests.world import World

WAITED = 5  # minutes
LIKELY = 4


async def served(world: World, visits: int, minutes: float, service: str = "renewals") -> None:
    """So many visits of that length, one after the other, at Ken's counter."""
    if not world.ken.counter:
        await world.ken.takes("1")
    for _ in range(visits):
        await world.customer("Guest").joins(service)
        called = await world.ken.calls_next()
        assert called is not None
        await world.ken.does(serving.start, called["ticket"])
        world.clock.forward(minutes=minutes)
        await world.ken.does(serving.finish, called["ticket"])


async def told(world: World, kept: int, broken: int = 0, service: str = "new-passport") -> None:
    """One customer of Lola's, who was told so many waits five minutes before the call."""
    await world.lola.takes("2")
    guest = world.customer("Guest")
    await guest.joins(service, promised=None)
    at = world.clock()
    world.clock.forward(minutes=WAITED)
    called = await world.lola.calls_next()
    assert called is not None
    now = turn_at(at)  # older turns are let go of
    rows = [
        {
            "ticket_id": called["ticket"], "turn": now - turn, "branch_id": world.branch, "service_id": service,
            "at": at, "likely": LIKELY, "at_most": WAITED if turn < kept else LIKELY, "version": 1,
        }
        for turn in range(kept + broken)
    ]  # fmt: skip

    def write(session: Session, _: Branch | None, __: datetime) -> dict[str, Any]:
        if rows:
            session.execute(insert(ShownWait), rows)
        return {}

    await world.db.act(None, None, write)
    world.clock.now += timedelta(seconds=1)
