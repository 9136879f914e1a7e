"""People of a branch: invite, change, renew a link, end sign-ins, remove. Nobody gives or takes more than they have."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions import letting_in, proving
from server.actions.arranging.access import LINK_LIFE, new_link
from server.actions.arranging.audit import record
from server.actions.counters import must_be_free
from server.actions.letting_in import end_sessions_of
from server.branch_file import PersonSection
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound
from server.domain.moves import OPEN
from server.domain.people import Actor, Grant, Revocation, StaffMember, may
from server.queries import branches, people, tickets

Answer = dict[str, Any]


def invite(
    session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str, section: PersonSection, token: str
) -> Answer:
    """A new person with a role here and a one-time link; the answer says until when that is good."""
    _role_can_be_given(session, branch, by, section.role)
    _name_is_free(session, branch, section.name)
    session.add(StaffMember(id=staff_id, name=section.name, active=True, created_at=now))
    session.flush()
    session.add(Grant(staff_id=staff_id, branch_id=branch.id, role=section.role))
    record(session, branch, now, by, "person.invite", staff_id, None, {"role": section.role})
    return _link(session, now, staff_id, token)


def change(
    session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str, section: PersonSection
) -> Answer | Unchanged:
    """Their name, and their role in this branch."""
    member, grant = _subordinate(session, branch, by, staff_id)
    _role_can_be_given(session, branch, by, section.role)
    _name_is_free(session, branch, section.name, staff_id)
    if (member.name, grant.role) == (section.name, section.role):
        return Unchanged({"id": staff_id})
    before = {"name": member.name, "role": grant.role}
    member.name, grant.role = section.name, section.role
    _tell(session, now, staff_id)
    record(session, branch, now, by, "person.change", staff_id, before, {"name": member.name, "role": grant.role})
    return {"id": staff_id}


def add_role(session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str, role: str) -> Answer:
    """Somebody of another branch works here, too, from now on; Conflict when they do already."""
    member = session.get(StaffMember, staff_id)
    if member is None or not member.active:
        raise NotFound
    if session.get(Grant, (staff_id, branch.id)) is not None:
        raise Conflict("works-here-already", name=member.name)
    _must_reach(session, by, staff_id)
    _role_can_be_given(session, branch, by, role)
    _name_is_free(session, branch, member.name)
    session.add(Grant(staff_id=staff_id, branch_id=branch.id, role=role))
    _tell(session, now, staff_id)
    record(session, branch, now, by, "person.add", staff_id, None, {"role": role})
    return {"id": staff_id}


def renew_link(session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str, token: str) -> Answer:
    """A fresh one-time link to sign in and choose a new password; older links stop working."""
    if staff_id != by.id:
        _subordinate(session, branch, by, staff_id)
    record(session, branch, now, by, "person.link", staff_id, None, None)
    return _link(session, now, staff_id, token)


def end_sessions(session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str) -> Answer:
    """Signed out everywhere at once."""
    if staff_id != by.id:
        _subordinate(session, branch, by, staff_id)
    end_sessions_of(session, now, staff_id)
    record(session, branch, now, by, "person.sign-out", staff_id, None, None)
    return {"id": staff_id}


def end_session(
    session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str, session_id: str
) -> Answer:
    """Signed out of one browser."""
    if staff_id != by.id:
        _subordinate(session, branch, by, staff_id)
    letting_in.end_own(session, None, now, staff_id=staff_id, session_id=session_id)
    record(session, branch, now, by, "person.sign-out", staff_id, None, None)
    return {"id": staff_id}


def reset_second_step(session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str) -> Answer:
    """For who has lost phone and recovery codes; signs them out. Their password or a new link is still needed."""
    member, _ = _subordinate(session, branch, by, staff_id)
    proving.forget(session, now, member)
    end_sessions_of(session, now, staff_id)
    record(session, branch, now, by, "person.second-step-reset", staff_id, None, None)
    return {"id": staff_id}


def remove(session: Session, branch: Branch, now: datetime, *, by: Actor, staff_id: str) -> Answer:
    """No role here any more, signed out, off duty; whoever has no role anywhere cannot sign in again.

    CounterBusy while they are serving somebody, Conflict while numbers that were sent to them are open: who is away,
    missed or even called elsewhere may wait for them again, and then nobody would call them.
    """
    member, grant = _subordinate(session, branch, by, staff_id)
    _off_duty(session, branch, now, staff_id)
    if sent := tickets.bound_to(session, branch.id, None, staff_id, OPEN):
        raise Conflict("person-awaited", n=len(sent))
    record(session, branch, now, by, "person.remove", staff_id, {"role": grant.role}, None)
    session.delete(grant)
    session.flush()
    end_sessions_of(session, now, staff_id)
    _tell(session, now, staff_id)
    if not people.grants(session, staff_id):
        for link in people.open_links(session, staff_id, now):
            link.used_at = now
        member.active, member.login, member.password = False, None, None
        proving.forget(session, now, member)
    return {"id": staff_id}


def _link(session: Session, now: datetime, staff_id: str, token: str) -> Answer:
    """The token itself is never part of an answer: answers are kept."""
    new_link(session, now, "staff", staff_id, token)
    return {"id": staff_id, "until": (now + LINK_LIFE).isoformat()}


def _subordinate(session: Session, branch: Branch, by: Actor, staff_id: str) -> tuple[StaffMember, Grant]:
    """Somebody of this branch whose every role the asker reaches too: a link lets in to all of them. Never oneself."""
    member, grant = session.get(StaffMember, staff_id), session.get(Grant, (staff_id, branch.id))
    if member is None or grant is None or not member.active:
        raise NotFound
    _must_reach(session, by, staff_id)
    return member, grant


def _must_reach(session: Session, by: Actor, staff_id: str) -> None:
    """Somebody else, with no role anywhere that the asker does not reach; and with some role: it may be a stranger."""
    mine, theirs = people.grants(session, by.id or ""), people.grants(session, staff_id)
    if staff_id == by.id or not theirs or not all(may(mine, role, place) for place, role in theirs.items()):
        raise Forbidden


def _role_can_be_given(session: Session, branch: Branch, by: Actor, role: str) -> None:
    if not may(people.grants(session, by.id or ""), role, branch.id):
        raise Invalid("invalid-input", {"role": "role-too-high"})


def _name_is_free(session: Session, branch: Branch, name: str, staff_id: str | None = None) -> None:
    """Two people of one name could not be told apart at the counter, nor in the branch's file."""
    if any(m.name.casefold() == name.casefold() and m.id != staff_id for m, _ in people.staff_of(session, branch.id)):
        raise Invalid("invalid-input", {"name": "name-taken"})


def _off_duty(session: Session, branch: Branch, now: datetime, staff_id: str) -> None:
    duty = branches.duty_of(session, staff_id)
    if duty is not None and duty.branch_id == branch.id:
        must_be_free(session, duty.counter_id)
        duty.end(now)
        duty.changed = branch.version


def _tell(session: Session, now: datetime, staff_id: str) -> None:
    """Open sockets and remembered rights of this person end in every process."""
    session.add(Revocation(subject_kind="staff", subject=staff_id, at=now))
