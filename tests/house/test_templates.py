"""What a page may hold: no word outside the catalogues, nothing the Content-Security-Policy would stop."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, TemplateSyntaxError

from tests.house import sources

SPOKEN = {"aria-label", "aria-description", "aria-roledescription", "alt", "title", "placeholder", "label", "content"}
UNSPOKEN = {"kbd", "code"}  # the names of keys are the same in every language
VALUE = "\0"  # stands for what an expression puts there

# A macro may give a piece of a tag: attributes, or a name such as page-3.
ATTRIBUTE = re.compile(r'([a-z:-]+)="([^"]*)"')
CLASS_NAME = re.compile(rf"\b[a-z]+-(?={VALUE})")
CLASS_BLOCK = re.compile(r"\w+_class")

# Text a machine reads, though it stands in an attribute a person could read.
FOR_MACHINES = {"viewport", "theme-color", "color-scheme", "referrer", "robots", "htmx-config", "format-detection"}


@pytest.mark.parametrize("template", sources.templates(), ids=sources.name)
def test_every_word_of_a_page_comes_from_the_catalogue(template: Path) -> None:
    sources.nothing(words_of_its_own(template.read_text()))


@pytest.mark.parametrize("template", sources.templates(), ids=sources.name)
def test_no_page_holds_what_its_policy_forbids(template: Path) -> None:
    sources.nothing(forbidden(template.read_text()))


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Welcome</p>",
        "<p>{{ name }} is next</p>",
        '<button aria-label="Close">×</button>',
        '<img alt="{{ branch }} logo">',
        '<meta name="description" content="A queue">',
        "<title>Now Serving</title>",
        "{% block title %}Welcome{% endblock %}",
        '{% macro about(id) %} aria-label="Close"{% endmacro %}',
        '<input type="submit" value="Send">',
    ],
)
def test_a_word_outside_the_catalogue_is_noticed(planted: str) -> None:
    assert words_of_its_own(planted)


@pytest.mark.parametrize(
    "innocent",
    [
        "<p>{{ t('phone.ahead', n=3) }} · 12</p>",
        "{# a comment may say anything #}<kbd>Esc</kbd>",
        '<button aria-label="{{ t("common.close") }}"{% if hidden %} hidden{% endif %}>×</button>',
        '<meta name="viewport" content="width=device-width">&nbsp;&middot;',
        '<input type="hidden" name="key" value="abc">',
        "{% block body_class %}setup{% endblock %}<b>{{ name }}</b>",
        '{% macro about(id) %} aria-describedby="{{ id }}-hint" aria-invalid="true"{% endmacro %}',
    ],
)
def test_what_is_no_word_of_its_own_passes(innocent: str) -> None:
    assert words_of_its_own(innocent) == []


@pytest.mark.parametrize(
    "planted",
    [
        "{{ comment|safe }}",
        "{% autoescape false %}{{ comment }}{% endautoescape %}",
        '<p style="color: red">',
        '<button onclick="go()">',
        '<button hx-on:click="go()">',
        "<script>go()</script>",
        "<style>p { color: red }</style>",
        '<a href="javascript:go()">',
        '<script src="https://elsewhere.example/x.js"></script>',
    ],
)
def test_what_the_policy_forbids_is_noticed(planted: str) -> None:
    assert forbidden(planted)


class Page(HTMLParser):
    """A template with its expressions replaced by a placeholder, read as HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.offences: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.words += [f'{name}="{value}"' for name, value in given.items() if self._speaks(tag, name, value, given)]
        self.offences += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        self.offences += [f"<{tag} {name}>" for name, value in given.items() if re.match(r"\s*javascript:", value)]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.offences.append(f"inline <{tag}>")
        if tag in ("script", "link", "img") and re.match(r"(https?:)?//", given.get("src") or given.get("href") or ""):
            self.offences.append(f"<{tag}> from elsewhere")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        spoken = {name: value for name, value in ATTRIBUTE.findall(data) if name in SPOKEN and has_letters(value)}
        self.words += [f'{name}="{value}"' for name, value in spoken.items()]
        data = CLASS_NAME.sub("", ATTRIBUTE.sub("", data))
        if has_letters(data) and not UNSPOKEN.intersection(self.open):
            self.words.append(data.strip())

    @staticmethod
    def _speaks(tag: str, name: str, value: str, given: dict[str, str]) -> bool:
        if name == "value":
            return tag == "input" and given.get("type") in ("submit", "button", "reset") and has_letters(value)
        if name == "content" and given.get("name") in FOR_MACHINES:
            return False
        return name in SPOKEN and has_letters(value)


def words_of_its_own(template: str) -> list[str]:
    """Text and spoken attributes that hold letters nobody translated."""
    return [spoken.replace(VALUE, "…") for spoken in read(template).words]


def forbidden(template: str) -> list[str]:
    """Inline code, inline style, foreign files, and text declared safe."""
    offences = read(template).offences
    code = "".join(value for _, kind, value in tokens(template) if kind != "data")
    if re.search(r"\|\s*safe\b|autoescape\s*(false|off)", code):
        offences.append("declares its text safe")
    return offences


def read(template: str) -> Page:
    page = Page()
    page.feed(skeleton(tokens(template)))
    page.close()
    return page


def skeleton(template: Iterable[tuple[int, str, str]]) -> str:
    """The HTML around the template's code: an expression leaves a placeholder, a statement or comment a space.

    What stands in a block named `…_class` is a class of CSS, and left out.
    """
    text, code, blocks = [], "", [""]
    for _, kind, value in template:
        if kind.endswith("_begin"):
            code = ""
        elif kind == "variable_end":
            text.append(VALUE)
        elif kind in ("block_end", "comment_end"):
            _follow(code.split(), blocks)
            text.append(" ")
        elif kind != "data":
            code += value
        elif not CLASS_BLOCK.fullmatch(blocks[-1]):
            text.append(value)
    return "".join(text)


def _follow(statement: list[str], blocks: list[str]) -> None:
    """Keep the names of the blocks we are in, innermost last."""
    match statement:
        case ["block", name, *_]:
            blocks.append(name)
        case ["endblock", *_]:
            blocks.pop()


def tokens(template: str) -> list[tuple[int, str, str]]:
    try:
        return list(Environment(autoescape=True).lex(template))
    except TemplateSyntaxError as problem:
        return pytest.fail(f"line {problem.lineno}: {problem.message}", pytrace=False)


def has_letters(text: str) -> bool:
    return any(letter.isalpha() for letter in text)
