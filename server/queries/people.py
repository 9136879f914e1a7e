"""Questions about staff, devices and how they are let in."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.device import Device
from server.domain.people import (
    EVERYWHERE,
    ApiKey,
    Grant,
    Installation,
    OneTimeLink,
    Revocation,
    Role,
    StaffMember,
    StaffSession,
    may,
)


def epoch(session: Session) -> int:
    """Which life of the installation this is; a restore begins the next."""
    return session.scalar(_EPOCH) or 1


def grants(session: Session, staff_id: str) -> dict[str, str]:
    """Branch id → role."""
    return {grant.branch_id: grant.role for grant in session.scalars(select(Grant).where(Grant.staff_id == staff_id))}


def is_active(session: Session, staff_id: str) -> bool:
    member = session.get(StaffMember, staff_id)
    return member is not None and member.active


def works_in(session: Session, staff_id: str, branch_id: str) -> bool:
    return may(grants(session, staff_id), Role.AGENT, branch_id)


def by_session(session: Session, token_hash: str, now: datetime) -> tuple[StaffSession, StaffMember] | None:
    """The live session behind a cookie, with its person."""
    found = session.get(StaffSession, token_hash)
    if found is None or found.ended_at is not None or found.expires_at <= now:
        return None
    member = session.get(StaffMember, found.staff_id)
    return (found, member) if member is not None and member.active else None


def by_key(session: Session, key_hash: str) -> tuple[ApiKey, StaffMember] | None:
    """The person behind an API key that has not been revoked."""
    found = session.get(ApiKey, key_hash)
    if found is None or found.revoked_at is not None:
        return None
    member = session.get(StaffMember, found.staff_id)
    return (found, member) if member is not None and member.active else None


def has_key(session: Session, staff_id: str) -> bool:
    return bool(session.scalar(select(func.count()).where(ApiKey.staff_id == staff_id, ApiKey.revoked_at.is_(None))))


def has_signed_in(session: Session, staff_id: str) -> bool:
    return bool(session.scalar(select(func.count()).where(StaffSession.staff_id == staff_id)))


def by_login(session: Session, login: str) -> StaffMember | None:
    return session.scalar(select(StaffMember).where(StaffMember.login == login.strip().lower(), StaffMember.active))


def staff_of(session: Session, branch_id: str) -> list[tuple[StaffMember, str]]:
    """Who works in a branch, with their role, by name."""
    found = (
        select(StaffMember, Grant.role)
        .join(Grant, Grant.staff_id == StaffMember.id)
        .where(Grant.branch_id == branch_id)
    )
    return [
        (member, role) for member, role in session.execute(found.where(StaffMember.active).order_by(StaffMember.name))
    ]


def anybody_admin(session: Session) -> bool:
    """Whether somebody may arrange everything: an installation without an admin prints its setup link."""
    return bool(session.scalar(select(func.count()).where(Grant.branch_id == EVERYWHERE)))


def session_by_id(session: Session, session_id: str) -> StaffSession | None:
    return session.scalar(select(StaffSession).where(StaffSession.id == session_id))


def sessions_of(session: Session, staff_id: str) -> list[StaffSession]:
    """The sessions of a person that have not been ended."""
    return list(
        session.scalars(select(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None)))
    )


def link(session: Session, token_hash: str) -> OneTimeLink | None:
    return session.get(OneTimeLink, token_hash)


def open_links(session: Session, subject: str, now: datetime) -> list[OneTimeLink]:
    """Links to one person or device that could still be used."""
    mine = (OneTimeLink.subject == subject, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    return list(session.scalars(select(OneTimeLink).where(*mine)))


def devices(session: Session, branch_id: str) -> list[Device]:
    return list(session.scalars(select(Device).where(Device.branch_id == branch_id).order_by(Device.kind, Device.name)))


def device_by_secret(session: Session, secret_hash: str) -> Device | None:
    """The device whose key or cookie this is, unless revoked."""
    found = session.scalar(select(Device).where((Device.key_hash == secret_hash) | (Device.cookie_hash == secret_hash)))
    return found if found is not None and found.revoked_at is None else None


def revocations_since(session: Session, since: datetime) -> list[Revocation]:
    return list(session.scalars(select(Revocation).where(Revocation.at > since).order_by(Revocation.id)))


_EPOCH = select(Installation.epoch)
