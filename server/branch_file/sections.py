"""What may stand in a branch file: every table and key with its default and its limits."""

import re
import unicodedata
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StrictBool, model_validator

from server import words
from server.branch_file import openings
from server.domain.base import is_one_line
from server.domain.colour import HEX, NEEDED, contrast, darker, is_dark_enough

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LETTER = re.compile(r"[A-Z]{1,2}")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LONGEST_ID = 40
LONGEST_TEXT = 300
DAY = 1440  # minutes
NEXT_DAY = {"mon": "tue", "tue": "wed", "wed": "thu", "thu": "fri", "fri": "sat", "sat": "sun", "sun": "mon"}


def slug(text: str) -> str:
    """An id out of a name: "Needs documents" is "needs-documents", "Pièce à fournir" is "piece-a-fournir"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].rstrip("-")


def _id(value: str) -> str:
    if len(value) > LONGEST_ID or not ID.fullmatch(value):
        raise ValueError(
            f'stands in addresses: small letters a–z, digits and single hyphens, at most {LONGEST_ID}; not "{value}"'
        )
    return value


def _one_line(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("is empty; write what people should read")
    if not is_one_line(value):
        raise ValueError("is one line of text, without control characters")
    return value


def _words(value: Any) -> dict[str, str]:
    """One text for all languages ("*"), or one per language."""
    if isinstance(value, str):
        value = {"*": value}
    if not isinstance(value, dict) or not value or not all(isinstance(text, str) for text in value.values()):
        raise ValueError('is a text in quotes, or one per language: { en = "…", fr = "…" }')
    said = {language: _one_line(text) for language, text in value.items()}
    if any(len(text) > LONGEST_TEXT for text in said.values()):
        raise ValueError(f"is at most {LONGEST_TEXT} characters long")
    return said


def _letter(value: str) -> str:
    if not LETTER.fullmatch(value):
        raise ValueError(f'is one or two capital letters A–Z, such as "A"; not "{value}"')
    return value


def _time_zone(value: str) -> str:
    zones = _zones()
    if value not in zones:
        close = get_close_matches(value, sorted(zones), n=1)
        raise ValueError(f'is a zone such as "{close[0] if close else "Africa/Lagos"}"; "{value}" is not known')
    return value


@cache
def _zones() -> set[str]:
    return available_timezones()


def _language(value: str) -> str:
    if value not in words.LANGUAGES:
        raise ValueError(f'names "{value}", which is not one of ours yet: {", ".join(words.LANGUAGES)}')
    return value


def _colour(value: str) -> str:
    value = value.lower()
    if not HEX.fullmatch(value):
        raise ValueError(f'is a colour such as "#1e2c7a"; not "{value}"')
    if not is_dark_enough(value):
        found = f"white words on it are {contrast(value):.1f} to one and need {NEEDED:.0f}"
        raise ValueError(f'is too light: {found}; "{darker(value)}" would do')
    return value


def _clock(value: str) -> str:
    if not CLOCK.fullmatch(value):
        raise ValueError(f'is a time of day such as "04:00"; not "{value}"')
    return value


def _day(value: Any) -> str:
    """A date of TOML's own, or one in quotes."""
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and len(value) == len("2026-12-25"):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise ValueError(f'has dates such as "2026-12-25", and "{value}" is none')


Id = Annotated[str, Strict(), AfterValidator(_id)]
Name = Annotated[str, Strict(), Field(max_length=80), AfterValidator(_one_line)]
Words = Annotated[dict[str, str], BeforeValidator(_words)]
Opening = Annotated[str, Strict(), AfterValidator(openings.canonical)]
Day = Annotated[str, BeforeValidator(_day)]
Minutes = Annotated[int, Strict(), Field(ge=0, le=DAY)]
SomeMinutes = Annotated[int, Strict(), Field(ge=1, le=DAY)]


class Section(BaseModel):
    """One table of the file; a key that is not declared is an error, never silently left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HoursSection(Section):
    """[branch.hours]: the openings of each weekday; a day left out is closed."""

    mon: tuple[Opening, ...] = ()
    tue: tuple[Opening, ...] = ()
    wed: tuple[Opening, ...] = ()
    thu: tuple[Opening, ...] = ()
    fri: tuple[Opening, ...] = ()
    sat: tuple[Opening, ...] = ()
    sun: tuple[Opening, ...] = ()
    closures: tuple[Day, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> "HoursSection":
        week = self.week()
        if not any(week.values()):
            raise ValueError("holds no opening; leave the table out for a branch that is always open")
        for day, spans in week.items():
            if found := openings.overlap(tuple(spans), tuple(week[NEXT_DAY[day]])):
                raise ValueError(f'has two openings at once: "{found}" begins before the one before it ends')
        return self

    def week(self) -> dict[str, list[str]]:
        """Openings by weekday, each day in order: {"mon": ["08:00-12:30", "13:30-16:00"], …, "sun": []}."""
        return {day: sorted(getattr(self, day)) for day in NEXT_DAY}


class BranchSection(Section):
    """[branch]: who it is, when it is open, and its rules."""

    id: Id
    name: Name
    time_zone: Annotated[str, Strict(), AfterValidator(_time_zone)] = "UTC"
    languages: Annotated[
        tuple[Annotated[str, Strict(), AfterValidator(_language)], ...], Field(min_length=1, max_length=10)
    ] = ("en",)
    day_starts_at: Annotated[str, Strict(), AfterValidator(_clock)] = "00:00"
    remote_joining: Literal["refuse", "expected"] = "refuse"
    open_tickets_per_visitor: Annotated[int, Strict(), Field(ge=1, le=50)] = 1
    full_at: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 0  # open tickets; 0 = no limit
    return_behind: Annotated[int, Strict(), Field(ge=0, le=100)] = 3  # people
    return_grace: Minutes = 30
    postponements: Annotated[int, Strict(), Field(ge=0, le=20)] = 2
    away_limit: SomeMinutes = 30
    arrive_by: SomeMinutes = 60
    recall_gap: Annotated[int, Strict(), Field(ge=0, le=600)] = 15  # seconds
    recall_limit: Annotated[int, Strict(), Field(ge=0, le=20)] = 3
    miss_after: Minutes = 0  # 0 = off
    undo_seconds: Annotated[int, Strict(), Field(ge=0, le=600)] = 60
    rating_days: Annotated[int, Strict(), Field(ge=0, le=90)] = 7
    retention_days: Annotated[int, Strict(), Field(ge=1, le=3650)] = 30
    colour: Annotated[str, Strict(), AfterValidator(_colour)] | None = None  # None: the house's own
    hours: HoursSection | None = None  # None: always open
    closures: tuple[Day, ...] = ()

    def week(self) -> dict[str, list[str]] | None:
        """Openings by weekday; None for a branch that is always open."""
        return self.hours.week() if self.hours else None

    def closed_days(self) -> list[str]:
        """All closures as ISO dates in order, whether they stand in [branch] or under [branch.hours]."""
        return sorted({*self.closures, *(self.hours.closures if self.hours else ())})


class OutcomeSection(Section):
    """One outcome; a plain text becomes its name and, as a slug, its id."""

    id: Id
    name: Words


def _outcome(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not slug(value):
        raise ValueError(f'has "{value}", which makes no id; write {{ id = "…", name = "{value}" }}')
    return {"id": slug(value), "name": value}


class ServiceSection(Section):
    """[[services]]: what customers come for."""

    id: Id
    name: Words
    letter: Annotated[str, Strict(), AfterValidator(_letter)]
    target_wait: SomeMinutes = 15
    typical_service: SomeMinutes = 8
    bring: Words | None = None
    outcomes: Annotated[
        tuple[Annotated[OutcomeSection, BeforeValidator(_outcome)], ...],
        Field(max_length=9),  # one digit each on the console
    ] = ()
    outcome_required: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _required_once_declared(cls, values: Any) -> Any:
        """Whoever declares outcomes wants to know them: they are required unless the file says otherwise."""
        if isinstance(values, dict) and "outcome_required" not in values:
            return {**values, "outcome_required": bool(values.get("outcomes"))}
        return values


class CounterSection(Section):
    """[[counters]]: `services` left out means all of the branch; an empty list is a counter that waits for its own."""

    label: Annotated[str, Strict(), Field(max_length=8), AfterValidator(_one_line)]
    services: tuple[Annotated[str, Strict()], ...] | None = None


class PrioritySection(Section):
    """[[priorities]]: a class of customers with a head start in minutes."""

    id: Id
    name: Words
    head_start: Minutes = 10
    confirm: StrictBool = False


class PersonSection(Section):
    """[[people]]: who works here; `key` asks for an API key besides the sign-in link."""

    name: Name
    role: Literal["agent", "manager", "admin"]
    key: StrictBool = False


class DeviceSection(Section):
    """[[devices]]: the screens to pair."""

    name: Name
    kind: Literal["kiosk", "lobby"]


class BranchFile(Section):
    """The whole file."""

    branch: BranchSection
    services: Annotated[tuple[ServiceSection, ...], Field(min_length=1, max_length=100)]
    counters: Annotated[tuple[CounterSection, ...], Field(max_length=200)] = ()
    priorities: Annotated[tuple[PrioritySection, ...], Field(max_length=20)] = ()
    people: Annotated[tuple[PersonSection, ...], Field(max_length=500)] = ()
    devices: Annotated[tuple[DeviceSection, ...], Field(max_length=100)] = ()

    def always_open(self) -> "BranchFile":
        """The same branch without hours and closures: for a demo that is tried at any hour."""
        branch = self.branch.model_copy(update={"hours": None, "closures": ()})
        return self.model_copy(update={"branch": branch})


TABLES: dict[tuple[str, ...], type[Section]] = {
    (): BranchFile,
    ("branch",): BranchSection,
    ("branch", "hours"): HoursSection,
    ("services",): ServiceSection,
    ("services", "outcomes"): OutcomeSection,
    ("counters",): CounterSection,
    ("priorities",): PrioritySection,
    ("people",): PersonSection,
    ("devices",): DeviceSection,
}
"""Which section stands under which header, for the hint about a key that was meant."""
