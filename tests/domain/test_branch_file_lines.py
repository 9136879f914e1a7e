"""Every value of a TOML text is found on its line, however it is written."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.branch_file.lines import Place, line_of

TRICKY = '''\
a.b = 1  # a # comment
"x y" . 'z' = """three
lines # no comment ]
"quoted" \\""" """
list = [ [1, 2],  # ]
  [3, { k = "v,]}", l.m = [ ] } ], \'\'\'two
lines\'\'\', ]
[t."u.v"]
k = """x"""""
[[t.many]]
[t.many.sub]
a = 1979-05-27T07:32:00Z
[[t.many.deep]]
b = { c = 3, d = [{ e = 1 },
  { e = 2 }] }
[[t.many]]
[[t.many.deep]]
b = true
'''


def places(value: Any, around: Place = ()) -> Iterator[Place]:
    """Where every value stands, by tomllib's reading."""
    if around:
        yield around
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*around, key))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("a", "b"), 1),
        (("x y", "z"), 2),
        (("list", 0, 1), 5),
        (("list", 1, 1, "l", "m"), 6),
        (("list", 2), 6),
        (("t", "u.v", "k"), 9),
        (("t", "many", 0, "sub", "a"), 12),
        (("t", "many", 0, "deep", 0, "b", "d", 1, "e"), 15),
        (("t", "many", 1, "deep", 0, "b"), 18),
        (("t", "many", 1, "deep", 0, "left out"), 17),
        (("nowhere",), 1),
    ],
)
def test_a_value_is_found_on_its_line(place: Place, line: int) -> None:
    assert line_of(TRICKY, place) == line


def test_values_are_found_in_the_order_in_which_they_are_written() -> None:
    lines = [line_of(TRICKY, place) for place in places(tomllib.loads(TRICKY))]
    assert lines == sorted(lines)
    assert (lines[0], lines[-1]) == (1, 18)


def as_list(parts: list[str]) -> str:
    return "[" + ",\n  ".join([*parts, "]"])


names = st.sampled_from(["id", "name", "x y", "é", "1"])
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), max_size=8).map(
    lambda t: f'"{t}"'
)
values = st.recursive(
    texts | st.just("1") | st.just("true"), lambda v: st.lists(v, max_size=3).map(as_list), max_leaves=6
)
tables = st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=4)


@given(tables)
def test_a_value_stands_where_its_text_stands(rows: list[dict[str, str]]) -> None:
    text = "".join("[[rows]]\n" + "".join(f'"{k}" = {v}\n' for k, v in row.items()) for row in rows)
    written = text.splitlines()
    for n, row in enumerate(rows):
        for key in row:
            assert written[line_of(text, ("rows", n, key)) - 1].startswith(f'"{key}" = ')
