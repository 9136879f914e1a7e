"""The data map names every table and column that is stored, once, and what it calls personal is what is emptied."""

import re
from collections import Counter
from pathlib import Path

from server.actions import forgetting
from server.domain import branch, device, feedback, honesty, learned, moves, people, ticket  # noqa: F401 - all tables
from server.domain.base import Base
from tests.house import sources

MAP = sources.ROOT / "docs" / "DATA.md"
FREE_TEXT = re.compile(r"name|need|note|reason|comment|contact|visitor|phone|mail|address|text")
"""Columns of a customer's tables whose name says that they may tell who it is."""
OF_CUSTOMERS = ("tickets", "ticket_events", "ratings", "answers", "shown_waits")


def test_every_column_has_its_line_and_every_line_its_column() -> None:
    sources.nothing(differences(stored(), mapped(MAP.read_text())))


def test_what_is_called_personal_is_what_is_emptied() -> None:
    emptied = {str(field) for field in (*forgetting.TOLD_AT_THE_DOOR, *forgetting.TOLD_AFTERWARDS)}
    tables = {"Ticket": "tickets", "Rating": "ratings"}
    emptied = {f"{tables[kind]}.{column}" for kind, _, column in (name.partition(".") for name in emptied)}
    assert personal(MAP.read_text()) == emptied


def test_whatever_may_tell_who_a_customer_is_is_called_personal() -> None:
    telling = {
        column
        for column in stored()
        if column.split(".")[0] in OF_CUSTOMERS and FREE_TEXT.fullmatch(column.split(".")[1])
    }
    assert telling <= personal(MAP.read_text())


def test_every_line_says_how_long() -> None:
    rows = [line for line in MAP.read_text().splitlines() if line.startswith("| `")]
    sources.nothing([row for row in rows if not row.strip("| ").rpartition("|")[2].strip()])


def test_a_column_without_a_line_and_a_line_without_a_column_are_noticed(tmp_path: Path) -> None:
    planted = "### `tickets`\n| `id`, `gone` | is | why | history |\n| `id` | again | | history |\n"
    assert differences({"tickets.id", "tickets.new"}, mapped(planted)) == [
        "tickets.gone is not stored any more",
        "tickets.id stands in the map 2 times",
        "tickets.new is missing in the map",
    ]
    assert personal("### `tickets`\n| `name` | **personal**: x | y | z |\n| `id` | x | y | z |\n") == {"tickets.name"}


def stored() -> set[str]:
    return {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}


def lines(text: str) -> list[tuple[str, str]]:
    """(table.column, the rest of its line) of the whole map."""
    found, table = [], ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"### `(\w+)`", line):
            table = heading[1]
        elif table and line.startswith("| `"):
            columns, _, rest = line.strip("| ").partition("|")
            found += [(f"{table}.{column}", rest) for column in re.findall(r"`(\w+)`", columns)]
        elif line.startswith("## "):
            table = ""
    return found


def mapped(text: str) -> list[str]:
    return [column for column, _ in lines(text)]


def personal(text: str) -> set[str]:
    return {column for column, rest in lines(text) if "**personal**" in rest}


def differences(stored: set[str], mapped: list[str]) -> list[str]:
    often = Counter(mapped)
    return sorted(
        [f"{column} is missing in the map" for column in stored - often.keys()]
        + [f"{column} is not stored any more" for column in often.keys() - stored]
        + [f"{column} stands in the map {times} times" for column, times in often.items() if times > 1]
    )
