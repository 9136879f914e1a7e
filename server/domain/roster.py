"""A table of people as spreadsheet programs write it: read line by line, with what is wrong in each line."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.domain.base import is_one_line
from server.domain.people import Role

HEADINGS = {
    "name": {"name", "nom"},
    "login": {"sign-in name", "login", "identifiant", "nom de connexion"},
    "role": {"role", "rôle"},
    "branch": {"branch", "agence"},
}
"""Column → what its heading may say."""

ROLES = {
    "agent": Role.AGENT, "manager": Role.MANAGER, "responsable": Role.MANAGER, "admin": Role.ADMIN,
    "administrateur": Role.ADMIN,
}  # fmt: skip
SEPARATORS = ";,\t"
MOST = 200  # lines: as many invitations as anybody hands over in a morning
LONGEST_NAME, LONGEST_LOGIN = 60, 60
LOGIN = re.compile(r"[^\s@]+(?:@[^\s@]+)?")
FORMULA = "=+-@\t\r"
"""What a cell begins with that a spreadsheet program would work out instead of show."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person in one branch. `number`: of the line in the table; `login`, `branch`: "" where left out."""

    number: int
    name: str
    login: str
    role: str
    branch: str

    @property
    def person(self) -> str:
        """Lines with the same are about the same person."""
        return self.login or f"line {self.number}"


@dataclass(frozen=True, slots=True)
class Roster:
    """`problems`: number of the line → slug of what helps; 0: the table as a whole."""

    lines: tuple[Line, ...]
    problems: Mapping[int, str]


def decoded(table: bytes) -> str:
    """As text: UTF-8 with or without a mark, UTF-16 with one, else what older programs on Windows write."""
    if table.startswith((b"\xff\xfe", b"\xfe\xff")):
        return table.decode("utf-16", errors="replace")
    try:
        return table.decode("utf-8-sig")
    except UnicodeDecodeError:
        return table.decode("cp1252", errors="replace")


def read(text: str) -> Roster:
    """The people of a table; its first line says which column is which."""
    rows = [(n, [" ".join(cell.split()) for cell in row]) for n, row in enumerate(_rows(text), 1)]
    rows = [(n, row) for n, row in rows if any(row)]
    columns = _columns(rows[0][1]) if rows else {}
    if not {"name", "role"} <= columns.keys():
        return Roster((), {0: "table-headings"})
    if not rows[1:]:
        return Roster((), {0: "table-empty"})
    if len(rows) > MOST + 1:
        return Roster((), {0: "table-long"})
    lines = tuple(_line(n, row, columns) for n, row in rows[1:])
    return Roster(lines, _problems(lines))


def _rows(text: str) -> Iterable[list[str]]:
    text = text.replace("\0", "")
    head = text.lstrip("\r\n").partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    return csv.reader(text.splitlines(keepends=True), delimiter=separator)


def _columns(head: list[str]) -> dict[str, int]:
    known = {word: column for column, words in HEADINGS.items() for word in words}
    return {known[cell.casefold()]: n for n, cell in enumerate(head) if cell.casefold() in known}


def _line(number: int, row: list[str], columns: Mapping[str, int]) -> Line:
    cell = {column: row[n] if n < len(row) else "" for column, n in columns.items()}
    role = cell["role"].casefold()
    return Line(number, cell["name"], cell.get("login", "").lower(), ROLES.get(role, ""), cell.get("branch", ""))


def _problems(lines: Iterable[Line]) -> dict[int, str]:
    problems: dict[int, str] = {}
    names: dict[str, str] = {}
    for line in lines:
        problem = _problem(line)
        if problem is None and names.setdefault(line.person, line.name) != line.name:
            problem = "login-twice"
        if problem is not None:
            problems[line.number] = problem
    return problems


def _problem(line: Line) -> str | None:
    if any(cell.startswith(tuple(FORMULA)) for cell in (line.name, line.login, line.branch)):
        return "cell-formula"
    if not all(map(is_one_line, (line.name, line.login, line.branch))):
        return "cell-control"
    if not line.name:
        return "name-needed"
    if len(line.name) > LONGEST_NAME or len(line.login) > LONGEST_LOGIN:
        return "too-long"
    if line.login and not LOGIN.fullmatch(line.login):
        return "login-unclear"
    return None if line.role else "role-unknown"
