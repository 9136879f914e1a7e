"""A branch as the text of its file: every key in one order, so that the same branch is always the same bytes."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from server.branch_file.sections import BranchFile, BranchSection, ServiceSection

OPENING = '# Every key is explained in docs/OPERATIONS.md ("The branch file").'
ESCAPED = {code: f"\\u{code:04X}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}  # TOML lets no DEL stand as it is


def written(file: BranchFile) -> str:
    """The whole file; reading it gives an equal BranchFile. What was a comment is gone."""
    parts = [OPENING, "", *_table("[branch]", _branch(file.branch))]
    if file.branch.hours is not None:
        week = {day: openings for day, openings in file.branch.week().items() if openings}  # type: ignore[union-attr]
        parts += _table("[branch.hours]", week)
    for service in file.services:
        parts += _service(service)
    for header, sections in (
        ("[[counters]]", file.counters),
        ("[[priorities]]", file.priorities),
        ("[[people]]", file.people),
        ("[[devices]]", file.devices),
    ):
        for section in sections:
            parts += _table(header, section.model_dump())
    return "\n".join(parts).rstrip("\n") + "\n"


def _branch(section: BranchSection) -> dict[str, Any]:
    """Rules as they are in force, also those that nobody changed: the file says the same under a later version."""
    return section.model_dump(exclude={"hours", "closures"}) | {"closures": section.closed_days()}


def _service(section: ServiceSection) -> list[str]:
    values = section.model_dump(exclude={"outcomes"})
    required = values.pop("outcome_required")
    lines = [*_pairs("[[services]]", values)]
    if section.outcomes:
        each = (f"  {_value(outcome.model_dump())}," for outcome in section.outcomes)
        lines += ["outcomes = [", *each, "]"]
    return [*lines, f"outcome_required = {_value(required)}", ""]


def _table(header: str, values: Mapping[str, Any]) -> list[str]:
    return [*_pairs(header, values), ""]


def _pairs(header: str, values: Mapping[str, Any]) -> list[str]:
    """What is None is left out: the file has no word for nothing."""
    return [header, *(f"{key} = {_value(value)}" for key, value in values.items() if value is not None)]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(ESCAPED)  # TOML's basic strings escape as JSON does
    if isinstance(value, Mapping):
        return _words(value)
    return f"[{', '.join(map(_value, value))}]"


def _words(words: Mapping[str, Any]) -> str:
    """One text for all languages stands by itself, as it was written."""
    if set(words) == {"*"}:
        return _value(words["*"])
    return f"{{ {', '.join(_entries(words))} }}"


def _entries(words: Mapping[str, Any]) -> Iterable[str]:
    for key, value in words.items():
        yield f"{key if key.isalnum() else _value(key)} = {_value(value)}"
