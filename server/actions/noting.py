"""Told waits: note a sample of those that a branch shows now, and let go of the old ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.honesty import ShownWait, turn_at
from server.queries import honesty

AT_MOST_NOTED = 200  # of one branch in one turn
KEPT = timedelta(days=60)
AT_ONCE = 20_000  # rows let go of by one action: it must not hold up the others


@dataclass(frozen=True, slots=True)
class Shown:
    """What one ticket's holder reads: minutes."""

    ticket_id: str
    service_id: str
    likely: int
    at_most: int
    foreseen: tuple[float, float] | None = None  # minutes that was made from: p50, p90


def note(
    session: Session, _: Branch | None, now: datetime, *, branch_id: str, at: datetime, version: int,
    shown: Sequence[Shown],
) -> int | Unchanged:  # fmt: skip
    """Keep a sample of what a branch showed `at` that moment; how many. Nothing twice in a turn, nothing called.

    Not an action of the branch: nothing that anybody sees has changed, so nobody is told.
    """
    turn = turn_at(now)
    if honesty.is_noted(session, branch_id, turn):
        return Unchanged(0)
    some = spread(shown)
    still = honesty.to_be_judged(session, [one.ticket_id for one in some])
    rows = [
        {
            "ticket_id": one.ticket_id, "turn": turn, "branch_id": branch_id, "service_id": one.service_id, "at": at,
            "likely": one.likely, "at_most": one.at_most, "version": version,
            **dict(zip(("p50", "p90"), one.foreseen or (None, None), strict=True)),
        }
        for one in some
        if one.ticket_id in still
    ]  # fmt: skip
    if not rows:
        return Unchanged(0)
    session.execute(insert(ShownWait), rows)
    return len(rows)


def let_go(session: Session, _: Any, now: datetime, *, branch_id: str) -> int | Unchanged:
    """Samples are kept for 60 days; the promise at joining stays with its ticket."""
    key = (ShownWait.ticket_id, ShownWait.turn)
    old = select(*key).where(ShownWait.branch_id == branch_id, ShownWait.turn < turn_at(now - KEPT)).limit(AT_ONCE)
    gone = delete(ShownWait).where(tuple_(*key).in_(old)).returning(ShownWait.turn)
    count = len(session.execute(gone, execution_options={"synchronize_session": False}).all())
    return count or Unchanged(0)


def spread(shown: Sequence[Shown]) -> Sequence[Shown]:
    """Those that are noted, from the whole length of the queue: short waits are easier to foretell."""
    return shown[:: -(-len(shown) // AT_MOST_NOTED) or 1]
