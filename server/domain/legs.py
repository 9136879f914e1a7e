"""The legs of a ticket that were served, as its diary tells them: for what, at which counter, by whom, how long."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from server.domain.base import to_ms
from server.domain.moves import Move, State, TicketEvent
from server.domain.reports.visits import standing

BEGINS, ENDS = frozenset({Move.START, Move.UNPARK}), frozenset({Move.FINISH, Move.TRANSFER})


class Leg(NamedTuple):
    """`took`: ms at the counter, without the time it was parked.

    `ended`: version of the move that finished it or sent its customer on; in order whatever the clock does.
    """

    service: str
    counter: str | None
    staff: str | None
    took: int
    ended: int


def served(diary: Iterable[TicketEvent]) -> list[Leg]:
    """In order; who was called and sent on at once was not served. `diary`: all lines of a ticket, oldest first."""
    legs: list[Leg] = []
    known: dict[str, Any] = {}
    begun = False
    for line in standing(diary):
        if line.move in ENDS:
            if begun:
                took = _took(known, line)
                legs.append(Leg(known["service_id"], line.counter_id, known["staff_id"], took, line.version))
            begun = False
        begun = begun or line.move in BEGINS
        known |= {field: after for field, (_, after) in line.changes.items()}
    return legs


def _took(known: Mapping[str, Any], end: TicketEvent) -> int:
    began = known["started_at"] if end.from_state == State.SERVING else None
    before: int = known.get("took") or 0
    return before + (0 if began is None else max(to_ms(end.at) - began, 0))
