"""People who wait already when a benchmark begins: the first joins, the others stand behind in the same rows.

A join by the product's own action takes milliseconds, ten thousand of them half a minute. So one person joins, and its
ticket and diary line are written again for everybody else, with what differs from one to the next: id, number, place,
version. tests/benchmarks holds them against people who really joined.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from server.actions import joining
from server.chance import new_id
from server.domain.base import Base
from server.domain.branch import Branch, NumberSeries, ticket_number
from server.domain.moves import TicketEvent
from server.domain.people import Actor
from server.domain.presence import Presence
from server.domain.ticket import Ticket

SERVICE, OTHER_SERVICE = "new-passport", "renewals"
Row = dict[str, Any]


def queue_up(session: Session, branch: Branch, now: datetime, *, count: int, presence: Presence) -> list[str]:
    """For Database.act: so many more wait for SERVICE, as if each had joined by themselves; their tickets' ids."""
    if not count:
        return []
    asked = joining.Joining(new_id(), SERVICE, "phone", "en", here=True)
    joining.join(session, branch, now, by=Actor("customer"), joining=asked, presence=presence)
    session.flush()
    ticket, line = (
        _row(session, Ticket, "id", asked.ticket_id),
        _row(session, TicketEvent, "ticket_id", asked.ticket_id),
    )
    others = list(_others(ticket, line, count - 1))
    if others:
        session.execute(insert(table_of(Ticket)), [ticket for ticket, _ in others])
        session.execute(insert(table_of(TicketEvent)), [line for _, line in others])
    series = session.get_one(NumberSeries, (branch.id, SERVICE, ticket["business_day"]))
    series.last += len(others)
    branch.version += len(others)
    branch.last_arrival += len(others)
    return [asked.ticket_id, *(ticket["id"] for ticket, _ in others)]


def table_of(stored: type[Base]) -> Table:
    """The table behind a mapped class."""
    table = stored.__table__
    assert isinstance(table, Table)
    return table


def _row(session: Session, stored: type[Base], key: str, value: str) -> Row:
    table = table_of(stored)
    return dict(session.execute(select(table).where(table.c[key] == value)).one()._mapping)


def _others(ticket: Row, line: Row, count: int) -> Iterator[tuple[Row, Row]]:
    letter = ticket["number"].rstrip("0123456789")
    drawn = int(ticket["number"][len(letter) :])
    for n in range(1, count + 1):
        id, version = new_id(), ticket["moved"] + n
        differs = {
            "number": ticket_number(letter, drawn + n),
            "arrival": ticket["arrival"] + n,
            "place": ticket["place"] + n,
            "place_version": version,
        }
        changes = line["changes"] | {field: [None, value] for field, value in differs.items()}
        yield (
            ticket | differs | {"id": id, "visit_id": id, "moved": version, "changed": version},
            line | {"ticket_id": id, "actor_id": id, "version": version, "changes": changes},
        )
