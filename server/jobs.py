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

from server.actions import forgetting, keeping, letting_in, noting, timekeeping
from server.actions.arranging import screens
from server.db import Database, Fn
from server.domain.errors import Refusal, Unavailable
from server.domain.honesty import TURN, turn_at
from server.domain.moves import State
from server.domain.people import Answer
from server.live.board import Boards
from server.live.honesty import Honesty
from server.live.hub import Hub
from server.queries import branches, due, honesty, people

TICK_SECONDS = 15.0  # how late an expiry may be
DUE_SECONDS = (
    1.0  # how late what people see coming may be: a countdown stands on the agent's screen, a time on the phone
)
FIRST_MOMENTS = 15.0
FORGET_SECONDS = 3600.0
REVOCATION_SECONDS = 0.5  # within two seconds is promised: most of them are left to a busy machine
LOOK_BACK = timedelta(minutes=5)  # also what another machine's clock may be behind
ALL_TOLD = forgetting.DOORS_KEPT - LOOK_BACK  # who has not looked for longer may find some revocations gone
COUNT_SECONDS = 60.0  # a branch that has just been made; the others are counted every five minutes
KEEP_SECONDS = 60.0  # each learner has something to keep every few minutes
SEEN_SECONDS = 60.0  # half of what the setup pages take for "connected"
ANSWERS_KEPT = timedelta(hours=24)
CLOCK_JUMP = timedelta(minutes=10)  # more than any machine drifts, less than a wrong time zone
log = logging.getLogger(__name__)
Job = Coroutine[Any, Any, None]


def all_jobs(
    db: Database, hub: Hub, boards: Boards, counted: Honesty, forget_who: Callable[[], None], seen: set[str]
) -> list[Job]:
    """To run for as long as the server does. Any number of processes may run them: each action checks what is due.

    `seen`: sessions of staff that were used; whoever takes note of them empties it.
    """
    return [
        hub.run(),
        _every(TICK_SECONDS, lambda: tick_branches(db)),
        _every(DUE_SECONDS, lambda: tick_where_due(db)),
        _every(TICK_SECONDS, ClockWatch(db.now, time.monotonic).look),
        _later(FORGET_SECONDS, lambda: forget_answers(db)),
        _later(FORGET_SECONDS, lambda: forget_people(db)),
        _later(FORGET_SECONDS, lambda: let_go_of_waits(db)),
        _later(SEEN_SECONDS, lambda: note_screens(db, hub)),
        _later(SEEN_SECONDS, lambda: note_sessions(db, hub, seen)),
        _later(TURN.total_seconds(), lambda: note_waits(db, boards)),
        _later(KEEP_SECONDS, lambda: keep_learned(db, boards)),
        _later(COUNT_SECONDS, counted.count),
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
    await _in_each(await _all_branches(db), db, timekeeping.tick)


async def tick_where_due(db: Database) -> None:
    """Let those branches do it that have something due whose moment people were told; what that is, the tick finds."""
    await _in_each(await db.ask(partial(due.in_branches, now=db.now())), db, timekeeping.tick)


async def forget_answers(db: Database) -> None:
    """First answers are kept for 24 hours."""

    def forget(session: Session, _: Any, now: Any) -> dict[str, Any]:
        session.execute(delete(Answer).where(Answer.at < now - ANSWERS_KEPT))
        return {}

    await db.act(None, None, forget)


async def forget_people(db: Database) -> None:
    """What people told a branch is kept for its retention and no longer."""
    await _in_each(await _all_branches(db), db, forgetting.forget)
    await db.act(None, None, forgetting.forget_doors)


async def note_screens(db: Database, hub: Hub) -> None:
    """When a screen was last here: a manager sees which one needs somebody to look after it."""
    if here := hub.screens():
        await db.act(None, None, partial(screens.seen, device_ids=here))


async def note_sessions(db: Database, hub: Hub, seen: set[str]) -> None:
    """When a browser of the staff was last used: whoever looks at their sessions sees which one is a stranger's."""
    used = seen | hub.sessions()
    seen.clear()
    if used:
        await db.act(None, None, partial(letting_in.note_seen, session_ids=used))


async def note_waits(db: Database, boards: Boards) -> None:
    """A sample of the waits shown now, where somebody waits: what is told is compared with what came."""
    for branch_id in await db.ask(partial(honesty.due, turn=turn_at(db.now()))):
        view = await boards.recent(branch_id)
        foreseen = view.forecast.raw() if view.forecast else {}
        shown = [
            noting.Shown(
                ticket.id, ticket.service, ticket.wait.likely, ticket.wait.at_most, foreseen.get(ticket.id)
            )
            for ticket in view.tickets
            if ticket.state == State.WAITING and ticket.wait is not None
        ]  # fmt: skip
        if shown:
            note = partial(noting.note, branch_id=branch_id, at=view.at, version=view.version, shown=shown)
            await db.act(None, None, note)


async def keep_learned(db: Database, boards: Boards) -> None:
    """What forecasts have learned since it was kept last: the next start reads on from there."""
    for learner in boards.learners():
        if (copy := learner.copy) is not None:
            await db.act(None, None, partial(keeping.keep, copy=copy))
            learner.is_kept(copy)


async def let_go_of_waits(db: Database) -> None:
    """Of samples that are judged and old."""
    for branch_id in await _all_branches(db):
        await db.act(None, None, partial(noting.let_go, branch_id=branch_id))


async def watch_revocations(db: Database, hub: Hub, forget_who: Callable[[], None]) -> None:
    """End what was revoked, also by another process, within two seconds; what was missed, once that can be asked."""
    acted_on: set[int] = set()
    looked = db.now()

    async def look() -> None:
        nonlocal acted_on, looked
        now = db.now()
        # Not "newer than the last id": of two that are saved at once, the one with the smaller id may appear later.
        since = min(now, looked) - LOOK_BACK
        recent = await db.ask(partial(people.revocations_since, since=since))
        if now - looked > ALL_TOLD:  # everybody is asked anew who they are
            forget_who()
            hub.close()
        for revoked in recent:
            if revoked.id not in acted_on:
                forget_who()
                hub.revoke(revoked.subject_kind, revoked.subject, revoked.at)
        acted_on, looked = {revoked.id for revoked in recent}, now

    await _every(REVOCATION_SECONDS, look)


async def _all_branches(db: Database) -> list[str]:
    return await db.ask(lambda session: [branch.id for branch in branches.all_branches(session)])


async def _in_each(branch_ids: list[str], db: Database, action: Fn) -> None:
    """One branch's fault must not keep the others waiting."""
    for branch_id in branch_ids:
        try:
            await db.act(branch_id, None, action)
        except Unavailable:
            raise
        except Exception:
            log.exception("%s failed in %s", action.__name__, branch_id)


async def _later(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    """What nobody waits for leaves the first moments to the phones that come back."""
    await asyncio.sleep(FIRST_MOMENTS)
    await _every(seconds, job)


async def _every(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await job()
        except Refusal as refusal:
            log.warning("a job waits for the next time: %s", refusal.slug)
        except Exception:
            log.exception("a job failed; it is tried again")
        await asyncio.sleep(seconds)
