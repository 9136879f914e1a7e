"""Letting people and screens in: one-time links and keys; a token is told once and only its hash is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.branch_file import DeviceSection, PersonSection
from server.chance import hashed
from server.domain.branch import Branch
from server.domain.device import Device
from server.domain.people import ApiKey, Grant, OneTimeLink, Revocation, StaffMember
from server.queries import people

LINK_LIFE = timedelta(days=7)
Draw = Callable[[], str]


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """A person of the file; tokens are None where none is needed any more."""

    id: str
    name: str
    role: str
    link_token: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class DeviceAccess:
    id: str
    name: str
    kind: str
    key: str | None
    link_token: str | None


def new_link(session: Session, now: datetime, purpose: str, subject: str, token: str, *, instead: bool = True) -> str:
    """A fresh one-time link, `instead` of those that were not used yet, or beside them until one of them is used."""
    if instead:
        for old in people.open_links(session, subject, now):
            old.used_at = now
    session.add(
        OneTimeLink(
            token_hash=hashed(token), purpose=purpose, subject=subject, created_at=now, expires_at=now + LINK_LIFE
        )
    )
    return token


def person_access(
    session: Session, branch: Branch, now: datetime, section: PersonSection, new_id: Draw, new_token: Draw
) -> PersonAccess:
    """The person of that name in this branch, added when new; a link until they have signed in, a key once."""
    member = next((m for m, _ in people.staff_of(session, branch.id) if m.name == section.name), None)
    new = member is None
    if member is None:
        member = StaffMember(id=new_id(), name=section.name, active=True, created_at=now)
        session.add(member)
        session.flush()
    _give_role(session, branch, now, member.id, section.role, new=new)
    key = None
    if section.key and (new or not people.has_key(session, member.id)):
        key = new_token()
        session.add(ApiKey(key_hash=hashed(key), id=new_id(), staff_id=member.id, created_at=now))
    link = None if people.has_signed_in(session, member.id) else new_link(session, now, "staff", member.id, new_token())
    return PersonAccess(member.id, member.name, section.role, link, key)


def _give_role(session: Session, branch: Branch, now: datetime, staff_id: str, role: str, *, new: bool) -> None:
    """What somebody had open on the strength of another role ends, in every process that serves beside this one."""
    grant = session.get(Grant, (staff_id, branch.id))
    if grant is not None and grant.role == role:
        return
    session.merge(Grant(staff_id=staff_id, branch_id=branch.id, role=role))
    if not new:
        session.add(Revocation(subject_kind="staff", subject=staff_id, at=now))


def device_access(
    session: Session, branch: Branch, now: datetime, section: DeviceSection, new_id: Draw, new_token: Draw
) -> DeviceAccess:
    """The device of that name and kind, added when new with its key; a link until it is paired."""
    known = (d for d in people.devices(session, branch.id) if (d.name, d.kind) == (section.name, section.kind))
    device = next((d for d in known if d.revoked_at is None), None)
    key = None
    if device is None:
        key = new_token()
        device = Device(
            id=new_id(), branch_id=branch.id, kind=section.kind, name=section.name, key_hash=hashed(key), created_at=now
        )
        session.add(device)
        session.flush()
    link = None if device.paired_at else new_link(session, now, "device", device.id, new_token())
    return DeviceAccess(device.id, device.name, device.kind, key, link)
