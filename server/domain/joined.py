"""A new ticket and its first diary line, column by column: the commonest of all moves is written as two plain rows."""

from dataclasses import dataclass
from typing import Any

from server.domain.base import table_of
from server.domain.moves import Move, Stamp, State
from server.domain.ticket import Ticket, stored

Row = dict[str, Any]
"""Column → value."""


@dataclass(frozen=True, slots=True)
class Joined:
    ticket: Row
    line: Row


def join(stamp: Stamp, state: State, **fields: Any) -> Joined:
    """The move "join": a ticket that is waiting or expected; `fields` name every column that has no default."""
    born = {"state": state, "joined_at": stamp.at, "leg_since": stamp.at}
    counted = {"moved": stamp.version, "changed": stamp.version, "place_version": stamp.version}
    ticket = _FRESH | fields | born | counted
    line = {
        "ticket_id": ticket["id"], "version": stamp.version, "branch_id": ticket["branch_id"], "move": Move.JOIN,
        "from_state": None, "to_state": state, "at": stamp.at, "actor_kind": stamp.by.kind, "actor_id": stamp.by.id,
        "counter_id": None, "service_id": ticket["service_id"], "leg": ticket["leg"],
        "changes": {field: [None, stored(ticket[field])] for field in Ticket.RECOUNTED},
    }  # fmt: skip
    return Joined(ticket, line)


_FRESH: Row = {column.key: None for column in table_of(Ticket).columns} | {
    "generation": 1, "leg": 1, "recalls": 0, "postponements": 0, "returns": 0, "took": 0, "ready": False,
    "priority_confirmed": False,
}  # fmt: skip
