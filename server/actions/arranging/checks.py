"""What a form may hold is what a branch file may hold: the same sections check both."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from server.branch_file import HoursSection, openings
from server.branch_file.sections import NEXT_DAY, Section
from server.domain.errors import Invalid

S = TypeVar("S", bound=Section)
TEXTS = {"name", "bring", "label"}
NEEDED = {
    "name": "name-needed",
    "letter": "letter-needed",
    "target_wait": "target-wait-needed",
    "typical_service": "typical-service-needed",
    "outcomes": "outcomes-needed",
    "label": "label-needed",
    "services": "services-needed",
    "role": "role-needed",
    "kind": "kind-needed",
    "time_zone": "time-zone-unknown",
    "languages": "languages-needed",
    "day_starts_at": "clock-needed",
    "remote_joining": "choice-needed",
    "id": "id-needed",
    "colour": "colour-needed",
}
"""What to ask for when a field holds nothing that fits."""


def checked(section: type[S], values: Mapping[str, Any]) -> S:
    """The section with these values; Invalid says for each field what is needed, or that its text is too long."""
    try:
        return section.model_validate(dict(values))
    except ValidationError as problem:
        fields = {str(error["loc"][0]) for error in problem.errors() if error["loc"]}
        raise Invalid("invalid-input", {field: _slug(field, values.get(field)) for field in fields}) from None


def week(days: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Opening hours by weekday as they are stored; Invalid names the days to look at again, or "always" for none."""
    problems = {day: "hours-unclear" for day in NEXT_DAY if not all(_is_opening(o) for o in days.get(day, ()))}
    if problems:
        raise Invalid("invalid-input", problems)
    tidy = {day: tuple(sorted(map(openings.canonical, days.get(day, ())))) for day in NEXT_DAY}
    problems = {day: "hours-overlap" for day in NEXT_DAY if openings.overlap(tidy[day])}
    problems = problems or {
        day: "hours-overlap" for day, next in NEXT_DAY.items() if openings.overlap(tidy[day], tidy[next])
    }
    if problems:
        raise Invalid("invalid-input", problems)
    if not any(tidy.values()):
        raise Invalid("invalid-input", {"always": "hours-none"})
    return HoursSection.model_validate(tidy).week()


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` … when others have it already."""
    used = set(taken)
    if wanted not in used:
        return wanted
    return next(id for n in range(2, len(used) + 3) if (id := f"{wanted}-{n}") not in used)


def openings_in(line: str) -> list[str]:
    """The openings of one typed line: "8:30-12:30, 13:30-16:00"."""
    return [part.strip() for part in re.split(r"[,;]", line) if part.strip()]


def _slug(field: str, value: Any) -> str:
    """A text that is there and does not fit is too long: nothing else can be wrong with it."""
    texts = value.values() if isinstance(value, Mapping) else [value]
    there = any(isinstance(text, str) and text.strip() for text in texts)
    return "too-long" if there and field in TEXTS else NEEDED.get(field, "number-range")


def _is_opening(text: str) -> bool:
    try:
        openings.canonical(text)
    except ValueError:
        return False
    return True
