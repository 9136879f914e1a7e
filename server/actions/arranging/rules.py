"""A branch's rules, languages, clock and retention: everything of [branch] in its file but its name and its hours."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record
from server.branch_file import BranchSection
from server.db import Unchanged
from server.domain.branch import Branch
from server.domain.people import Actor

RULES = tuple(
    field for field in BranchSection.model_fields if field not in {"id", "name", "hours", "closures", "colour"}
)
"""What `set_rules` sets, by the names of the branch file."""


def set_rules(
    session: Session, branch: Branch, now: datetime, *, by: Actor, section: BranchSection
) -> dict[str, Any] | Unchanged:
    """All rules at once, as the file's section says them; the trail names those that changed."""
    wanted = {rule: value for rule, value in rules_of(section).items() if getattr(branch, rule) != value}
    if not wanted:
        return Unchanged({"id": branch.id})
    before = {rule: getattr(branch, rule) for rule in wanted}
    for rule, value in wanted.items():
        setattr(branch, rule, value)
    record(session, branch, now, by, "branch.rules", branch.id, before, wanted)
    return {"id": branch.id}


def rules_of(section: BranchSection) -> dict[str, Any]:
    """The rules of a section as they are stored."""
    return section.model_dump(include=set(RULES)) | {"languages": list(section.languages)}
