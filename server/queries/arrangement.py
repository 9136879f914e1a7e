"""One branch as its manager arranges it: everything the setup pages show, the archived too.

arrangement(branch)   the branch with its services, counters, people and devices
branches_of(grants)   the branches somebody may arrange
"""

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.base import Words
from server.domain.branch import Branch, Counter, Outcome, Service
from server.domain.device import Device
from server.domain.errors import NotFound
from server.domain.people import (
    EVERYWHERE,
    RANK,
    Duty,
    Grant,
    OneTimeLink,
    Role,
    StaffMember,
    StaffSession,
    may,
)


@dataclass(frozen=True, slots=True)
class BranchSetup:
    """`hours`: weekday ("mon" …) → spans like "08:30-16:00"; None: always open. `closures`: ISO dates, in order."""

    id: str
    name: str
    time_zone: str
    languages: tuple[str, ...]
    hours: Mapping[str, list[str]] | None
    closures: tuple[str, ...]
    notice: Words | None
    open: bool
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutcomeSetup:
    id: str
    name: Words
    archived: bool


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """`counters`: labels of the counters that work it, in order. Times in minutes."""

    id: str
    name: Words
    letter: str
    target_wait: int
    typical_service: int
    bring: Words | None
    outcome_required: bool
    archived: bool
    outcomes: tuple[OutcomeSetup, ...]
    counters: tuple[str, ...]

    @property
    def live_outcomes(self) -> tuple[OutcomeSetup, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.archived)


@dataclass(frozen=True, slots=True)
class CounterSetup:
    """`services`: ids of what is worked there; None: all. `agent`: who stands there now."""

    id: str
    label: str
    services: tuple[str, ...] | None
    archived: bool
    agent: str | None


@dataclass(frozen=True, slots=True)
class PersonSetup:
    """`role` reaches this branch; `everywhere`: it reaches all of them. `joined`: has signed in at least once.

    `sessions`: browsers signed in now. `seen_at`: when the newest of them signed in. `link_until`: the unused link's end.
    """

    id: str
    name: str
    login: str | None
    role: str
    everywhere: bool
    joined: bool
    sessions: int
    seen_at: datetime | None
    link_until: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """`paired_at` is None until its link was opened; `link_until`: until when that can happen."""

    id: str
    name: str
    kind: str
    paired_at: datetime | None
    seen_at: datetime | None
    link_until: datetime | None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Live things in the order they are shown; the archived stand in lists of their own."""

    branch: BranchSetup
    services: tuple[ServiceSetup, ...]
    counters: tuple[CounterSetup, ...]
    people: tuple[PersonSetup, ...]
    devices: tuple[DeviceSetup, ...]
    archived_services: tuple[ServiceSetup, ...]
    archived_counters: tuple[CounterSetup, ...]

    def service(self, id: str) -> ServiceSetup:
        """NotFound when the branch has none with this id; an archived one is found."""
        return _found(self.services + self.archived_services, id)

    def counter(self, id: str) -> CounterSetup:
        return _found(self.counters + self.archived_counters, id)

    def person(self, id: str) -> PersonSetup:
        return _found(self.people, id)

    def device(self, id: str) -> DeviceSetup:
        return _found(self.devices, id)


T = TypeVar("T", ServiceSetup, CounterSetup, PersonSetup, DeviceSetup)


@dataclass(frozen=True, slots=True)
class BranchName:
    id: str
    name: str


def arrangement(session: Session, branch_id: str, now: datetime) -> Arrangement:
    """The whole arrangement of one branch; NotFound when there is no such branch."""
    branch = session.get(Branch, branch_id)
    if branch is None:
        raise NotFound
    counters = _counters(session, branch_id)
    services = _services(session, branch_id, [c for c in counters if not c.archived])
    return Arrangement(
        branch=_branch(branch, now),
        services=tuple(s for s in services if not s.archived),
        counters=tuple(c for c in counters if not c.archived),
        people=_people(session, branch_id, now),
        devices=_devices(session, branch_id, now),
        archived_services=tuple(s for s in services if s.archived),
        archived_counters=tuple(c for c in counters if c.archived),
    )


def branches_of(session: Session, grants: Mapping[str, str]) -> list[BranchName]:
    """The branches these grants (branch id → role) may arrange, by name."""
    rows = session.execute(select(Branch.id, Branch.name).order_by(Branch.name, Branch.id))
    return [BranchName(id, name) for id, name in rows if may(dict(grants), Role.MANAGER, id)]


def _branch(branch: Branch, now: datetime) -> BranchSetup:
    return BranchSetup(
        id=branch.id,
        name=branch.name,
        time_zone=branch.time_zone,
        languages=tuple(branch.languages),
        hours=branch.hours,
        closures=tuple(sorted(branch.closures)),
        notice=branch.notice,
        open=branch.is_open(now),
        opens_at=branch.opens_at(now),
        closes_at=branch.closes_at(now),
    )


def _services(session: Session, branch_id: str, counters: list[CounterSetup]) -> list[ServiceSetup]:
    outcomes: dict[str, list[OutcomeSetup]] = {}
    of_branch = select(Outcome).where(Outcome.branch_id == branch_id).order_by(Outcome.position, Outcome.id)
    for row in session.scalars(of_branch):
        outcomes.setdefault(row.service_id, []).append(OutcomeSetup(row.id, row.name, row.archived))
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
            archived=row.archived,
            outcomes=tuple(outcomes.get(row.id, ())),
            counters=tuple(c.label for c in counters if c.services is None or row.id in c.services),
        )
        for row in session.scalars(services)
    ]


def _counters(session: Session, branch_id: str) -> list[CounterSetup]:
    on_duty = select(Duty.counter_id, StaffMember.name).join(StaffMember, StaffMember.id == Duty.staff_id)
    agents = {
        counter: name
        for counter, name in session.execute(on_duty.where(Duty.branch_id == branch_id, Duty.ended_at.is_(None)))
    }
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
    links = _open_links(session, "staff", list(reach), now) | _open_links(session, "setup", list(reach), now)
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
        )
        for member, role, everywhere in reach.values()
    ]
    return tuple(sorted(people, key=lambda person: (-RANK[Role(person.role)], person.name.casefold(), person.id)))


def _sessions(session: Session, staff: list[str], now: datetime) -> tuple[Tally[str], dict[str, datetime]]:
    """How many browsers each of them is signed in with now, and when the newest signed in."""
    open_now = select(StaffSession.staff_id, StaffSession.created_at).where(
        StaffSession.staff_id.in_(staff), StaffSession.ended_at.is_(None), StaffSession.expires_at > now
    )
    rows = session.execute(open_now.order_by(StaffSession.created_at)).all()
    return Tally(owner for owner, _ in rows), {owner: at for owner, at in rows}


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
    return {subject: until for subject, until in session.execute(unused)}


def _found(things: tuple[T, ...], id: str) -> T:
    thing = next((thing for thing in things if thing.id == id), None)
    if thing is None:
        raise NotFound
    return thing
