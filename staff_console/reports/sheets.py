"""A report to take along: one table as CSV, a workbook with a sheet for each part.

What people have named cannot become a formula: a text that begins as one is marked as text. Numbers stay numbers;
lengths are minutes.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from server.domain.reports.report import MINUTE, Row
from server.domain.reports.visits import STAGES
from staff_console.reports.tables import MEASURES, Named, Share, Told

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int | float | None
Line = Sequence[Cell]
DETAILS = tuple(measure for measure in MEASURES if measure.slug != "left")
PERCENT = frozenset(index + 1 for index, measure in enumerate(DETAILS) if measure.kind == "share")


def csv_of(told: Told) -> bytes:
    """UTF-8 with the mark by which Excel knows it. Every line has all columns; what a part does not tell is empty."""
    text = io.StringIO()
    write = csv.writer(text)
    width = len(_heads(told))
    write.writerow([told.say("reports.by"), told.say("reports.what"), *_heads(told)[1:]])
    for title, _, lines in _sheets(told):
        for name, *cells in lines:
            write.writerow([_harmless(cell) for cell in (title, name, *cells, *[None] * (width - 1 - len(cells)))])
    return text.getvalue().encode("utf-8-sig")


def xlsx_of(told: Told) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        looks = _Looks(
            head=book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
            text=book.add_format({"quote_prefix": True}),
            share=book.add_format({"num_format": "0%"}),
            decimal=book.add_format({"num_format": "0.0"}),
        )
        for title, heads, lines in _sheets(told):
            sheet = book.add_worksheet(_sheet_name(title))
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, 0, 28)
            sheet.set_column(1, len(heads), 11)
            for column, head in enumerate(heads):
                sheet.write_string(0, column, head, looks.head)
            for row, line in enumerate(lines, start=1):
                _write(sheet, row, line, looks)
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class _Looks:
    head: Format
    text: Format
    share: Format
    decimal: Format


def _write(sheet: Worksheet, row: int, line: Line, looks: _Looks) -> None:
    for column, cell in enumerate(line):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell, looks.text)
        elif isinstance(cell, float):
            is_share = column in PERCENT and len(line) > len(DETAILS)
            sheet.write_number(row, column, cell, looks.share if is_share else looks.decimal)
        elif cell is not None:
            sheet.write_number(row, column, cell)


def _sheets(told: Told) -> Iterator[tuple[str, Sequence[str], Sequence[Line]]]:
    """(title, heads, lines) of each part. The first cell of a line is its name."""
    heads = _heads(told)
    yield told.say("reports.part-whole"), heads, [_line(told.name, told.report.whole)]
    parts: dict[str, Sequence[Named]] = {"day": told.days, **{k: v for k, v in told.parts.items() if k != "time"}}
    for part, rows in parts.items():
        yield told.say(f"reports.part-{part}"), heads, [_line(each.name, each.row) for each in rows]
    people = told.say("reports.measure-people")
    stages = [
        (how, told.say(f"reports.stage-{s}"), n) for how, ns in told.lost for s, n in zip(STAGES, ns, strict=True)
    ]
    yield told.say("reports.part-lost"), ["", people], [(f"{how}: {stage}", n) for how, stage, n in stages]
    outcomes = [(f"{service}: {outcome}", n) for service, outcome, n in told.outcomes]
    yield told.say("reports.part-outcome"), ["", people], outcomes
    yield told.say("reports.part-rating"), ["", people], [(name, n) for _, name, n in told.scores]
    good, poor = told.say("reports.reason-good"), told.say("reports.reason-poor")
    reasons = [(f"{name}: {how}", n) for name, *ns in told.reasons for how, n in zip((good, poor), ns, strict=True)]
    yield told.say("reports.part-reason"), ["", people], reasons
    heat = [
        (f"{day} {told.say('reports.hour', n=hour)}", n)
        for day, counts in told.heat
        for hour, n in zip(told.heat_hours, counts, strict=True)
    ]
    yield told.say("reports.part-heat"), ["", people], heat


def _heads(told: Told) -> list[str]:
    return [
        told.say("reports.what"),
        *(told.say(f"reports.measure-{measure.slug}") for measure in DETAILS),
        *(told.say(f"reports.stage-{stage}") for stage in STAGES),
        told.say("reports.measure-rated"),
    ]


def _line(name: str, row: Row) -> Line:
    return [name, *(_number(measure.kind, measure.of(row)) for measure in DETAILS), *row.left, row.rated]


def _number(kind: str, value: Any) -> Cell:
    """Minutes to a tenth; shares between 0 and 1."""
    if isinstance(value, Share):
        return None if value.number is None else round(value.number, 4)
    if kind == "length" and value is not None:
        return round(int(value) / MINUTE, 1)
    number: int | float | None = value
    return number if not isinstance(number, float) else round(number, 2)


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(BEGINS_A_FORMULA) else cell


def _sheet_name(title: str) -> str:
    """Excel allows 31 characters, and not these."""
    return "".join(letter for letter in title if letter not in "[]:*?/\\'")[:31]
