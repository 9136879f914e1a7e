"""The protocol page names every address of the JSON face, and none that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path

from server.api.documented import describe
from server.api.face import BASE, json_face
from server.domain.feedback import CHIPS
from server.live.wire import Close

PAGE = (Path(__file__).parents[2] / "docs" / "PROTOCOL.md").read_text()
Address = tuple[str, str]


def told() -> Iterator[Address]:
    """Method and path of every row; "/a/{id}/x, /y" names two below the same parent."""
    for methods, paths in re.findall(r"^\| ([A-Z, ]+) \| ([^|]+) \|", PAGE, re.MULTILINE):
        first, *others = (path.strip().partition("?")[0] for path in paths.split(","))
        parent = first.rpartition("/")[0]
        full = [first, *(path if path.count("/") > 1 else parent + path for path in others)]
        yield from ((method.strip(), nameless(path)) for method in methods.split(",") for path in full)


def there() -> Iterator[Address]:
    """Every address that describes itself, and the description."""
    yield "GET", "/openapi.json"
    for path, operations in describe(json_face().routes, BASE)["paths"].items():
        yield from ((method.upper(), nameless(path)) for method in operations)


def nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_the_page_and_the_face_name_the_same_addresses() -> None:
    assert set(told()) == set(there())


def test_the_page_names_the_chips_and_the_close_codes_as_they_are() -> None:
    assert f"`{', '.join(CHIPS)}`" in PAGE
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)} == {int(code) for code in Close}
