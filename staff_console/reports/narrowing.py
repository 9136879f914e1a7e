"""What a report can be narrowed to: one service, one counter and one way of joining, each with its name."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server import words
from server.domain.reports.facts import Only
from server.domain.ticket import CHANNELS
from server.queries.arranged import Arrangement

PROBLEMS = {"service": "no-service", "counter": "no-counter", "channel": "no-channel"}


@dataclass(frozen=True, slots=True)
class Choice:
    """`slug`: what a file's name says of it."""

    id: str
    name: str
    slug: str
    archived: bool = False


def choices(setup: Arrangement, language: str) -> Mapping[str, Sequence[Choice]]:
    """By field. What is archived has its history still, and stands at the end."""
    return {
        "service": [
            Choice(each.id, words.pick(each.name, language), each.id, each.archived)
            for each in (*setup.services, *setup.archived_services)
        ],
        "counter": [
            Choice(each.id, each.label, _plain(each.label) or each.id, each.archived)
            for each in (*setup.counters, *setup.archived_counters)
        ],
        "channel": [Choice(each, words.say(language, f"reports.channel-{each}"), each) for each in CHANNELS],
    }


def chosen(query: Mapping[str, str], choices: Mapping[str, Sequence[Choice]]) -> tuple[Only, Mapping[str, str]]:
    """What was asked for, and by field what of it there is not."""
    typed = {field: text for field in PROBLEMS if (text := query.get(field, "").strip())}
    known = {field: id for field, id in typed.items() if any(choice.id == id for choice in choices[field])}
    return Only(**known), {field: PROBLEMS[field] for field in typed if field not in known}


def names(only: Only, choices: Mapping[str, Sequence[Choice]], language: str) -> list[str]:
    """As a heading says it: ["New passport", "Counter 2", "Joined by: Phone"]."""
    return [words.say(language, f"reports.only-{field}", name=each.name) for field, each in _said(only, choices)]


def slugs(only: Only, choices: Mapping[str, Sequence[Choice]]) -> list[str]:
    return [choice.slug for _, choice in _said(only, choices)]


def _said(only: Only, choices: Mapping[str, Sequence[Choice]]) -> list[tuple[str, Choice]]:
    wanted = only.wanted
    return [(field, choice) for field in wanted for choice in choices[field] if choice.id == wanted[field]]


def _plain(label: str) -> str:
    """Only what every disk and every header can write: "Süd 1" is sud-1, and nothing may be left."""
    letters = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
