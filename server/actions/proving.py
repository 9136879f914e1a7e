"""The second step of signing in: setting it up, passing it, getting new recovery codes, giving it up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, update
from sqlalchemy.orm import Session

from server.actions.arranging.access import new_link
from server.actions.arranging.audit import record
from server.actions.letting_in import end_session, end_sessions_of, open_session
from server.chance import hashed
from server.domain.errors import Conflict, Invalid, NotFound, SignInNeeded
from server.domain.people import SYSTEM, Actor, Proof, RecoveryCode, Revocation, StaffMember
from server.domain.presence import Presence
from server.domain.second_step import is_recovery, plain, step_of
from server.queries import people

Answer = dict[str, Any]
_APART = {"synchronize_session": False}


def prove(
    session: Session, _: None, now: datetime, *, waiting: str, typed: str, presence: Presence, session_token: str,
    session_id: str,
) -> Answer:  # fmt: skip
    """The session that waits becomes a whole one, with a token that nobody has seen before the second step."""
    found = people.waiting_session(session, hashed(waiting), now)
    if found is None:
        raise SignInNeeded
    half, member = found
    _accept(session, now, member, typed, presence)
    end_session(session, now, half.id)
    open_session(session, now, member, session_token, session_id, browser=half.browser, proof=Proof.CODE)
    return {"staff": member.id, "login": member.login, "left": people.recovery_codes_left(session, member.id)}


def set_up(
    session: Session, _: None, now: datetime, *, staff_id: str, session_id: str, salt: str, typed: str,
    presence: Presence, recovery: Sequence[str],
) -> Answer:  # fmt: skip
    """From now on a password alone lets nobody in as this person; their other browsers are signed out.

    The first code proves that the phone has the key.
    """
    member = _member(session, staff_id)
    if member.codes_salt is not None:
        raise Conflict("second-step-there")
    step = step_of(presence.sign_in_key(staff_id, salt), typed, now, None)
    if step is None:
        raise Invalid("code-wrong", {"code": "code-wrong"})
    member.codes_salt, member.codes_since, member.codes_used = salt, now, step
    _replace_recovery(session, staff_id, recovery)
    mine = people.session_by_id(session, session_id)
    if mine is not None:
        mine.proof = Proof.CODE
    end_sessions_of(session, now, staff_id, but=session_id)
    session.add(Revocation(subject_kind="staff", subject=staff_id, at=now))
    record(session, None, now, Actor("staff", staff_id), "second-step.set-up", staff_id, None, None)
    return {}


def renew_recovery(
    session: Session, _: None, now: datetime, *, staff_id: str, typed: str, presence: Presence, recovery: Sequence[str]
) -> Answer:
    """The old ones stop working."""
    _accept(session, now, _member(session, staff_id), typed, presence)
    _replace_recovery(session, staff_id, recovery)
    record(session, None, now, Actor("staff", staff_id), "second-step.recovery", staff_id, None, None)
    return {}


def give_up(
    session: Session, _: None, now: datetime, *, staff_id: str, session_id: str, typed: str, presence: Presence
) -> Answer:
    """With a last code, so that a browser left open is not enough."""
    member = _member(session, staff_id)
    _accept(session, now, member, typed, presence)
    forget(session, now, member)
    mine = people.session_by_id(session, session_id)
    if mine is not None:
        mine.proof = Proof.PASSWORD
    record(session, None, now, Actor("staff", staff_id), "second-step.given-up", staff_id, None, None)
    return {}


def let_in(session: Session, _: None, now: datetime, *, name: str, token: str) -> Answer:
    """For whoever runs the server: the only admin may have lost password, phone and recovery codes."""
    member = people.called(session, name)
    if member is None:
        raise NotFound("nobody-called-that")
    forget(session, now, member)
    end_sessions_of(session, now, member.id)
    new_link(session, now, "staff", member.id, token)
    record(session, None, now, SYSTEM, "person.let-in", member.id, None, None)
    return {"name": member.name}


def forget(session: Session, now: datetime, member: StaffMember) -> None:
    """No second step any more: the phone's codes and the recovery codes are worth nothing."""
    member.codes_salt, member.codes_since, member.codes_used = None, None, None
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    session.add(Revocation(subject_kind="staff", subject=member.id, at=now))


def _member(session: Session, staff_id: str) -> StaffMember:
    member = session.get(StaffMember, staff_id)
    if member is None or not member.active:
        raise NotFound
    return member


def _accept(session: Session, now: datetime, member: StaffMember, typed: str, presence: Presence) -> None:
    """Take one code out of use; Invalid when it is none of theirs, or was used before.

    By statements that change a row only while it is unused: of two who send it at the same moment one is let in.
    """
    if member.codes_salt is None:
        raise NotFound
    taken: Row[str] | None = None
    if is_recovery(typed):
        mine = (RecoveryCode.code_hash == _hash(member.id, typed), RecoveryCode.staff_id == member.id)
        used = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=now)
        taken = session.execute(used.returning(RecoveryCode.staff_id), execution_options=_APART).first()
    elif step := step_of(presence.sign_in_key(member.id, member.codes_salt), typed, now, member.codes_used):
        fresh = or_(StaffMember.codes_used.is_(None), StaffMember.codes_used < step)
        used = update(StaffMember).where(StaffMember.id == member.id, fresh).values(codes_used=step)
        taken = session.execute(used.returning(StaffMember.id), execution_options=_APART).first()
    if taken is None:
        raise Invalid("code-wrong", {"code": "code-wrong"})


def _replace_recovery(session: Session, staff_id: str, recovery: Sequence[str]) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    session.add_all(RecoveryCode(code_hash=_hash(staff_id, code), staff_id=staff_id) for code in recovery)


def _hash(staff_id: str, typed: str) -> str:
    """59 random bits each: a plain hash is enough."""
    return hashed(f"{staff_id}:{plain(typed)}")
