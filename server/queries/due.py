"""Which branches have something due that people see coming: a call to be given up, a pause that ends."""

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, case, exists, literal_column, select, type_coerce, union
from sqlalchemy.orm import Session

from server.domain.base import table_of, to_ms
from server.domain.branch import ACKNOWLEDGED_EXTRA, Branch, Service
from server.domain.moves import State
from server.domain.ticket import Ticket
from server.prepared import Prepared

MINUTE = 60_000  # ms
EXTRA = ACKNOWLEDGED_EXTRA.total_seconds() * 1000


def in_branches(session: Session, now: datetime) -> list[str]:
    """Ids of the branches where the tick would give up a call or open a service. One question, asked every second."""
    return [branch_id for (branch_id,) in _DUE.rows(session.connection(), {"now": to_ms(now)})]


_BRANCHES, _TICKETS, _SERVICES = table_of(Branch), table_of(Ticket), table_of(Service)
_NOW = bindparam("now", type_=BigInteger())
# As `Branch.gives_up_at` has it.
_GIVEN_UP = (
    type_coerce(_TICKETS.c.called_at, BigInteger)
    + _BRANCHES.c.miss_after * literal_column(f"{MINUTE}")
    + case((_TICKETS.c.acknowledged_at.is_not(None), literal_column(f"{EXTRA:.0f}")), else_=literal_column("0"))
)
# EXISTS and not a join: SQLite would begin a join at the tickets, and read every one there ever was.
_CALLS = select(_BRANCHES.c.id).where(
    _BRANCHES.c.miss_after > literal_column("0"),
    exists().where(
        _TICKETS.c.branch_id == _BRANCHES.c.id,
        _TICKETS.c.state == literal_column(f"'{State.CALLED}'"),
        _GIVEN_UP <= _NOW,
    ),
)
_PAUSES = select(_SERVICES.c.branch_id).where(type_coerce(_SERVICES.c.reopens_at, BigInteger) <= _NOW)
_DUE = Prepared(union(_CALLS, _PAUSES))
