"""Questions about staff, devices and how they are let in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from server.domain.device import Device
from server.domain.people import (
    EVERYWHERE,
    ApiKey,
    Grant,
    Installation,
    OneTimeLink,
    Proof,
    RecoveryCode,
    Revocation,
    Role,
    StaffMember,
    StaffSession,
    may,
)
from server.prepared import Prepared


def epoch(session: Session) -> int:
    """Which life of the installation this is; a restore begins the next."""
    return session.scalar(_EPOCH) or 1


def grants(session: Session, staff_id: str) -> dict[str, str]:
    """Branch id → role."""
    return dict(_GRANTS.rows(session.connection(), {"staff": staff_id}))


def is_active(session: Session, staff_id: str) -> bool:
    return bool(_IS_ACTIVE.value(session.connection(), {"staff": staff_id}))


def works_in(session: Session, staff_id: str, branch_id: str) -> bool:
    return may(grants(session, staff_id), Role.AGENT, branch_id)


def by_session(session: Session, token_hash: str, now: datetime) -> tuple[StaffSession, StaffMember] | None:
    """The live session behind a cookie, with its person; none that waits for the second step."""
    found = _live(session, token_hash, now)
    return found if found is not None and found[0].proof != Proof.WAITING else None


def waiting_session(session: Session, token_hash: str, now: datetime) -> tuple[StaffSession, StaffMember] | None:
    """The same of a session that has the password and waits for the second step."""
    found = _live(session, token_hash, now)
    return found if found is not None and found[0].proof == Proof.WAITING else None


def _live(session: Session, token_hash: str, now: datetime) -> tuple[StaffSession, StaffMember] | None:
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
    """Whether they can come in without a link, or have come in by one lately."""
    member = session.get(StaffMember, staff_id)
    if member is not None and member.password is not None:
        return True
    return bool(session.scalar(select(func.count()).where(StaffSession.staff_id == staff_id)))


def has_codes(session: Session, staff_id: str) -> bool:
    """Whether they have set up the second step of signing in."""
    return session.scalar(select(StaffMember.codes_salt).where(StaffMember.id == staff_id)) is not None


def login_of(session: Session, staff_id: str) -> str | None:
    return session.scalar(select(StaffMember.login).where(StaffMember.id == staff_id))


def by_login(session: Session, login: str) -> StaffMember | None:
    return session.scalar(select(StaffMember).where(StaffMember.login == login.strip().lower(), StaffMember.active))


def called(session: Session, name: str) -> StaffMember | None:
    """Whoever signs in with this name; else the only one who is called so."""
    member = by_login(session, name)
    if member is not None:
        return member
    same = select(StaffMember).where(StaffMember.active, func.lower(StaffMember.name) == name.strip().lower())
    found = list(session.scalars(same.limit(2)))
    return found[0] if len(found) == 1 else None


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


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser somebody is signed in with now. `seen_at`: to the minute; None: not since signing in."""

    id: str
    browser: str | None
    since: datetime
    seen_at: datetime | None
    proof: str


def signed_in(session: Session, staff_id: str, now: datetime) -> tuple[SignedIn, ...]:
    """The browsers a person is signed in with, the one seen last first."""
    live = [one for one in sessions_of(session, staff_id) if one.expires_at > now and one.proof != Proof.WAITING]
    found = [SignedIn(one.id, one.browser, one.created_at, one.seen_at, str(one.proof)) for one in live]
    return tuple(sorted(found, key=lambda one: (one.seen_at or one.since, one.id), reverse=True))


@dataclass(frozen=True, slots=True)
class OwnSignIn:
    """How somebody signs in. `codes_since`: None without a second step; `left`: unused recovery codes."""

    login: str | None
    has_password: bool
    codes_since: datetime | None
    left: int
    browsers: tuple[SignedIn, ...]


def own_sign_in(session: Session, staff_id: str, now: datetime) -> OwnSignIn:
    member = session.get_one(StaffMember, staff_id)
    return OwnSignIn(
        member.login,
        member.password is not None,
        member.codes_since if member.codes_salt else None,
        recovery_codes_left(session, staff_id),
        signed_in(session, staff_id, now),
    )


def recovery_codes_left(session: Session, staff_id: str) -> int:
    unused = (RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).where(*unused)) or 0


def link(session: Session, token_hash: str) -> OneTimeLink | None:
    """Locked, where the database can: of two who open it at the same moment one comes in."""
    return session.get(OneTimeLink, token_hash, with_for_update=True)


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


# Asked inside every action of a member of staff.
_GRANTS = Prepared(select(Grant.branch_id, Grant.role).where(Grant.staff_id == bindparam("staff")))
_IS_ACTIVE = Prepared(select(StaffMember.active).where(StaffMember.id == bindparam("staff")))
