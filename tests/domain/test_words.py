"""How sentences, times and waits read, in every language we speak."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server import words

LAGOS = "Africa/Lagos"
AFTERNOON = datetime(2026, 11, 22, 13, 3, tzinfo=UTC)  # Sunday, 14:03 in Lagos


@dataclass(frozen=True, slots=True)
class Wait:
    likely: int
    at_most: int


def room(folder: Path, name: str, *messages: str, plural: str = "n != 1") -> None:
    head = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: nplurals=2; plural=({plural});\\n"\n'
    )
    (folder / f"{name}.po").write_text("\n\n".join((head, *messages)) + "\n")


def test_a_sentence_is_filled_with_what_it_names() -> None:
    assert words.say("en", "error.counter-busy.title", number="A042", counter="3") == "A042 is at counter 3"
    assert words.say("fr", "error.counter-busy.title", number="A042", counter="3") == "A042 est au guichet 3"


def test_what_somebody_typed_is_never_read_as_a_sentence() -> None:
    said = words.say("en", "error.counter-busy.title", number="{counter.__class__}", counter="<b>")
    assert said == "{counter.__class__} is at counter <b>"


def test_an_unknown_slug_and_a_missing_value_are_noticed() -> None:
    with pytest.raises(KeyError):
        words.say("en", "common.nowhere")
    with pytest.raises(KeyError):
        words.say("en", "common.minutes")


def test_a_plural_follows_its_own_language(tmp_path: Path) -> None:
    ahead = 'msgid "x.ahead"\nmsgid_plural "x.ahead"\nmsgstr[0] "{n} person"\nmsgstr[1] "{n} people"'
    room(tmp_path, "x", ahead, plural="n > 1")
    french = words.read_catalogue(tmp_path)
    assert [french.sentence("x.ahead", n) for n in (0, 1, 2)] == ["{n} person", "{n} person", "{n} people"]
    room(tmp_path, "x", ahead)
    english = words.read_catalogue(tmp_path)
    assert [english.sentence("x.ahead", n) for n in (0, 1, 2)] == ["{n} people", "{n} person", "{n} people"]
    with pytest.raises(KeyError, match=r"x\.ahead needs n"):
        english.sentence("x.ahead", None)


def test_two_rooms_may_not_say_the_same_slug_and_a_broken_room_is_named(tmp_path: Path) -> None:
    room(tmp_path, "one", 'msgid "x.a"\nmsgstr "A"')
    room(tmp_path, "two", 'msgid "x.a"\nmsgstr "B"')
    with pytest.raises(words.CatalogueProblem, match=r"two\.po: x\.a already stands"):
        words.read_catalogue(tmp_path)
    (tmp_path / "two.po").write_text("this is no catalogue\n")
    with pytest.raises(words.CatalogueProblem, match=r"two\.po"):
        words.read_catalogue(tmp_path)


def test_a_language_without_catalogue_is_answered_in_english() -> None:
    assert words.say("sw", "common.wait-now") == "straight away"
    assert words.day(AFTERNOON, "sw", LAGOS) == "Sunday 22 November"


def test_the_pseudo_language_changes_every_sentence_and_keeps_every_value() -> None:
    plain = words.catalogue("en").sentences
    for slug, forms in words.catalogue(words.PSEUDO).sentences.items():
        for form, original in zip(forms, plain[slug], strict=True):
            assert form.startswith("[")
            assert words.PLACEHOLDER.findall(form) == words.PLACEHOLDER.findall(original)


def test_a_branch_s_own_text_falls_back_until_something_can_be_read() -> None:
    names = {"en": "Renewals", "fr": "Renouvellements"}
    assert words.pick(names, "fr") == "Renouvellements"
    assert words.pick(names, "sw") == "Renewals"
    assert words.pick({"*": "Renewals"}, "fr") == "Renewals"
    assert words.pick({"fr": "Renouvellements"}, "sw") == "Renouvellements"
    assert words.pick({}, "en") == ""


def test_numbers_are_written_as_their_language_writes_them() -> None:
    assert [words.decimal(16.04, language) for language in ("en", "fr")] == ["16.0", "16,0"]
    assert [words.say("fr", "reports.count", n=n) for n in (4.25, 4.0, 12, 1234)] == ["4,2", "4,0", "12", "1\u202f234"]
    assert words.say("en", "reports.count", n=1234.56) == "1,234.6"


def test_times_are_those_on_the_branch_s_wall() -> None:
    assert words.clock(AFTERNOON, "en", LAGOS) == words.clock(AFTERNOON, "fr", LAGOS) == "14:03"
    assert words.clock(AFTERNOON.replace(hour=7, minute=5), "en", LAGOS) == "8:05"
    assert words.day(AFTERNOON, "en", LAGOS) == "Sunday 22 November"
    assert words.day(AFTERNOON, "fr", LAGOS) == "dimanche 22 novembre"


@pytest.mark.parametrize(
    ("wait", "english", "french"),
    [
        (Wait(12, 20), "12–20 min", "12–20 min"),
        (Wait(0, 0), "straight away", "tout de suite"),
        (Wait(0, 3), "0–3 min", "0–3 min"),
        (Wait(5, 5), "5 min", "5 min"),
        (Wait(59, 75), "59 min to over an hour", "59 min à plus d’une heure"),
        (Wait(60, 75), "over an hour", "plus d’une heure"),
        (Wait(60, 60), "1 h", "1 h"),
        (Wait(70, 110), "over an hour", "plus d’une heure"),
        (None, "once a counter opens", "dès l’ouverture d’un guichet"),
    ],
)
def test_a_wait_is_short_and_honest(wait: Wait | None, english: str, french: str) -> None:
    assert words.wait_range(wait, "en") == english
    assert words.wait_range(wait, "fr") == french


@pytest.mark.parametrize("stored", ["An interpreter", "Un interprète"])
def test_a_need_that_customers_choose_is_said_in_every_language(stored: str) -> None:
    assert [words.need(stored, language) for language in words.LANGUAGES] == ["An interpreter", "Un interprète"]


@pytest.mark.parametrize("typed", ["a ramp, please", "seat", "An interpreter for Yoruba", ""])
def test_a_need_in_somebodys_own_words_stays_as_it_is(typed: str) -> None:
    assert words.need(typed, "fr") == typed


def test_lengths_of_time_are_minutes_and_hours() -> None:
    assert [words.minutes(n, "en") for n in (0, 9, 60, 80)] == ["0 min", "9 min", "1 h", "1 h 20 min"]


@pytest.mark.parametrize(
    ("later", "english", "french"),
    [
        (timedelta(hours=2), "from 16:03", "à partir de 16:03"),
        (timedelta(hours=18), "from 8:03 tomorrow", "demain à partir de 8:03"),
        (timedelta(days=1, hours=18), "from 8:03 on Tuesday", "mardi à partir de 8:03"),
        (timedelta(days=44), "from 14:03 on Tuesday 5 January", "mardi 5 janvier à partir de 14:03"),
    ],
)
def test_an_opening_is_said_by_its_day(later: timedelta, english: str, french: str) -> None:
    assert words.opens(AFTERNOON + later, AFTERNOON, "en", LAGOS) == english
    assert words.opens(AFTERNOON + later, AFTERNOON, "fr", LAGOS) == french


def test_an_opening_that_nobody_knows_is_not_said() -> None:
    assert words.opens(None, AFTERNOON, "en", LAGOS) == ""


def test_a_language_names_itself_and_its_direction() -> None:
    assert [words.language_name(code) for code in ("en", "fr", "zz")] == ["English", "Français", "Zz"]
    assert [words.direction(code) for code in ("en", "ar", "zz")] == ["ltr", "rtl", "ltr"]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_sentence_blames_or_begs_pardon(language: str) -> None:
    unkind = re.compile(
        r"\b(sorry|errors?|oops|invalid|forbidden|failed|denied|you missed|désolée?s?|erreurs?|interdite?|échoué)\b",
        re.IGNORECASE,
    )
    sentences = words.catalogue(language).sentences
    assert [slug for slug, forms in sentences.items() if any(unkind.search(form) for form in forms)] == []
