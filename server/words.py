"""The catalogues: every sentence a person may read, by slug and language, and how we write times and waits.

Each room keeps its sentences in `locales/<language>/<room>.po`. They are read as they are when first used, so there
is nothing to compile and nothing to go stale; all rooms of a language become one catalogue.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

LANGUAGES = ("en", "fr")
"""Languages whose catalogues are complete; the first is the fallback for every other language."""

NEEDS = ("wheelchair", "seat", "interpreter", "sign", "hearing", "seeing")
"""What customers may choose to need; `phone.need-…` says it."""

PSEUDO = "xx"
"""English in disguise, for tests: accented, longer, in brackets. A plain word on such a page escaped its catalogue."""

LOCALES = Path(__file__).parent / "locales"
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
HOUR = 60  # minutes
WEEK = 7  # days
THOUSAND = 1000


class CatalogueProblem(Exception):
    """A catalogue that cannot be used; says which file and why."""


class Wait(Protocol):
    """An honest wait in minutes (`server.domain.forecast.Wait` is one)."""

    @property
    def likely(self) -> int: ...
    @property
    def at_most(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language by slug: one form, or as many as the language has plurals."""

    sentences: Mapping[str, tuple[str, ...]]
    form_for: Callable[[int], int]

    def sentence(self, slug: str, n: object) -> str:
        forms = self.sentences[slug]
        if len(forms) == 1:
            return forms[0]
        if not isinstance(n, int):
            raise KeyError(f"{slug} needs n, the number its plural is chosen by")
        return forms[self.form_for(n)]


def say(language: str, slug: str, **params: object) -> str:
    """The sentence of `slug` with its {placeholders} filled; plurals are chosen by `n`.

    An unknown slug, or a placeholder without its value, is a KeyError. Values are data: they are put in as they are,
    never read as a sentence, and the template escapes the whole.
    """
    sentence = catalogue(language).sentence(slug, params.get("n"))
    if "{" not in sentence:
        return sentence
    return sentence.format_map({name: _written(value, language) for name, value in params.items()})


def forms(language: str, slug: str) -> tuple[str, ...]:
    """The sentence of `slug` as it stands, one string per plural form: for a script that fills it in by itself."""
    return catalogue(language).sentences[slug]


@cache
def catalogue(language: str) -> Catalogue:
    """All rooms of one language as one catalogue; English for a language without catalogues."""
    if language == PSEUDO:
        english = catalogue(LANGUAGES[0])
        disguised = {slug: tuple(map(disguise, forms)) for slug, forms in english.sentences.items()}
        return Catalogue(disguised, english.form_for)
    if language not in LANGUAGES:
        return catalogue(LANGUAGES[0])
    return read_catalogue(LOCALES / language)


def read_catalogue(folder: Path) -> Catalogue:
    """Read and merge the .po files of one folder; CatalogueProblem when one is broken or two share a slug."""
    sentences: dict[str, tuple[str, ...]] = {}
    rule = "n != 1"
    for file in sorted(folder.glob("*.po")):
        for slug, forms, plural_rule in _read_room(file):
            if slug in sentences:
                raise CatalogueProblem(f"{file}: {slug} already stands in another file of this folder")
            sentences[slug] = forms
            rule = plural_rule
    return Catalogue(sentences, gettext.c2py(rule))


def _read_room(file: Path) -> list[tuple[str, tuple[str, ...], str]]:
    try:
        with file.open("rb") as text:
            room = read_po(text, abort_invalid=True)
    except (PoFileError, UnicodeError, ValueError) as problem:
        raise CatalogueProblem(f"{file}: {problem}") from problem
    read = []
    for message in room:
        slug = message.id[0] if isinstance(message.id, tuple | list) else message.id
        text_or_forms = message.string or ""
        forms = (text_or_forms,) if isinstance(text_or_forms, str) else tuple(text_or_forms)
        if slug and all(forms):
            read.append((slug, forms, room.plural_expr))
    return read


def disguise(sentence: str) -> str:
    """A sentence of the pseudo-locale: every letter accented, a third longer, placeholders kept."""
    parts = re.split(r"(\{[a-z_]+\})", sentence)
    accented = "".join(part if part.startswith("{") else part.translate(_ACCENTS) for part in parts)
    return f"[{accented}{'·' * (len(sentence) // 3)}]"


_ACCENTS = str.maketrans(
    "abcdeghijklnoprstuwyzABCDEGHIJKLNOPRSTUWYZ",
    "áƀçđéĝĥíĵķļñóþŕšťúŵýžÁɃÇĐÉĜĤÍĴĶĻÑÓÞŔŠŤÚŴÝŽ",
)


def pick(names: Mapping[str, str], language: str, fallback: str = "en") -> str:
    """A branch's own text in this language, else in the fallback, else its one text for all ("*"), else any."""
    for wanted in (language, fallback, "*"):
        if names.get(wanted):
            return names[wanted]
    return next(iter(names.values()), "")


def need(stored: str, language: str) -> str:
    """A need as it is read in `language`: one that customers choose is stored as its sentence in the branch's first
    language, so that the API tells words; what somebody wrote themselves stays as it is.
    """
    slug = _chosen_needs().get(stored)
    return say(language, slug) if slug else stored


@cache
def _chosen_needs() -> Mapping[str, str]:
    """Each sentence a chosen need may be stored as, in whichever language, and its slug."""
    slugs = [f"phone.need-{each}" for each in NEEDS]
    return {say(language, slug): slug for slug in slugs for language in LANGUAGES}


def clock(dt: datetime, language: str, tz: str | None) -> str:
    """The time of day on the wall of that zone: "14:03", "8:30"."""
    local = _local(dt, tz)
    return say(language, "common.clock", hour=str(local.hour), minute=f"{local.minute:02}")


def day(dt: datetime, language: str, tz: str | None) -> str:
    """The date in that zone without its year: "Monday 4 January", "lundi 4 janvier"."""
    return format_date(_local(dt, tz), "EEEE d MMMM", locale=_locale(language))


def minutes(n: int, language: str) -> str:
    """A length of time: "9 min", "1 h 20 min", "2 h"."""
    hours, rest = divmod(max(n, 0), HOUR)
    if not hours:
        return say(language, "common.minutes", n=rest)
    if not rest:
        return say(language, "common.hours", n=hours)
    return say(language, "common.hours-minutes", hours=hours, n=rest)


def wait_range(wait: Wait | None, language: str) -> str:
    """A wait in its short form: "12–20 min", "straight away", "over an hour"; None is "once a counter opens"."""
    if wait is None:
        return say(language, "common.wait-none")
    if wait.at_most <= 0:
        return say(language, "common.wait-now")
    if wait.at_most > HOUR and wait.likely >= HOUR:
        return say(language, "common.wait-long")
    if wait.at_most > HOUR:
        return say(language, "common.wait-from", likely=max(wait.likely, 0))
    if wait.likely >= wait.at_most:
        return minutes(wait.at_most, language)
    return say(language, "common.wait-range", likely=max(wait.likely, 0), at_most=wait.at_most)


def opens(dt: datetime | None, now: datetime, language: str, tz: str | None) -> str:
    """When something opens: "from 13:30", "from 8:30 tomorrow", "from 8:30 on Monday"; empty when unknown."""
    if dt is None:
        return ""
    days = (_local(dt, tz).date() - _local(now, tz).date()).days
    time = clock(dt, language, tz)
    if days <= 0:
        return say(language, "common.opens-today", time=time)
    if days == 1:
        return say(language, "common.opens-tomorrow", time=time)
    if days < WEEK:
        weekday = format_date(_local(dt, tz), "EEEE", locale=_locale(language))
        return say(language, "common.opens-on", time=time, day=weekday)
    return say(language, "common.opens-on", time=time, day=day(dt, language, tz))


def language_name(language: str) -> str:
    """A language in its own words, with a capital: "English", "Français"."""
    try:
        name = Locale.parse(language).display_name or language
    except (UnknownLocaleError, ValueError):
        name = language
    return name[:1].upper() + name[1:]


def decimal(value: float, language: str) -> str:
    """A number to a tenth, as the language writes it: "16.0" in English, "16,0" in French."""
    return format_decimal(value, format="#,##0.0", locale=_locale(language))


def direction(language: str) -> str:
    """The direction a language is written in: "ltr" or "rtl"."""
    try:
        return Locale.parse(language).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def _written(value: object, language: str) -> object:
    """Numbers as the language writes them; small whole ones, which most are, look the same everywhere."""
    if isinstance(value, float):
        return decimal(value, language)
    if isinstance(value, int) and abs(value) >= THOUSAND:
        return format_decimal(value, locale=_locale(language))
    return value


def _local(dt: datetime, tz: str | None) -> datetime:
    return dt.astimezone(ZoneInfo(tz)) if tz else dt


@cache
def _locale(language: str) -> Locale:
    """Dates and numbers speak the language of the sentence they stand in."""
    return Locale(language if language in LANGUAGES else LANGUAGES[0])
