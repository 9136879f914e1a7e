"""The legs of a ticket that were served, as its diary tells them: for what, at which counter, and by whom."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from server.domain.moves import Move, TicketEvent
from server.domain.reports.visits import standing

ENDS = frozenset({Move.FINISH, Move.TRANSFER})


class Leg(NamedTuple):
    """`ended`: version of the move that finished it or sent its customer on; in order whatever the clock does."""

    service: str
    counter: str | None
    staff: str | None
    ended: int


def served(diary: Iterable[TicketEvent]) -> list[Leg]:
    """In order; who was called and sent on at once was not served. `diary`: all lines of a ticket, oldest first."""
    legs: list[Leg] = []
    known: dict[str, Any] = {}
    for line in standing(diary):
        if line.move in ENDS and known.get("started_at") is not None:
            legs.append(Leg(known["service_id"], line.counter_id, known["staff_id"], line.version))
        known |= {field: after for field, (_, after) in line.changes.items()}
    return legs
