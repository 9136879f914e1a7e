"""How a change is told to people: what was done, and each field with its value before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from server import words
from server.domain.base import Words
from server.queries.arranged import Arrangement

Names = Mapping[str, Words]

UNTOLD = {"id", "branch_id", "service_id", "position", "version", "arranged", "agent"}
"""What the program needs to find a thing again, and nobody reads."""
CHOICES = {
    "role": "setup.role.", "kind": "setup.kind.", "remote_joining": "setup.remote-", "move": "floor.act.",
    "reason": "floor.reason.",
}  # fmt: skip
"""Fields that hold one of a few words, and where the forms say them."""
FRESH = {"archived", "open"}
"""Of a new thing these are as everybody expects."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Told(Protocol):
    """A line of the trail, or what a branch file would change."""

    @property
    def what(self) -> str: ...
    @property
    def before(self) -> Mapping[str, Any] | None: ...
    @property
    def after(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name as people call it (`known`), else as the database does; values as they are read."""

    name: str
    known: bool
    before: str
    after: str


def what(slug: str, language: str) -> str | None:
    """ "Service changed"; None for what has no sentence yet."""
    return _said(language, f"setup.trail.{slug}")


def names_in(setup: Arrangement) -> Names:
    """What services and classes are called, by their ids."""
    services = {service.id: service.name for service in setup.services + setup.archived_services}
    return services | {each.id: each.name for each in setup.priorities + setup.archived_priorities}


def told(change: Told, language: str, names: Names) -> list[Field]:
    """The fields that differ, in the order they are kept; where ids are kept, `names` says what they are called."""
    before, after = change.before or {}, change.after or {}
    fields = [field for field in {**before, **after} if field not in UNTOLD and before.get(field) != after.get(field)]
    if not before:
        fields = [field for field in fields if field not in FRESH and after[field] not in (None, [], {})]
    return [_field(field, before, after, language, names) for field in fields]


def _field(field: str, before: Mapping[str, Any], after: Mapping[str, Any], language: str, names: Names) -> Field:
    name = _said(language, f"setup.field.{field}")
    was, now = (_chosen(field, side[field], language, names) if field in side else "" for side in (before, after))
    return Field(name or field, name is not None, was, now)


def _chosen(field: str, stored: Any, language: str, names: Names) -> str:
    """One of a few words is said as the forms say it, a language in its own words, an id by its name."""
    if field == "languages":
        return value([words.language_name(each) for each in stored or ()], language)
    if field == "services" and stored is None:
        return words.say(language, "setup.all-services")
    if field in ("services", "order"):
        return value([names.get(each, each) if isinstance(each, str) else each for each in stored or ()], language)
    slug = CHOICES.get(field, "") + str(stored)
    return (_said(language, slug) if field in CHOICES else None) or value(stored, language)


def value(stored: Any, language: str) -> str:
    """As people read it: "yes", "Resolved · Referred", "Monday 08:00-16:00 · …", "–" for nothing."""
    if stored is None or stored in ("", [], {}):
        return "–"
    if isinstance(stored, bool):
        return words.say(language, "setup.yes" if stored else "setup.no")
    if isinstance(stored, Mapping):
        return _mapping(stored, language)
    if isinstance(stored, list | tuple):
        return " · ".join(value(each, language) for each in stored)
    return str(stored)


def _mapping(stored: Mapping[str, Any], language: str) -> str:
    if set(stored) <= set(DAYS):
        open_days = ((day, spans) for day, spans in stored.items() if spans)
        return " · ".join(f"{words.say(language, f'setup.day.{day}')} {', '.join(spans)}" for day, spans in open_days)
    return " · ".join(dict.fromkeys(value(each, language) for each in stored.values()))


def _said(language: str, slug: str) -> str | None:
    return words.say(language, slug) if slug in words.catalogue(language).sentences else None
