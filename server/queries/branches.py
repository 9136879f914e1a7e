"""Questions about a branch and how it is arranged."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from server.domain.base import table_of
from server.domain.branch import Branch, Counter, Logo, NumberSeries, Outcome, Priority, Service
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.people import Duty, Installation, StaffMember
from server.prepared import Prepared, insertion


def all_branches(session: Session) -> list[Branch]:
    return list(session.scalars(select(Branch).order_by(Branch.name)))


def branch(session: Session, branch_id: str) -> Branch:
    if (found := session.get(Branch, branch_id)) is None:
        raise NotFound
    return found


def logo(session: Session, branch_id: str, digest: str) -> Logo:
    """The branch's picture of that digest; NotFound when it has another, or none."""
    found = session.get(Logo, branch_id)
    if found is None or branch(session, branch_id).logo != digest:
        raise NotFound
    return found


def stand(session: Session, branch_id: str) -> tuple[int, int]:
    """(epoch, version): whether a branch has moved, in one small row. NotFound when there is none."""
    found = session.execute(_STAND, {"branch": branch_id}).one_or_none()
    if found is None:
        raise NotFound
    return found.epoch or 1, found.version


class Marks(NamedTuple):
    """The versions of the last change to anything of a branch, to how it is arranged, and to who works there."""

    epoch: int
    version: int
    arranged: int
    staffed: int


def marks(session: Session, branch_id: str) -> Marks:
    """What a board has to read again, in one small row. NotFound when there is no such branch."""
    found = _MARKS.row(session.connection(), {"branch": branch_id})
    if found is None:
        raise NotFound
    version, epoch, arranged, staffed = found
    return Marks(epoch or 1, version, arranged, staffed or 0)


class InUse(NamedTuple):
    """What a move needs to know of a service."""

    id: str
    letter: str
    open: bool


def service(session: Session, branch_id: str, service_id: str) -> InUse:
    """A service in use; Invalid when there is none of that id."""
    found = _SERVICE.row(session.connection(), {"branch": branch_id, "service": service_id})
    if found is None:
        raise Invalid("service-unknown", {"service": "service-unknown"})
    return InUse(*found)


def to_reopen(session: Session, branch_id: str, now: datetime) -> list[Service]:
    """The services that open again by themselves, whose time has come."""
    return list(session.scalars(select(Service).where(Service.branch_id == branch_id, Service.reopens_at <= now)))


def needs_outcome(session: Session, branch_id: str, service_id: str) -> bool:
    """Whether a visit to it, in use or not, ends only with an outcome: it says so and there is one to choose."""
    found = session.get(Service, (branch_id, service_id))
    if found is None or not found.outcome_required:
        return False
    mine = (Outcome.branch_id == branch_id, Outcome.service_id == service_id, Outcome.archived.is_(False))
    return session.scalar(select(Outcome.id).where(*mine).limit(1)) is not None


def services(session: Session, branch_id: str) -> list[Service]:
    return list(
        session.scalars(select(Service).where(Service.branch_id == branch_id).order_by(Service.position, Service.id))
    )


def outcomes(session: Session, branch_id: str) -> list[Outcome]:
    """All outcomes of the branch, archived ones too, in their order."""
    return list(
        session.scalars(select(Outcome).where(Outcome.branch_id == branch_id).order_by(Outcome.position, Outcome.id))
    )


def outcome(session: Session, branch_id: str, service_id: str, outcome_id: str) -> Outcome:
    found = session.get(Outcome, (branch_id, service_id, outcome_id))
    if found is None or found.archived:
        raise Invalid("outcome-unknown", {"outcome": "outcome-unknown"})
    return found


def priorities(session: Session, branch_id: str) -> list[Priority]:
    return list(
        session.scalars(
            select(Priority).where(Priority.branch_id == branch_id).order_by(Priority.position, Priority.id)
        )
    )


def priority(session: Session, branch_id: str, priority_id: str) -> Priority:
    found = session.get(Priority, (branch_id, priority_id))
    if found is None or found.archived:
        raise Invalid("priority-unknown", {"priority": "priority-unknown"})
    return found


def counters(session: Session, branch_id: str) -> list[Counter]:
    return list(
        session.scalars(select(Counter).where(Counter.branch_id == branch_id).order_by(Counter.position, Counter.label))
    )


def counter(session: Session, branch_id: str, counter_id: str) -> Counter:
    """A counter of this branch in use; NotFound otherwise."""
    found = session.get(Counter, counter_id)
    if found is None or found.branch_id != branch_id or found.archived:
        raise NotFound
    return found


def counter_label(session: Session, counter_id: str | None) -> str | None:
    return _LABEL.value(session.connection(), {"counter": counter_id}) if counter_id else None


def branch_of_counter(session: Session, counter_id: str) -> str:
    found = session.scalar(select(Counter.branch_id).where(Counter.id == counter_id))
    if found is None:
        raise NotFound
    return found


def next_in_series(session: Session, branch_id: str, service_id: str, day: date) -> int:
    """Draw the next of one service's numbers on one business day; the first is 1."""
    series = {"branch": branch_id, "service": service_id, "day": day}
    drawn: int | None = _NEXT_IN_SERIES.value(session.connection(), series)
    if drawn is None:
        first = {"branch_id": branch_id, "service_id": service_id, "business_day": day, "last": 1}
        _NEW_SERIES.run(session.connection(), first)
    return drawn or 1


def left_last(session: Session, branch_id: str) -> list[tuple[datetime, list[str]]]:
    """When counters were left of late, and the services worked there."""
    return [(at, services) for at, services in _DUTIES.rows(session.connection(), {"branch": branch_id}) if at]


def open_duties(session: Session, branch_id: str) -> list[Duty]:
    return list(session.scalars(_OPEN_DUTIES, {"branch": branch_id}))


def duty_at(session: Session, counter_id: str) -> Duty | None:
    """The open duty at a counter."""
    return session.scalar(_DUTY_AT, {"counter": counter_id})


def duty_of(session: Session, staff_id: str) -> Duty | None:
    """The open duty of an agent, in whatever branch."""
    return session.scalar(_DUTY_OF, {"staff": staff_id})


def duty_here(session: Session, counter_id: str, staff_id: str | None) -> Duty:
    """This agent's open duty at this counter; Conflict when they do not stand there."""
    duty = duty_at(session, counter_id)
    if duty is None or duty.staff_id != staff_id:
        raise Conflict("not-at-counter")
    return duty


def staff_name(session: Session, staff_id: str) -> str:
    return session.scalar(select(StaffMember.name).where(StaffMember.id == staff_id)) or ""


# Asked by every join or refresh of a board; built once.
_STAND = select(Branch.version, select(Installation.epoch).scalar_subquery().label("epoch")).where(
    Branch.id == bindparam("branch")
)
_STAFFED = select(func.max(Duty.changed)).where(Duty.branch_id == bindparam("branch"))
_MARKS = Prepared(_STAND.add_columns(Branch.arranged, _STAFFED.scalar_subquery().label("staffed")))
_LABEL = Prepared(select(Counter.label).where(Counter.id == bindparam("counter")))
_DUTY_AT = select(Duty).where(Duty.counter_id == bindparam("counter"), Duty.ended_at.is_(None))
_DUTY_OF = select(Duty).where(Duty.staff_id == bindparam("staff"), Duty.ended_at.is_(None))
_OPEN_DUTIES = select(Duty).where(Duty.branch_id == bindparam("branch"), Duty.ended_at.is_(None))
_SERVICES = table_of(Service)
_SERVICE = Prepared(
    select(_SERVICES.c.id, _SERVICES.c.letter, _SERVICES.c.open).where(
        _SERVICES.c.branch_id == bindparam("branch"), _SERVICES.c.id == bindparam("service"), ~_SERVICES.c.archived
    )
)
_SERIES = table_of(NumberSeries)
_NEXT_IN_SERIES = Prepared(
    update(_SERIES)
    .where(
        _SERIES.c.branch_id == bindparam("branch"),
        _SERIES.c.service_id == bindparam("service"),
        _SERIES.c.business_day == bindparam("day"),
    )
    .values(last=_SERIES.c.last + 1)
    .returning(_SERIES.c.last)
)
_NEW_SERIES = insertion(_SERIES)
_DUTIES = Prepared(
    select(Duty.ended_at, Duty.services)
    .where(Duty.branch_id == bindparam("branch"), Duty.changed > literal_column("0"))
    .order_by(Duty.changed.desc())
    .limit(literal_column("10"))
)
