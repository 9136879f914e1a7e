"""What happens by itself: tickets expire, the day turns, kept answers are forgotten, revocations reach open sockets."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.actions import forgetting, timekeeping
from server.actions.arranging import screens
from server.db import Database, Fn
from server.domain.errors import Refusal, Unavailable
from server.domain.people import Answer
from server.live.hub import Hub
from server.queries import branches, people

TICK_SECONDS = 15.0  # how late an expiry may be
FORGET_SECONDS = 3600.0
REVOCATION_SECONDS = 1.0
LOOK_BACK = timedelta(minutes=5)  # also what another machine's clock may be behind
SEEN_SECONDS = 60.0  # half of what the setup pages take for "connected"
ANSWERS_KEPT = timedelta(hours=24)
CLOCK_JUMP = timedelta(minutes=10)  # more than any machine drifts, less than a wrong time zone
log = logging.getLogger(__name__)
Job = Coroutine[Any, Any, None]


def all_jobs(db: Database, hub: Hub, forget_who: Callable[[], None]) -> list[Job]:
    """To run for as long as the server does. Any number of processes may run them: each action checks what is due."""
    return [
        hub.run(),
        _every(TICK_SECONDS, lambda: tick_branches(db)),
        _every(TICK_SECONDS, ClockWatch(db.now, time.monotonic).look),
        _every(FORGET_SECONDS, lambda: forget_answers(db)),
        _every(FORGET_SECONDS, lambda: forget_people(db)),
        _every(SEEN_SECONDS, lambda: note_screens(db, hub)),
        watch_revocations(db, hub, forget_who),
    ]


class ClockWatch:
    """Reports a clock that jumps: places and business days never go back with it, but waits and hours are told by it.

    `wall` gives aware UTC, `steady` seconds that only go forward.
    """

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float]) -> None:
        self._wall, self._steady = wall, steady
        self._seen = wall(), steady()

    async def look(self) -> None:
        """Compare what both clocks say has passed since the last look."""
        (wall, steady), self._seen = self._seen, (self._wall(), self._steady())
        jump = self._seen[0] - wall - timedelta(seconds=self._seen[1] - steady)
        if abs(jump) > CLOCK_JUMP:
            log.error("the clock jumped by %+.0f minutes: look at the machine's time", jump.total_seconds() / 60)


async def tick_branches(db: Database) -> None:
    """Let every branch do what is due."""
    await _in_each_branch(db, timekeeping.tick)


async def forget_answers(db: Database) -> None:
    """First answers are kept for 24 hours."""

    def forget(session: Session, _: Any, now: Any) -> dict[str, Any]:
        session.execute(delete(Answer).where(Answer.at < now - ANSWERS_KEPT))
        return {}

    await db.act(None, None, forget)


async def forget_people(db: Database) -> None:
    """What people told a branch is kept for its retention and no longer."""
    await _in_each_branch(db, forgetting.forget)


async def note_screens(db: Database, hub: Hub) -> None:
    """When a screen was last here: a manager sees which one needs somebody to look after it."""
    if here := hub.screens():
        await db.act(None, None, partial(screens.seen, device_ids=here))


async def watch_revocations(db: Database, hub: Hub, forget_who: Callable[[], None]) -> None:
    """End what was revoked, also by another process, within two seconds."""
    acted_on: set[int] = set()

    async def look() -> None:
        nonlocal acted_on
        # Not "newer than the last id": of two that are saved at once, the one with the smaller id may appear later.
        recent = await db.ask(partial(people.revocations_since, since=db.now() - LOOK_BACK))
        for revoked in recent:
            if revoked.id not in acted_on:
                forget_who()
                hub.revoke(revoked.subject_kind, revoked.subject, revoked.at)
        acted_on = {revoked.id for revoked in recent}

    await _every(REVOCATION_SECONDS, look)


async def _in_each_branch(db: Database, action: Fn) -> None:
    """One branch's fault must not keep the others waiting."""
    for branch_id in await db.ask(lambda session: [branch.id for branch in branches.all_branches(session)]):
        try:
            await db.act(branch_id, None, action)
        except Unavailable:
            raise
        except Exception:
            log.exception("%s failed in %s", action.__name__, branch_id)


async def _every(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await job()
        except Refusal as refusal:
            log.warning("a job waits for the next time: %s", refusal.slug)
        except Exception:
            log.exception("a job failed; it is tried again")
        await asyncio.sleep(seconds)
