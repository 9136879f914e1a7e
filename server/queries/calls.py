"""The calls of a branch: a few plain columns each, since a hundred are read when a branch is looked at first."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from server.domain.moves import Move, TicketEvent
from server.domain.ticket import Ticket
from server.prepared import Prepared

CALLS = (str(Move.CALL), str(Move.RECALL))


class Called(NamedTuple):
    """A call or a recall, and how its ticket is by now. `there`: the counter of the ticket."""

    ticket: str
    version: int
    service: str
    counter: str | None
    at: datetime
    number: str
    state: str
    there: str | None

    @classmethod
    def by(cls, line: TicketEvent, ticket: Ticket) -> "Called":
        return cls(
            ticket.id, line.version, line.service_id, line.counter_id, line.at, ticket.number, ticket.state,
            ticket.counter_id,
        )  # fmt: skip

    def now(self, ticket: Ticket | None) -> "Called":
        """With the ticket as it is; None: as it was."""
        if ticket is None or (ticket.state == self.state and ticket.counter_id == self.there):
            return self
        return self._replace(state=ticket.state, there=ticket.counter_id)


def since(session: Session, branch_id: str, version: int, limit: int) -> list[Called]:
    """The newest calls and recalls after `version`, newest first."""
    values = {"branch": branch_id, "version": version, "most": limit}
    return [Called(*row) for row in _SINCE.rows(session.connection(), values)]


_SINCE = Prepared(
    select(
        TicketEvent.ticket_id, TicketEvent.version, TicketEvent.service_id, TicketEvent.counter_id, TicketEvent.at,
        Ticket.number, Ticket.state, Ticket.counter_id,
    )
    .join(Ticket, Ticket.id == TicketEvent.ticket_id)
    .where(
        TicketEvent.branch_id == bindparam("branch"),
        TicketEvent.version > bindparam("version"),
        or_(*(TicketEvent.move == move for move in CALLS)),
    )
    .order_by(TicketEvent.version.desc())
    .limit(bindparam("most"))
)  # fmt: skip
