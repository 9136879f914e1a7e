"""On which line of a TOML text a value stands: tomllib does not tell, and who looks for a slip wants to know."""

import re
import tomllib
from bisect import bisect_right

Place = tuple[str | int, ...]
"""Where a value stands: ("services", 2, "letter") is the letter of the third service."""

BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*+")  # commas too: between the values of a list nothing else matters
KEY = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
TEXT = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*\'''',
    re.DOTALL,
)
PLAIN = re.compile(r"[^,\]}\n#]+")  # numbers, dates, true and false


def line_of(text: str, place: Place) -> int:
    """The line, from 1, of the value at `place` in a valid TOML text; of the table around it when it is left out."""
    try:
        lines = _Scanner(text).lines
    except RecursionError:
        return 1
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


class _Scanner:
    """Walks once through a text that tomllib has accepted, noting where each key and each list's value begins."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Place, int] = {}
        self.last: dict[Place, int] = {}  # index of the newest [[table]] at a place
        self._breaks = [i for i, letter in enumerate(text) if letter == "\n"]
        table: Place = ()
        while self._next():
            if text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _next(self) -> str:
        """Skip to the next thing that means something: its first letter, or "" at the end."""
        found = BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _header(self) -> Place:
        many = self.text.startswith("[[", self.at)
        start = self.at
        self.at += 2 if many else 1
        *around, name = self._key()
        self.at += 2 if many else 1
        place: Place = ()
        for part in around:
            place += (part,)
            self._note(place, start)
            if place in self.last:
                place += (self.last[place],)
        place += (name,)
        self._note(place, start)
        if many:
            self.last[place] = self.last.get(place, -1) + 1
            place += (self.last[place],)
            self._note(place, start)
        return place

    def _pair(self, table: Place) -> None:
        start = self.at
        place = table
        for part in self._key():
            place += (part,)
            self._note(place, start)
        self.at += 1  # the equals sign
        self._value(place)

    def _key(self) -> list[str]:
        parts = []
        while found := KEY.match(self.text, self.at):
            self.at = found.end()
            parts.append(_unquoted(found[1]))
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return parts

    def _value(self, place: Place) -> None:
        opening = self._next()
        self._note(place, self.at)
        if opening == "[":
            self.at += 1
            n = 0
            while self._next() != "]":
                self._value((*place, n))
                n += 1
            self.at += 1
        elif opening == "{":
            self.at += 1
            while self._next() != "}":
                self._pair(place)
            self.at += 1
        elif found := (TEXT if opening in ('"', "'") else PLAIN).match(self.text, self.at):
            self.at = found.end()

    def _note(self, place: Place, at: int) -> None:
        self.lines.setdefault(place, bisect_right(self._breaks, at - 1) + 1)


def _unquoted(key: str) -> str:
    return str(tomllib.loads(f"key = {key}")["key"]) if key[0] in "\"'" else key
