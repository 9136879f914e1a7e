"""Every sentence stands in the catalogues, in every language, and none stands there for nothing."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from server import words
from tests.house import slugs, sources

SOURCE = words.LANGUAGES[0]
Sentences = Mapping[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def asked() -> slugs.Asked:
    return slugs.asked(sources.python(*sources.ROOMS), sources.templates())


@pytest.mark.parametrize("language", words.LANGUAGES[1:])
def test_every_language_says_everything(language: str) -> None:
    sources.nothing(differences(words.catalogue(SOURCE).sentences, words.catalogue(language).sentences))


def test_every_sentence_asked_for_exists(asked: slugs.Asked) -> None:
    sources.nothing(missing(asked, words.catalogue(SOURCE).sentences))


def test_no_sentence_waits_in_vain(asked: slugs.Asked) -> None:
    sources.nothing(unused(asked, words.catalogue(SOURCE).sentences))


def test_french_marks_stay_with_their_word() -> None:
    """A space that breaks would let a line begin with "?"."""
    sources.nothing([slug for slug, forms in words.catalogue("fr").sentences.items() if breaks(forms)])


def test_a_mark_that_may_begin_a_line_is_noticed() -> None:
    assert breaks(("Vers où ?",))
    assert not breaks(("Vers où\N{NO-BREAK SPACE}?", "«\N{NO-BREAK SPACE}ken\N{NO-BREAK SPACE}»", "a: b"))


def test_a_missing_translation_and_a_lost_placeholder_are_noticed() -> None:
    english = {"a.one": ("{n} ahead",), "a.two": ("Yes",), "a.three": ("No",)}
    french = {"a.one": ("devant vous",), "a.two": ("Oui",), "a.four": ("?",)}
    assert differences(english, french) == [
        "a.four stands in one language only",
        "a.one has other placeholders",
        "a.three stands in one language only",
    ]


def test_a_sentence_that_does_not_exist_is_noticed(tmp_path: Path) -> None:
    page, code = tmp_path / "page.html", tmp_path / "code.py"
    page.write_text("{{ t('phone.gone') }} {{ t('phone.state.' ~ state) }} {{ t('phone.here') }}")
    code.write_text("say(language, 'lobby.gone')\nsay(language, f'lobby.{kind}')\nmode = 'open'\n")
    found = slugs.asked([code], [page])
    assert missing(found, {"phone.here": ("Here",), "lobby.open": ("Open",)}) == [
        "code.py:1 asks for lobby.gone",
        "page.html:1 asks for phone.gone",
        "page.html:1 asks for phone.state.…",
    ]


def test_a_sentence_nobody_asks_for_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "{% set state = 'called' %}{{ t('phone.state.' ~ state) }}{{ t('phone.yes' if x else 'phone.no') }}"
    )
    sentences = dict.fromkeys(["phone.state.called", "phone.state.nobody", "phone.yes", "phone.no", "phone.old"], ("",))
    assert unused(slugs.asked([], [page]), sentences) == ["phone.old", "phone.state.nobody"]


def breaks(forms: tuple[str, ...]) -> bool:
    return any(re.search(r" [?!:;»]|« ", form) for form in forms)


def differences(one: Sentences, other: Sentences) -> list[str]:
    """Where two languages do not say the same things."""
    complaints = [f"{slug} stands in one language only" for slug in one.keys() ^ other.keys()]
    complaints += [
        f"{slug} has other placeholders"
        for slug in one.keys() & other.keys()
        if placeholders(one[slug]) != placeholders(other[slug])
    ]
    return sorted(complaints)


def placeholders(forms: tuple[str, ...]) -> set[str]:
    """Names between braces; a plural's number may be spoken as a word in some forms ("one person ahead")."""
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


def missing(asked: slugs.Asked, sentences: Sentences) -> list[str]:
    """Sentences asked for that no catalogue holds; a word with a dot whose first part is no room is no slug."""
    rooms = {room(slug) for slug in sentences}
    complaints = [
        f"{where} asks for {slug}"
        for slug, where in asked.outright.items()
        if room(slug) in rooms and slug not in sentences
    ]
    for family, where in asked.families.items():
        pattern = re.compile(".+".join(map(re.escape, family.split(slugs.HOLE))))
        if room(family) in rooms and not any(pattern.fullmatch(slug) for slug in sentences):
            complaints.append(f"{where} asks for {family.replace(slugs.HOLE, '…')}")
    return sorted(complaints)


def room(slug: str) -> str:
    return slug.partition(".")[0]


def unused(asked: slugs.Asked, sentences: Sentences) -> list[str]:
    return sorted(slug for slug in sentences if not asked.uses(slug))
