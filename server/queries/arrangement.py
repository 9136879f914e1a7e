"""Questions of the setup pages.

arrangement(branch)   the branch with its services, counters, people and devices
branches_of(grants)   the branches somebody may arrange
waiting_for(service)  how many people have an open ticket for it
practice()            what would go on opening day
last_number(letter)   how far the numbers of a letter have come on a day
"""

from collections import Counter as Tally
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.base import table_of
from server.domain.branch import Branch, Counter, Outcome, Service
from server.domain.device import Device
from server.domain.errors import NotFound
from server.domain.feedback import Rating
from server.domain.moves import OPEN
from server.domain.people import EVERYWHERE, RANK, Duty, Grant, OneTimeLink, Proof, Role, StaffMember, StaffSession, may
from server.domain.ticket import Ticket
from server.queries.arranged import (
    Arrangement,
    BranchName,
    BranchSetup,
    CounterSetup,
    DeviceSetup,
    OutcomeSetup,
    PersonSetup,
    Practice,
    PrioritySetup,
    ServiceSetup,
)
from server.queries.branches import priorities


def arrangement(session: Session, branch_id: str, now: datetime) -> Arrangement:
    """The whole arrangement of one branch; NotFound when there is no such branch."""
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise NotFound
    counters = _counters(session, branch_id)
    services = _services(session, branch_id, [c for c in counters if not c.archived])
    classes = [PrioritySetup(p.id, p.name, p.head_start, p.confirm, p.archived) for p in priorities(session, branch_id)]
    return Arrangement(
        branch=_branch(branch, now),
        services=tuple(s for s in services if not s.archived),
        counters=tuple(c for c in counters if not c.archived),
        people=_people(session, branch_id, now),
        devices=_devices(session, branch_id, now),
        archived_services=tuple(s for s in services if s.archived),
        archived_counters=tuple(c for c in counters if c.archived),
        priorities=tuple(p for p in classes if not p.archived),
        archived_priorities=tuple(p for p in classes if p.archived),
    )


def branches_of(session: Session, grants: Mapping[str, str]) -> list[BranchName]:
    """The branches these grants (branch id → role) may arrange, by name; those in use first."""
    rows = session.execute(
        select(Branch.id, Branch.name, Branch.archived).order_by(Branch.archived, Branch.name, Branch.id)
    )
    return [BranchName(*row) for row in rows if may(dict(grants), Role.MANAGER, row.id)]


def waiting_for(session: Session, branch_id: str, service_id: str) -> int:
    """How many people have an open ticket for a service."""
    return _open_tickets(session, branch_id).get(service_id, 0)


def last_number(session: Session, branch_id: str, day: date, letter: str) -> int:
    """The highest number given with this letter on that business day, by whatever service; 0 for none."""
    of_day = select(Ticket.number).where(Ticket.branch_id == branch_id, Ticket.business_day == day)
    numbers = session.scalars(of_day.where(Ticket.number.startswith(letter)))
    return max((int(digits) for number in numbers if (digits := number.removeprefix(letter)).isdigit()), default=0)


def practice(session: Session, branch_id: str) -> Practice:
    """How many tickets and ratings a branch has, and since when."""
    tickets = select(func.count(), func.min(Ticket.joined_at)).where(Ticket.branch_id == branch_id)
    number, since = session.execute(tickets).one()
    return Practice(number, session.scalar(select(func.count()).where(Rating.branch_id == branch_id)) or 0, since)


def _branch(branch: Branch, now: datetime) -> BranchSetup:
    return BranchSetup(
        id=branch.id,
        name=branch.name,
        time_zone=branch.time_zone,
        languages=tuple(branch.languages),
        hours=branch.hours,
        closures=tuple(sorted(branch.closures)),
        notice=branch.notice,
        rules={column.key: getattr(branch, column.key) for column in table_of(Branch).columns},
        open=branch.is_open(now),
        opens_at=branch.opens_at(now),
        closes_at=branch.closes_at(now),
    )


def _services(session: Session, branch_id: str, counters: list[CounterSetup]) -> list[ServiceSetup]:
    outcomes: dict[str, list[OutcomeSetup]] = {}
    of_branch = select(Outcome).where(Outcome.branch_id == branch_id).order_by(Outcome.position, Outcome.id)
    for row in session.scalars(of_branch):
        outcomes.setdefault(row.service_id, []).append(OutcomeSetup(row.id, row.name, row.archived))
    waiting = _open_tickets(session, branch_id)
    services = select(Service).where(Service.branch_id == branch_id).order_by(Service.position, Service.letter)
    return [
        ServiceSetup(
            id=row.id,
            name=row.name,
            letter=row.letter,
            target_wait=row.target_wait,
            typical_service=row.typical_service,
            bring=row.bring,
            outcome_required=row.outcome_required,
            open=row.open,
            archived=row.archived,
            waiting=waiting.get(row.id, 0),
            outcomes=tuple(outcomes.get(row.id, ())),
            counters=tuple(c.label for c in counters if c.services is None or row.id in c.services),
        )
        for row in session.scalars(services)
    ]


def _open_tickets(session: Session, branch_id: str) -> dict[str, int]:
    """Service id → how many people have an open ticket for it."""
    counted = select(Ticket.service_id, func.count()).where(Ticket.branch_id == branch_id, Ticket.state.in_(OPEN))
    return dict(session.execute(counted.group_by(Ticket.service_id)).all())


def _counters(session: Session, branch_id: str) -> list[CounterSetup]:
    on_duty = select(Duty.counter_id, StaffMember.name).join(StaffMember, StaffMember.id == Duty.staff_id)
    agents = dict(session.execute(on_duty.where(Duty.branch_id == branch_id, Duty.ended_at.is_(None))).all())
    counters = select(Counter).where(Counter.branch_id == branch_id).order_by(Counter.position, Counter.label)
    return [
        CounterSetup(
            id=row.id,
            label=row.label,
            services=None if row.services is None else tuple(row.services),
            archived=row.archived,
            agent=agents.get(row.id),
        )
        for row in session.scalars(counters)
    ]


def _people(session: Session, branch_id: str, now: datetime) -> tuple[PersonSetup, ...]:
    """Everybody with a role here, the highest first, then by name."""
    here = (
        select(StaffMember, Grant.role, Grant.branch_id)
        .join(Grant, Grant.staff_id == StaffMember.id)
        .where(Grant.branch_id.in_((branch_id, EVERYWHERE)), StaffMember.active)
    )
    reach: dict[str, tuple[StaffMember, str, bool]] = {}
    for member, role, place in session.execute(here):
        known = reach.get(member.id)
        if known is None or RANK[Role(role)] > RANK[Role(known[1])]:
            reach[member.id] = (member, role, place == EVERYWHERE)
    links = _open_links(session, "staff", list(reach), now)
    grants: dict[str, dict[str, str]] = {}
    for grant in session.scalars(select(Grant).where(Grant.staff_id.in_(reach))):
        grants.setdefault(grant.staff_id, {})[grant.branch_id] = grant.role
    sessions, newest = _sessions(session, list(reach), now)
    people = [
        PersonSetup(
            id=member.id,
            name=member.name,
            login=member.login,
            role=role,
            everywhere=everywhere,
            joined=member.password is not None,
            sessions=sessions[member.id],
            seen_at=newest.get(member.id),
            link_until=links.get(member.id),
            grants=grants[member.id],
            second_step=member.codes_salt is not None,
        )
        for member, role, everywhere in reach.values()
    ]
    return tuple(sorted(people, key=lambda person: (-RANK[Role(person.role)], person.name.casefold(), person.id)))


def _sessions(session: Session, staff: list[str], now: datetime) -> tuple[Tally[str], dict[str, datetime]]:
    """How many browsers each of them is signed in with now, and when the newest signed in."""
    open_now = select(StaffSession.staff_id, StaffSession.created_at).where(
        StaffSession.staff_id.in_(staff),
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > now,
        StaffSession.proof != Proof.WAITING,
    )
    rows = session.execute(open_now.order_by(StaffSession.created_at)).all()
    return Tally(owner for owner, _ in rows), dict(rows)


def _devices(session: Session, branch_id: str, now: datetime) -> tuple[DeviceSetup, ...]:
    here = select(Device).where(Device.branch_id == branch_id, Device.revoked_at.is_(None))
    rows = list(session.scalars(here.order_by(Device.kind, Device.name, Device.id)))
    links = _open_links(session, "device", [row.id for row in rows], now)
    return tuple(
        DeviceSetup(
            id=row.id,
            name=row.name,
            kind=row.kind,
            paired_at=row.paired_at,
            seen_at=row.seen_at,
            link_until=links.get(row.id),
        )
        for row in rows
    )


def _open_links(session: Session, purpose: str, subjects: list[str], now: datetime) -> dict[str, datetime]:
    """Until when the unused link of each subject is good."""
    unused = (
        select(OneTimeLink.subject, func.max(OneTimeLink.expires_at))
        .where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.subject.in_(subjects),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
        .group_by(OneTimeLink.subject)
    )
    return dict(session.execute(unused).all())
