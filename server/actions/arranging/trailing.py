"""What a branch file changes leaves the same lines in the trail as a manager's own hand would."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record, snapshot
from server.domain.branch import Branch
from server.domain.people import Actor
from server.queries import branches, people

Rows = Mapping[tuple[str, str], dict[str, Any]]
NAMES = {"person.add": "person.invite", "outcome.change": "outcome.rename"}
"""What the setup pages call it otherwise."""
MOVES = {"service.move", "counter.move", "priority.move"}


@contextmanager
def leaving_lines(session: Session, branch: Branch, now: datetime, by: Actor) -> Iterator[None]:
    """Around a change of many things: a line for each that is new, changed, archived or back."""
    before = _rows(session, branch)
    yield
    session.flush()
    after = _rows(session, branch)
    for (kind, subject), row in after.items():
        old = before.get((kind, subject))
        if old == row:
            continue
        change = differing(old, row) if old else (None, row)
        what = f"{kind}.move" if set(change[0] or ()) == {"position"} else _what(kind, old, row)
        if what in MOVES or not what.endswith(".move"):  # an outcome's place is its digit, and no more than that
            record(session, branch, now, by, what, subject, *change)


def differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only the fields that are not the same; a version that was counted is no change."""
    fields = [field for field in after if before.get(field) != after[field] and field not in ("version", "arranged")]
    return {field: before.get(field) for field in fields}, {field: after[field] for field in fields}


def _what(kind: str, old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    archived = (bool(old and old.get("archived")), bool(new.get("archived")))
    verb = {(False, True): "archive", (True, False): "restore"}.get(archived, "change" if old else "add")
    return NAMES.get(f"{kind}.{verb}", f"{kind}.{verb}")


def _rows(session: Session, branch: Branch) -> Rows:
    found = {("service", row.id): snapshot(row) for row in branches.services(session, branch.id)}
    found |= {("outcome", f"{row.service_id}/{row.id}"): snapshot(row) for row in branches.outcomes(session, branch.id)}
    found |= {("counter", row.id): snapshot(row) for row in branches.counters(session, branch.id)}
    found |= {("priority", row.id): snapshot(row) for row in branches.priorities(session, branch.id)}
    found |= {("person", member.id): {"role": role} for member, role in people.staff_of(session, branch.id)}
    screens = people.devices(session, branch.id)
    return found | {("device", row.id): {"kind": row.kind, "name": row.name} for row in screens}
