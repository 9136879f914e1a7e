"""Signing in and out, choosing a password, pairing a screen, and ending all of it at once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.chance import hashed
from server.domain.device import Device
from server.domain.errors import Conflict, Forbidden, Invalid, LinkUsed, NotFound
from server.domain.people import EVERYWHERE, Grant, OneTimeLink, Proof, Revocation, Role, StaffMember, StaffSession
from server.queries import people

SESSION_LIFE = timedelta(hours=14)  # a working day; longer than any, shorter than overnight and the next
WAITING_LIFE = timedelta(minutes=10)  # to find the phone with the codes
SETUP = "setup"  # subject of the first link: whoever opens it becomes the installation's admin
PASSWORD_LENGTH = 10


def enter(
    session: Session,
    _: None,
    now: datetime,
    *,
    token: str,
    session_token: str,
    session_id: str,
    staff_id: str,
    name: str = "Admin",
    browser: str | None = None,
) -> dict[str, Any]:
    """Open a person's one-time link: a signed-in session, which `waits` for the second step of who has one.

    `staff_id`, `name`: of the admin that a setup link makes. `browser`: in which browser, in words.
    """
    link = _use(session, now, token, ("staff", "setup"))
    subject = link.subject
    if link.purpose == "setup":
        session.add(StaffMember(id=staff_id, name=name, active=True, created_at=now))
        session.flush()
        session.add(Grant(staff_id=staff_id, branch_id=EVERYWHERE, role=Role.ADMIN))
        subject = staff_id
    member = session.get(StaffMember, subject)
    if member is None or not member.active:
        raise NotFound
    waits = open_session(session, now, member, session_token, session_id, browser=browser)
    told = {"staff": member.id, "name": member.name, "login": member.login}
    return told | {"needs_password": member.password is None, "waits": waits}


def sign_in(
    session: Session, _: None, now: datetime, *, staff_id: str, session_token: str, session_id: str,
    browser: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """After the password was found right (outside: Argon2 takes long on purpose). `waits`: for the second step."""
    member = session.get(StaffMember, staff_id)
    if member is None or not member.active:
        raise NotFound
    return {"staff": staff_id, "waits": open_session(session, now, member, session_token, session_id, browser=browser)}


def choose_password(
    session: Session, _: None, now: datetime, *, staff_id: str, login: str, password_hash: str,
    session_id: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`login` is what the person types from now on; it is theirs alone. Other browsers than this session's end.

    A one-time link that was not opened yet could still change the password: it ends, too.
    """
    login = login.strip().lower()
    if not login:
        raise Invalid("login-needed", {"login": "login-needed"})
    other = people.by_login(session, login)
    if other is not None and other.id != staff_id:
        raise Invalid("login-taken", {"login": "login-taken"})
    member = session.get(StaffMember, staff_id)
    if member is None:
        raise NotFound
    member.login, member.password = login, password_hash
    end_sessions_of(session, now, staff_id, but=session_id)
    for unused in people.open_links(session, staff_id, now):
        unused.used_at = now
    return {"staff": staff_id}


def sign_out(session: Session, _: None, now: datetime, *, session_id: str) -> dict[str, Any]:
    end_session(session, now, session_id)
    return {"session": session_id}


def end_session(session: Session, now: datetime, session_id: str) -> None:
    """At once, on open sockets too."""
    found = people.session_by_id(session, session_id)
    if found is not None and found.ended_at is None:
        found.ended_at = now
        session.add(Revocation(subject_kind="session", subject=session_id, at=now))


def end_sessions_of(session: Session, now: datetime, staff_id: str, *, but: str | None = None) -> None:
    """All of a person's; `but`: the id of one that goes on."""
    for found in people.sessions_of(session, staff_id):
        if found.id != but:
            end_session(session, now, found.id)


def end_own(session: Session, _: None, now: datetime, *, staff_id: str, session_id: str | None) -> dict[str, Any]:
    """One of a person's own sessions, or with None all of them; NotFound for somebody else's."""
    if session_id is None:
        end_sessions_of(session, now, staff_id)
        return {}
    found = people.session_by_id(session, session_id)
    if found is None or found.staff_id != staff_id:
        raise NotFound
    end_session(session, now, session_id)
    return {}


def note_seen(session: Session, _: None, now: datetime, *, session_ids: set[str]) -> dict[str, Any]:
    """Somebody has used these sessions within the last minute."""
    session.execute(update(StaffSession).where(StaffSession.id.in_(session_ids)).values(seen_at=now))
    return {}


def pair(session: Session, _: None, now: datetime, *, token: str, cookie: str) -> dict[str, Any]:
    """Open a screen's one-time link: from now on `cookie` is its own secret; the one before stops working."""
    link = _use(session, now, token, ("device",))
    device = session.get(Device, link.subject)
    if device is None or device.revoked_at is not None:
        raise LinkUsed
    if device.cookie_hash is not None:
        session.add(Revocation(subject_kind="device", subject=device.id, at=now))
    device.cookie_hash, device.paired_at, device.seen_at = hashed(cookie), now, now
    return {"device": device.id, "kind": device.kind, "branch": device.branch_id}


def revoke_device(session: Session, now: datetime, device: Device) -> None:
    """Its key, cookie and open sockets end."""
    if device.revoked_at is not None:
        raise Conflict("device-revoked")
    device.revoked_at, device.key_hash, device.cookie_hash = now, None, None
    session.add(Revocation(subject_kind="device", subject=device.id, at=now))


def make_setup_link(session: Session, _: None, now: datetime, *, token: str) -> dict[str, Any]:
    """The installation's first door: only while nobody works here."""
    if people.anybody_admin(session):
        raise Forbidden
    for old in people.open_links(session, SETUP, now):
        old.used_at = now
    session.add(
        OneTimeLink(
            token_hash=hashed(token), purpose="setup", subject=SETUP, created_at=now, expires_at=now + timedelta(days=7)
        )
    )
    return {}


def _use(session: Session, now: datetime, token: str, purposes: tuple[str, ...]) -> OneTimeLink:
    link = people.link(session, hashed(token))
    if link is None or link.purpose not in purposes or link.used_at is not None or link.expires_at <= now:
        raise LinkUsed
    for one in people.open_links(session, link.subject, now):  # those beside it have done their work too
        one.used_at = now
    return link


def open_session(
    session: Session, now: datetime, member: StaffMember, token: str, session_id: str, *, browser: str | None,
    proof: Proof | None = None,
) -> bool:  # fmt: skip
    """True when it waits for the second step. `proof`: what it was opened with, else what that person needs."""
    proof = proof or (Proof.WAITING if member.codes_salt else Proof.PASSWORD)
    life = WAITING_LIFE if proof == Proof.WAITING else SESSION_LIFE
    session.add(
        StaffSession(
            token_hash=hashed(token), id=session_id, staff_id=member.id, created_at=now, expires_at=now + life,
            proof=proof, browser=browser,
        )
    )  # fmt: skip
    return proof == Proof.WAITING
