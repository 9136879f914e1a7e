"""A ticket's life: every state and every move once, each with its arrow; and the diary line that a move writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base, EnumWord
from server.domain.errors import Conflict
from server.domain.people import Actor


class State(StrEnum):
    EXPECTED = "expected"  # joined from afar or booked, not yet proven present
    WAITING = "waiting"
    AWAY = "away"  # keeps its place, is skipped
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"  # bound to the counter, filling in a form
    MISSED = "missed"
    SERVED = "served"
    LEFT = "left"
    REMOVED = "removed"
    EXPIRED = "expired"


S = State
OPEN = frozenset({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.SERVING, S.PARKED, S.MISSED})
CURRENT = frozenset({S.CALLED, S.SERVING})


class Move(StrEnum):
    JOIN = "join"
    CHANGE_SERVICE = "change service"
    ARRIVE = "arrive"
    STEP_AWAY = "step away"
    COME_BACK = "come back"
    POSTPONE = "postpone"
    RECLASS = "reclass"  # an agent confirms, changes or withdraws the priority class
    CALL = "call"
    RECALL = "recall"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    FINISH = "finish"
    MISS = "miss"
    RETURN = "return"
    PUT_BACK = "put back"
    PARK = "park"
    READY = "ready"
    UNPARK = "unpark"
    TRANSFER = "transfer"
    LEAVE = "leave"
    REMOVE = "remove"
    EXPIRE = "expire"
    UNDO = "undo"


ARROWS: Mapping[Move, tuple[frozenset[State], State | None]] = {
    # move:              (from, to); to = None: the state stays as it is
    Move.CHANGE_SERVICE: (frozenset({S.WAITING, S.EXPECTED}), None),
    Move.ARRIVE: (frozenset({S.EXPECTED}), S.WAITING),
    Move.STEP_AWAY: (frozenset({S.WAITING}), S.AWAY),
    Move.COME_BACK: (frozenset({S.AWAY}), S.WAITING),
    Move.POSTPONE: (frozenset({S.WAITING, S.CALLED}), S.WAITING),
    Move.RECLASS: (frozenset({S.EXPECTED, S.WAITING, S.AWAY}), None),
    Move.CALL: (frozenset({S.WAITING, S.PARKED}), S.CALLED),
    Move.RECALL: (frozenset({S.CALLED}), None),
    Move.ACKNOWLEDGE: (frozenset({S.CALLED}), None),
    Move.START: (frozenset({S.CALLED}), S.SERVING),
    Move.FINISH: (frozenset({S.SERVING}), S.SERVED),
    Move.MISS: (frozenset({S.CALLED}), S.MISSED),
    Move.RETURN: (frozenset({S.MISSED}), S.WAITING),
    Move.PUT_BACK: (frozenset({S.CALLED}), S.WAITING),
    Move.PARK: (frozenset({S.SERVING}), S.PARKED),
    Move.READY: (frozenset({S.PARKED}), None),
    Move.UNPARK: (frozenset({S.PARKED}), S.SERVING),
    Move.TRANSFER: (frozenset({S.SERVING, S.CALLED, S.PARKED}), S.WAITING),
    Move.LEAVE: (frozenset({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.PARKED, S.MISSED}), S.LEFT),
    Move.REMOVE: (OPEN, S.REMOVED),
    Move.EXPIRE: (frozenset({S.EXPECTED, S.WAITING, S.AWAY, S.CALLED, S.MISSED}), S.EXPIRED),
}

UNDOABLE = frozenset(
    {
        Move.CALL,
        Move.START,
        Move.FINISH,
        Move.MISS,
        Move.PUT_BACK,
        Move.PARK,
        Move.UNPARK,
        Move.TRANSFER,
        Move.REMOVE,
        Move.LEAVE,
        Move.STEP_AWAY,
        Move.COME_BACK,
    }
)
HARMLESS = frozenset({Move.RECALL, Move.ACKNOWLEDGE, Move.READY})  # may follow a move that is undone
ONLY_THE_DIARY_KNOWS = "move IN ('miss', 'put back', 'postpone', 'park', 'transfer', 'undo')"
"""SQL: after one of these moves a ticket no longer says by itself what happened to it (see queries.reports)."""

_DIARY_ONLY = text(ONLY_THE_DIARY_KNOWS)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands on every diary line: who, when (UTC), and the version of the branch that the action makes."""

    by: Actor
    at: datetime
    version: int


class TicketEvent(Base):
    """One diary line. `changes`: field → [before, after], enough to undo and to recount the ticket; no free text."""

    __tablename__ = "ticket_events"
    __table_args__ = (
        Index("ix_ticket_events_branch", "branch_id", "version"),
        # One line in thirty: the visits whose diary a report has to read are found without reading all diaries.
        Index("ix_ticket_events_told", "ticket_id", sqlite_where=_DIARY_ONLY, postgresql_where=_DIARY_ONLY),
    )

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # one move of a ticket per action
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    move: Mapped[str] = mapped_column(EnumWord)
    from_state: Mapped[str | None] = mapped_column(EnumWord)
    to_state: Mapped[str] = mapped_column(EnumWord)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    counter_id: Mapped[str | None]
    service_id: Mapped[str]
    leg: Mapped[int]
    changes: Mapped[dict[str, Any]]


def recount(diary: Iterable[TicketEvent]) -> dict[str, Any]:
    """The ticket's recounted fields as stored values (instants in ms), from its diary alone, oldest line first."""
    fields: dict[str, Any] = {}
    for line in diary:
        fields |= {field: after for field, (_, after) in line.changes.items()}
    return fields


def undoable(diary: Sequence[TicketEvent]) -> Sequence[TicketEvent]:
    """The lines an undo takes back, newest first, the last of them the move itself; Conflict when there is none.

    `diary`: the ticket's lines, newest first.
    """
    for index, line in enumerate(diary):
        if line.move in UNDOABLE:
            return diary[: index + 1]
        if line.move not in HARMLESS:
            break
    raise Conflict("nothing-to-undo")


def duty_before(line: TicketEvent, duty_now: str | None) -> str | None:
    """In which duty a ticket was before this move; `duty_now`: in which it has been since."""
    return line.changes["duty_id"][0] if "duty_id" in line.changes else duty_now
