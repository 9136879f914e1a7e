"""Every refusal in the code has its sentences, in every language, and brings along what they need."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import server
from server import words
from server.domain import errors

HOUSE = Path(server.__file__).parents[1]
ROOMS = ("server", "kiosk_ui", "display", "staff_console")
CODE = sorted(file for room in ROOMS for file in (HOUSE / room).rglob("*.py"))
KINDS = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.Refusal)
}
OWN_PARAMS = {  # refusals whose constructor names what they carry
    "AlreadyCalled": {"number", "counter", "next"},
    "CounterBusy": {"number", "counter"},
    "CounterOccupied": {"counter", "name"},
    "IllegalMove": {"move", "state", "number"},
    "TooMany": {"retry_after"},
}
NOT_CARRIED = {"fields"}
FAULT = "unexpected"  # no refusal: what is said about a fault of ours


def refusals(code: str) -> Iterator[tuple[str, set[str]]]:
    """Slug and names of the values of every refusal that this code can raise."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and (name := last_name(node.func)) in KINDS:
            said = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            named = {keyword.arg for keyword in node.keywords if keyword.arg} - NOT_CARRIED
            yield said[0] if said else KINDS[name].default, named | OWN_PARAMS.get(name, set())
        elif isinstance(node, ast.Raise) and (name := last_name(node.exc)) in KINDS:
            yield KINDS[name].default, set()


def field_problems(code: str) -> Iterator[str]:
    """What this code can find wrong with single fields; said beside each, without values."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and last_name(node.func) == "Invalid":
            yield from said_of_fields(node)


def said_of_fields(call: ast.Call) -> list[str]:
    given = [
        value
        for arg in (*call.args, *(k.value for k in call.keywords))
        if isinstance(arg, ast.Dict)
        for value in arg.values
    ]
    return [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def last_name(node: ast.expr | None) -> str:
    """The class in `Conflict` and in `errors.Conflict`; "" for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


RAISED = [
    (file, slug, params) for file in CODE if file.name != "errors.py" for slug, params in refusals(file.read_text())
]
FIELDS = sorted({slug for file in CODE for slug in field_problems(file.read_text())})
SLUGS = sorted(
    {slug for _, slug, _ in RAISED} | {kind.default for kind in KINDS.values()} | {"already-called-last", FAULT}
)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_every_refusal_has_a_title_and_says_what_to_do(slug: str, language: str) -> None:
    sentences = words.catalogue(language).sentences
    assert f"error.{slug}.title" in sentences
    assert f"error.{slug}.text" in sentences


@pytest.mark.parametrize("slug", FIELDS)
def test_every_problem_of_a_field_says_what_helps(slug: str) -> None:
    """In the words of the setup pages, or in those of everybody."""
    sentences = words.catalogue("en").sentences
    assert f"error.{slug}.text" in sentences or f"setup.problem.{slug}" in sentences


def test_every_refusal_carries_what_its_sentences_need() -> None:
    for file, slug, params in RAISED:
        for part in ("title", "text"):
            (sentence,) = words.catalogue("en").sentences[f"error.{slug}.{part}"]
            needed = set(re.findall(r"\{(\w+)\}", sentence))
            assert needed <= params, f"{file.name}: {slug} is raised without {sorted(needed - params)}"


def test_no_sentence_is_kept_for_a_refusal_that_nobody_makes() -> None:
    kept = {
        slug.split(".")[1] for slug in words.catalogue("en").sentences if re.fullmatch(r"error\.[a-z-]+\.\w+", slug)
    }
    assert kept - {*SLUGS, *FIELDS} == set()


def test_a_refusal_without_its_values_would_be_noticed() -> None:
    planted = 'raise Conflict("recall-limit", number=n)\nraise CounterBusy(number=n, counter=c)\nraise NotFound'
    assert sorted(refusals(planted)) == [
        ("counter-busy", {"number", "counter"}),
        ("page-moved-on", set()),
        ("recall-limit", {"number"}),
    ]
