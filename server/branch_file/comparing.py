"""What one branch file would change of another: shown before it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from server.branch_file.sections import BranchFile, Section

TABLES = (("service", "services", "id"), ("counter", "counters", "label"), ("priority", "priorities", "id"))
"""What a thing is called in the trail, its table in the file, and the key it is known by."""


@dataclass(frozen=True, slots=True)
class Change:
    """`what` as the audit trail says it ("service.change"); `name`: of the thing; only fields that differ."""

    what: str
    name: Any
    before: dict[str, Any]
    after: dict[str, Any]


def changes(present: BranchFile, wanted: BranchFile) -> list[Change]:
    """From what is to what the file says; people and screens apart: they are let in on pages of their own."""
    return [*_branch(present, wanted), *(change for table in TABLES for change in _things(present, wanted, *table))]


def _branch(present: BranchFile, wanted: BranchFile) -> Iterator[Change]:
    before, after = (
        {**_fields(f.branch), "hours": f.branch.week(), "closures": f.branch.closed_days()} for f in (present, wanted)
    )
    if differ := _differing(before, after):
        yield Change("branch.file", wanted.branch.name, *differ)


def _things(present: BranchFile, wanted: BranchFile, kind: str, table: str, key: str) -> Iterator[Change]:
    old = {getattr(section, key): section for section in getattr(present, table)}
    new = {getattr(section, key): section for section in getattr(wanted, table)}
    for id, section in new.items():
        if id not in old:
            yield Change(f"{kind}.add", _name(section), {}, _fields(section))
        elif differ := _differing(_fields(old[id]), _fields(section)):
            yield Change(f"{kind}.change", _name(section), *differ)
    for id, section in old.items():
        if id not in new:
            yield Change(f"{kind}.archive", _name(section), {}, {})
    kept, as_they_stand = [id for id in new if id in old], [id for id in old if id in new]
    if kept != as_they_stand:
        order = [[_name(old[id]) for id in ids] for ids in (as_they_stand, kept)]
        yield Change(f"{kind}.move", "", {"order": order[0]}, {"order": order[1]})


def _fields(section: Section) -> dict[str, Any]:
    """An outcome is read by its name."""
    fields = section.model_dump()
    if "outcomes" in fields:
        fields["outcomes"] = [outcome["name"] for outcome in fields["outcomes"]]
    return {field: list(value) if isinstance(value, tuple) else value for field, value in fields.items()}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> Sequence[dict[str, Any]]:
    fields = [field for field in after if before.get(field) != after[field]]
    return [{field: side.get(field) for field in fields} for side in (before, after)] if fields else []


def _name(section: Any) -> Any:
    return getattr(section, "name", None) or section.label
