"""Inviting everybody of a table: all of them or, when one line says no, nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.access import LINK_LIFE, new_link
from server.actions.arranging.audit import record, record_in
from server.domain.branch import Branch
from server.domain.errors import Invalid
from server.domain.people import Actor, Grant, StaffMember, may
from server.domain.roster import Line
from server.queries import branches, people


@dataclass(frozen=True, slots=True)
class Chance:
    """What is drawn for one person."""

    id: str
    token: str


def problems(session: Session, by: Actor, branch_id: str, lines: Sequence[Line]) -> dict[int, str]:
    """Number of the line → slug of what stands against it here; a branch one may not arrange is as unknown as any."""
    mine = people.grants(session, by.id or "")
    places = {branch.id for branch in branches.all_branches(session) if may(mine, "manager", branch.id)}
    taken = {(place, m.name.casefold()) for place in places for m, _ in people.staff_of(session, place)}
    found: dict[int, str] = {}
    for line in lines:
        place = line.branch or branch_id
        if place not in places:
            found[line.number] = "branch-unknown"
        elif not may(mine, line.role, place):
            found[line.number] = "role-too-high"
        elif line.login and people.by_login(session, line.login) is not None:
            found[line.number] = "login-known"
        elif (place, line.name.casefold()) in taken:
            found[line.number] = "name-taken"
        taken.add((place, line.name.casefold()))
    return found


def invite_all(
    session: Session, branch: Branch, now: datetime, *, by: Actor, lines: Sequence[Line], chances: Mapping[str, Chance]
) -> dict[str, Any]:
    """Everybody with their roles and a one-time link each. `chances`: `Line.person` → what is drawn for them."""
    if wrong := problems(session, by, branch.id, lines):
        raise Invalid("invalid-input", {str(number): slug for number, slug in wrong.items()})
    known: dict[str, str] = {}
    for line in lines:
        drawn = chances[line.person]
        if line.person not in known:
            known[line.person] = line.name
            member = StaffMember(id=drawn.id, name=line.name, login=line.login or None, active=True, created_at=now)
            session.add(member)
            session.flush()
            new_link(session, now, "staff", drawn.id, drawn.token)
        place = line.branch or branch.id
        session.add(Grant(staff_id=drawn.id, branch_id=place, role=line.role))
        told = (now, by, "person.invite", drawn.id, None, {"role": line.role})
        if place == branch.id:
            record(session, branch, *told)
        else:
            record_in(session, place, *told)
    # The tokens are never part of an answer: answers are kept.
    return {"until": (now + LINK_LIFE).isoformat(), "people": len(known)}
