"""What came before in visits that still go on: tickets that closed too long ago to stand on the board themselves."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from server.domain.ticket import Ticket
from server.queries import past

if TYPE_CHECKING:
    from server.live.board import Rows

MOST = 300  # the newest: more than go on in a branch, and a parked ticket may keep a visit open for days


def to_be_read(rows: "Rows", found: Iterable[Ticket]) -> set[str]:
    """Visits of which this board may not know what came before: new to it, or open again. Of a plain join: none."""
    first = rows.version < 0
    return {t.visit_id for t in found if t.is_open and (first or _may_have_a_past(rows.tickets.get(t.id), t))}


def kept(session: Session, rows: "Rows", visits: Collection[str], oldest: datetime) -> dict[str, Ticket]:
    """By id, what closed before `oldest` in visits that go on; `visits`: those to be read."""
    gone = [ticket for ticket in rows.tickets.values() if _is_past(ticket, oldest)]
    found = [*rows.earlier.values(), *(past.closed_of(session, visits) if visits else ()), *gone]
    if not found:
        return {}
    going_on = {ticket.visit_id for ticket in rows.tickets.values() if ticket.closed_at is None}
    closed = {t.id: t for t in found if t.visit_id in going_on and _is_past(t, oldest)}
    return dict(sorted(closed.items(), key=lambda each: each[1].moved)[-MOST:])


def by_visit(earlier: Mapping[str, Ticket]) -> dict[str, list[Ticket]]:
    found: defaultdict[str, list[Ticket]] = defaultdict(list)
    for ticket in earlier.values():
        found[ticket.visit_id].append(ticket)
    return dict(found)


def _may_have_a_past(known: Ticket | None, ticket: Ticket) -> bool:
    return ticket.visit_id != ticket.id if known is None else known.closed_at is not None


def _is_past(ticket: Ticket, oldest: datetime) -> bool:
    return ticket.closed_at is not None and ticket.closed_at < oldest
