"""Questions about a branch and how it is arranged."""

from datetime import date

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from server.domain.branch import Branch, Counter, NumberSeries, Outcome, Priority, Service
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.people import Duty, StaffMember


def all_branches(session: Session) -> list[Branch]:
    return list(session.scalars(select(Branch).order_by(Branch.name)))


def branch(session: Session, branch_id: str) -> Branch:
    if (found := session.get(Branch, branch_id)) is None:
        raise NotFound
    return found


def service(session: Session, branch_id: str, service_id: str) -> Service:
    """A service in use; Invalid when there is none of that id."""
    found = session.scalar(_SERVICE, {"branch": branch_id, "service": service_id})
    if found is None or found.archived:
        raise Invalid("service-unknown", {"service": "service-unknown"})
    return found


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
    return session.scalar(select(Counter.label).where(Counter.id == counter_id)) if counter_id else None


def branch_of_counter(session: Session, counter_id: str) -> str:
    found = session.scalar(select(Counter.branch_id).where(Counter.id == counter_id))
    if found is None:
        raise NotFound
    return found


def next_in_series(session: Session, branch_id: str, service_id: str, day: date) -> int:
    """Draw the next of one service's numbers on one business day; the first is 1."""
    series = {"branch": branch_id, "service": service_id, "day": day}
    drawn = session.scalar(_NEXT_IN_SERIES, series)
    if drawn is None:
        session.execute(_NEW_SERIES, {"branch_id": branch_id, "service_id": service_id, "business_day": day, "last": 1})
    return drawn or 1


def open_duties(session: Session, branch_id: str) -> list[Duty]:
    return list(session.scalars(_OPEN_DUTIES, {"branch": branch_id}))


def duty_at(session: Session, counter_id: str) -> Duty | None:
    """The open duty at a counter."""
    return session.scalar(select(Duty).where(Duty.counter_id == counter_id, Duty.ended_at.is_(None)))


def duty_of(session: Session, staff_id: str) -> Duty | None:
    """The open duty of an agent, in whatever branch."""
    return session.scalar(select(Duty).where(Duty.staff_id == staff_id, Duty.ended_at.is_(None)))


def duty_here(session: Session, counter_id: str, staff_id: str | None) -> Duty:
    """This agent's open duty at this counter; Conflict when they do not stand there."""
    duty = duty_at(session, counter_id)
    if duty is None or duty.staff_id != staff_id:
        raise Conflict("not-at-counter")
    return duty


def staff_name(session: Session, staff_id: str) -> str:
    return session.scalar(select(StaffMember.name).where(StaffMember.id == staff_id)) or ""


# Asked by every join or refresh of a board; built once.
_OPEN_DUTIES = select(Duty).where(Duty.branch_id == bindparam("branch"), Duty.ended_at.is_(None))
_SERVICE = select(Service).where(Service.branch_id == bindparam("branch"), Service.id == bindparam("service"))
_NEXT_IN_SERIES = (
    update(NumberSeries)
    .where(
        NumberSeries.branch_id == bindparam("branch"),
        NumberSeries.service_id == bindparam("service"),
        NumberSeries.business_day == bindparam("day"),
    )
    .values(last=NumberSeries.last + 1)
    .returning(NumberSeries.last)
    .execution_options(synchronize_session=False)
)
_NEW_SERIES = insert(NumberSeries)
