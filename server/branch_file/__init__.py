"""A branch as one TOML file: read it whole, or say in one sentence what to change on which line.

lines.py     on which line a value of the file stands
openings.py  "08:00-12:30": one opening of a day
sections.py  what may stand in the file, with every default and limit
writing.py   the same branch as text again
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from server.branch_file.lines import Place, line_of
from server.branch_file.sections import (
    TABLES,
    BranchFile,
    BranchSection,
    CounterSection,
    DeviceSection,
    HoursSection,
    OutcomeSection,
    PersonSection,
    PrioritySection,
    ServiceSection,
)
from server.branch_file.writing import written

__all__ = [
    "BranchFile",
    "BranchFileProblem",
    "BranchSection",
    "CounterSection",
    "DeviceSection",
    "HoursSection",
    "OutcomeSection",
    "PersonSection",
    "PrioritySection",
    "ServiceSection",
    "parse",
    "read",
    "written",
]

LARGEST = 1_000_000  # bytes; a hundred services with all their words are 60 kB


class BranchFileProblem(Exception):
    """What to change in a branch file. `line` counts from 1; 0 when the file as a whole is meant."""

    def __init__(self, path: str, line: int, sentence: str) -> None:
        self.path, self.line, self.sentence = path, line, sentence
        super().__init__(f"{path}, line {line}: {sentence}" if line else f"{path}: {sentence}")


def read(path: Path) -> BranchFile:
    """The branch that a file describes; BranchFileProblem for everything that a person can get wrong in it."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BranchFileProblem(str(path), 0, "There is no such file.") from None
    except OSError as problem:
        raise BranchFileProblem(str(path), 0, f"The file cannot be read ({problem.strerror}).") from None
    if len(raw) > LARGEST:
        raise BranchFileProblem(str(path), 0, "A branch file is smaller than one megabyte; is this the right file?")
    try:
        text = raw.decode("utf-8-sig")  # some editors put a mark in front
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise BranchFileProblem(str(path), line, "Save the file as UTF-8: a letter on this line is not.") from None
    return parse(text, str(path))


def parse(text: str, path: str = "branch.toml") -> BranchFile:
    """As `read`, for a text at hand; `path` is only what a problem calls it."""
    values = _toml(text, path)
    try:
        file = BranchFile.model_validate(values)
    except ValidationError as problem:
        raise _first(text, path, _sentences(problem)) from None
    if problems := list(_contradictions(file)):
        raise _first(text, path, problems)
    return file


def _toml(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        reason, _, where = str(problem).partition(" (at ")
        found = re.match(r"line (\d+)", where)
        line = int(found[1]) if found else text.count("\n") + 1
        raise BranchFileProblem(path, line, f"This is not valid TOML: {reason[:1].lower()}{reason[1:]}.") from None
    except RecursionError:
        raise BranchFileProblem(path, 0, "This is not valid TOML: it is nested too deeply.") from None


def _first(text: str, path: str, problems: Sequence[tuple[Place, str]]) -> BranchFileProblem:
    """The problem that stands first in the file: one at a time is easier to follow than a list."""
    line, sentence = min(((line_of(text, place), sentence) for place, sentence in problems), key=lambda p: p[0])
    return BranchFileProblem(path, line, sentence)


def _sentences(problem: ValidationError) -> list[tuple[Place, str]]:
    """A key that is missing is often one that was misspelt: it is named only when nothing else is wrong."""
    errors = problem.errors(include_url=False, include_input=False)
    told = [error for error in errors if error["type"] != "missing"] or errors
    return [(error["loc"], _sentence(error["loc"], error["type"], error.get("ctx") or {})) for error in told]


def _sentence(place: Place, kind: str, about: Mapping[str, Any]) -> str:
    *tables, key = [part for part in place if isinstance(part, str)] or [""]
    table = _header(".".join(tables)) if tables else "the file"
    if kind == "extra_forbidden":
        return f'"{key}" is not a key of {table}; {_meant(key, tuple(tables))}'
    if kind == "missing":
        return f'{table} needs "{key}".' if tables else f"The file needs a table {_header(key)}."
    if kind in ("tuple_type", "model_type") and not tables:
        return f"Write {_header(key)} instead, with {'double' if kind == 'tuple_type' else 'single'} brackets."
    if kind == "value_error":
        return f'"{key}" in {table} {about["error"]}.'
    predicate = _PREDICATES.get(kind, "is not understood").format(**about).replace("'", '"')
    return f'"{key}" in {table} {predicate}.'


_PREDICATES = {
    "string_type": "is a text: write it in quotes",
    "int_type": "is a whole number, without quotes",
    "bool_type": "is true or false, without quotes",
    "tuple_type": "is a list: write it in square brackets",
    "model_type": "is a table of its own",
    "literal_error": "is one of {expected}",
    "greater_than_equal": "is {ge} or more",
    "less_than_equal": "is {le} or less",
    "string_too_long": "is at most {max_length} characters long",
    "too_short": "is a list with at least {min_length} in it",
    "too_long": "is a list with at most {max_length} in it",
}


def _header(table: str) -> str:
    """The header of a table as it is written in the file."""
    return f"[{table}]" if table.startswith("branch") else f"[[{table}]]"


def _meant(key: str, tables: tuple[str, ...]) -> str:
    section = TABLES.get(tables)
    known = list(section.model_fields) if section else []
    close = get_close_matches(key, known, n=1)
    return f'did you mean "{close[0]}"?' if close else f"its keys are {', '.join(known)}."


def _contradictions(file: BranchFile) -> Iterator[tuple[Place, str]]:
    """Values that are fine alone and cannot stand together."""
    yield from _twice("services", "id", [service.id for service in file.services])
    yield from _twice("services", "letter", [service.letter for service in file.services])
    yield from _twice("counters", "label", [counter.label for counter in file.counters])
    yield from _twice("priorities", "id", [priority.id for priority in file.priorities])
    yield from _twice("people", "name", [person.name for person in file.people])
    yield from _twice("devices", "name", [device.name for device in file.devices])
    yield from _unknown_services(file)
    yield from _outcomes(file)
    yield from _foreign_words(file)


def _twice(table: str, key: str, values: Sequence[str]) -> Iterator[tuple[Place, str]]:
    for n, value in enumerate(values):
        if value in values[:n]:
            yield (table, n, key), f'Two of [[{table}]] have the {key} "{value}": give each its own.'


def _unknown_services(file: BranchFile) -> Iterator[tuple[Place, str]]:
    known = [service.id for service in file.services]
    for n, counter in enumerate(file.counters):
        for k, service in enumerate(counter.services or ()):
            if service not in known:
                close = get_close_matches(service, known, n=1)
                hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known)}."
                yield ("counters", n, "services", k), f'Counter {counter.label} names a service "{service}"; {hint}'


def _outcomes(file: BranchFile) -> Iterator[tuple[Place, str]]:
    for n, service in enumerate(file.services):
        ids = [outcome.id for outcome in service.outcomes]
        for k, outcome in enumerate(ids):
            if outcome in ids[:k]:
                yield (
                    ("services", n, "outcomes", k),
                    f'"{service.id}" has two outcomes "{outcome}": give each its own id.',
                )
        if service.outcome_required and not ids:
            yield (
                ("services", n, "outcome_required"),
                f'"{service.id}" requires an outcome and names none in "outcomes".',
            )


def _foreign_words(file: BranchFile) -> Iterator[tuple[Place, str]]:
    """A text in a language the branch does not speak would never be read: most often a slip in the code."""
    texts: list[tuple[Place, Mapping[str, str]]] = []
    for n, service in enumerate(file.services):
        texts.append((("services", n, "name"), service.name))
        texts.append((("services", n, "bring"), service.bring or {}))
        texts += [(("services", n, "outcomes", k, "name"), o.name) for k, o in enumerate(service.outcomes)]
    texts += [(("priorities", n, "name"), priority.name) for n, priority in enumerate(file.priorities)]
    for place, words in texts:
        for language in words:
            if language != "*" and language not in file.branch.languages:
                yield (*place, language), f'"{language}" is not among the languages of the branch; add it to [branch].'
