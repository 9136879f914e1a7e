"""Questions whose answers a forecast learns from: the newest of a branch's diary, its breaks, what was told; its copy.

Read as plain rows: whole branches of them are read when a server starts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Integer, bindparam, select, type_coerce
from sqlalchemy.orm import Session

from server.domain.forecast.diary import Foretold, Line, Said, Stand
from server.domain.honesty import ShownWait
from server.domain.learned import Copy, Learned
from server.domain.moves import Move, TicketEvent
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.prepared import Prepared

SAMPLED = 3  # of the waits noted every two minutes, one in so many teaches: neighbours err alike


def copy_of(session: Session, branch_id: str) -> tuple[Copy, bool] | None:
    """What was kept of a branch's learning, and whether the diary has the line that it ends with."""
    row = _COPY.row(session.connection(), {"branch": branch_id})
    return None if row is None else (Copy(branch_id, *row[:-1]), bool(row[-1]))


def lines_since(session: Session, branch_id: str, version: int, limit: int) -> list[Line]:
    """The newest diary lines after `version`, oldest first."""
    asked = {"branch": branch_id, "version": version, "most": limit}
    return [Line._make(row) for row in reversed(_LINES.rows(session.connection(), asked))]


def stands_since(session: Session, branch_id: str, version: int, limit: int) -> list[Stand]:
    """Who came to a counter, and every break that ended, of the newest duties changed after `version`; in any order."""
    asked = {"branch": branch_id, "version": version, "most": limit}
    stands = []
    for counter, started, breaks in _DUTIES.rows(session.connection(), asked):
        stands.append(Stand(counter, started))
        stands += [Stand(counter, until, until - since) for since, until in breaks]
    return stands


def foretold(session: Session, ticket_ids: Sequence[str], head_starts: Mapping[str, float]) -> dict[str, Foretold]:
    """What called tickets were told, as far as it can be judged; `head_starts`: minutes by priority class."""
    if not ticket_ids:
        return {}
    said: dict[str, list[Said]] = {}
    sampled = (ShownWait.ticket_id.in_(ticket_ids), ShownWait.turn % SAMPLED == 0, ShownWait.p50.is_not(None))
    samples = select(ShownWait.ticket_id, _ms(ShownWait.at), ShownWait.p50, ShownWait.p90).where(*sampled)
    for id, at, p50, p90 in session.connection().execute(samples.order_by(ShownWait.ticket_id, ShownWait.turn)):
        said.setdefault(id, []).append(Said(at, p50, p90, joining=False))
    found = {}
    for row in session.connection().execute(select(*_TOLD).where(Ticket.id.in_(ticket_ids))):
        id, joined_at, p50, p90, excused, booked, priority, confirmed = row
        told = [] if p50 is None else [Said(joined_at, p50, p90, joining=True)]
        found[id] = Foretold(
            head_starts.get(priority or "", 0.0) * confirmed, booked is not None,
            () if excused is not None else (*told, *said.get(id, ())),
        )  # fmt: skip
    return found


def served_before(session: Session, branch_id: str, service_id: str, before: int, limit: int) -> list[int]:
    """ms at the counter of the newest visits to a service that ended before that instant (ms), oldest first.

    Those that were parked are left out: their diary would have to be read to know.
    """
    asked = {"branch": branch_id, "service": service_id, "before": before, "most": limit}
    return [took for (took,) in reversed(_SERVED_BEFORE.rows(session.connection(), asked))]


def _ms(instant: Any) -> Any:
    return type_coerce(instant, BigInteger)


_BRANCH: BindParameter[str] = bindparam("branch")
_VERSION, _MOST = bindparam("version", type_=BigInteger), bindparam("most", type_=Integer)
_COPY = Prepared(
    select(
        Learned.version, _ms(Learned.until), Learned.form, Learned.state,
        select(TicketEvent.version)
        .where(TicketEvent.branch_id == Learned.branch_id, TicketEvent.version == Learned.version)
        .exists(),
    ).where(Learned.branch_id == _BRANCH)
)  # fmt: skip
_LINES = Prepared(
    select(
        TicketEvent.ticket_id, TicketEvent.version, TicketEvent.move, TicketEvent.to_state, _ms(TicketEvent.at),
        TicketEvent.counter_id, TicketEvent.service_id,
    )
    .where(TicketEvent.branch_id == _BRANCH, TicketEvent.version > _VERSION)
    .order_by(TicketEvent.version.desc())
    .limit(_MOST)
)  # fmt: skip
_DUTIES = Prepared(
    select(Duty.counter_id, _ms(Duty.started_at), Duty.breaks)
    .where(Duty.branch_id == _BRANCH, Duty.changed > _VERSION)
    .order_by(Duty.changed.desc())
    .limit(_MOST)
)
_TOLD = (
    Ticket.id, _ms(Ticket.joined_at), Ticket.foreseen_p50, Ticket.foreseen_p90, _ms(Ticket.excused_at),
    _ms(Ticket.appointment_at), Ticket.priority_id, Ticket.priority_confirmed,
)  # fmt: skip
_PARKED = (
    select(TicketEvent.ticket_id).where(TicketEvent.ticket_id == Ticket.id, TicketEvent.move == Move.PARK).exists()
)
_SERVED_BEFORE = Prepared(
    select(_ms(Ticket.closed_at) - _ms(Ticket.started_at))
    .where(
        Ticket.branch_id == _BRANCH, Ticket.service_id == bindparam("service"), Ticket.state == "served",
        _ms(Ticket.closed_at) < bindparam("before", type_=BigInteger), ~_PARKED,
    )
    .order_by(Ticket.closed_at.desc())
    .limit(_MOST)
)  # fmt: skip
