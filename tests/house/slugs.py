"""Which sentences the code asks for: slugs said outright, and families of slugs put together from parts."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, nodes

SLUG = re.compile(r"[a-z_]+(\.[a-z0-9_-]*[a-z0-9])+(?<!\.html|\.toml)(?<!\.css|\.png|\.svg)(?<!\.js|\.po|\.py)")
FAMILY = re.compile(r"[a-z_]+\.")  # a slug put together from parts still says its room first
BEGINNING = re.compile(r"[a-z_]+\.[a-z0-9_-]+[.-]")  # "phone.chip-", handed on to where its end is known
HOLE = "\0"
# Rooms that say nothing themselves: a word with a dot in it names a column there.
SILENT = {"domain", "queries", "actions", "migrations"}


@dataclass
class Asked:
    """What the code asks of the catalogues."""

    outright: dict[str, str] = field(default_factory=dict)
    """Slugs said in one piece, each with where it stands."""
    families: dict[str, str] = field(default_factory=dict)
    """Patterns such as "phone.state.\\0", a hole for each part known only at run time, each with where it stands."""
    literals: set[str] = field(default_factory=set)
    """Every string in the code: what a hole may hold."""

    def uses(self, slug: str) -> bool:
        return (
            slug in self.outright or slug in self.literals or any(self._fits(slug, family) for family in self.families)
        )

    def _fits(self, slug: str, family: str) -> bool:
        match = re.fullmatch("(.+?)".join(map(re.escape, family.split(HOLE))), slug)
        return match is not None and all(part.isdigit() or self._known(part) for part in match.groups())

    def _known(self, part: str) -> bool:
        return any(part.replace("-", joint) in self.literals for joint in "-_ ")

    def add_literal(self, text: str, where: str | None) -> None:
        self.literals.add(text)
        if where and SLUG.fullmatch(text):
            self.outright[text] = where
        if where and BEGINNING.fullmatch(text):
            self.families[text + HOLE] = where

    def add_text(self, parts: Iterable[str | None], where: str) -> None:
        """A string put together from these parts; None is a part known only at run time."""
        text = "".join(HOLE if part is None else part for part in parts)
        if FAMILY.match(text) and HOLE in text:
            self.families[text] = where


def asked(python: Iterable[Path], templates: Iterable[Path]) -> Asked:
    """Everything these files ask for."""
    answer = Asked()
    for file in python:
        _read_python(file, answer)
    for file in templates:
        _read_template(file, answer)
    return answer


def _read_python(file: Path, answer: Asked) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        where = f"{file.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            answer.add_literal(node.value, None if SILENT.intersection(file.parts) else where)
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            answer.add_text(_python_parts(node), where)


def _python_parts(node: ast.expr) -> Iterator[str | None]:
    match node:
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _python_parts(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _python_parts(left)
            yield from _python_parts(right)
        case ast.Constant(value=str(text)):
            yield text
        case _:
            yield None


def _read_template(file: Path, answer: Asked) -> None:
    tree = Environment(autoescape=True).parse(file.read_text())
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str):
            answer.add_literal(const.value, f"{file.name}:{const.lineno}")
    for joined in tree.find_all((nodes.Concat, nodes.Add)):
        answer.add_text(_template_parts(joined), f"{file.name}:{joined.lineno}")


def _template_parts(joined: nodes.Expr) -> Iterator[str | None]:
    match joined:
        case nodes.Concat():
            for part in joined.nodes:
                yield from _template_parts(part)
        case nodes.Add():
            yield from _template_parts(joined.left)
            yield from _template_parts(joined.right)
        case nodes.Const():
            yield str(joined.value)
        case _:
            yield None
