"""What a section says at its end: a table, and whether every limit was kept."""

import sys
from collections.abc import Sequence
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

out = Console(width=None if sys.stdout.isatty() else 110)
MICRO, MILLI = 1e6, 1e3


class Report:
    """Rows with cells as they are read; those with a limit are judged."""

    def __init__(self, title: str, *columns: str, ratio: str = "×") -> None:
        self._table = Table(*columns, ratio, "at most", title=title, title_justify="left")
        self._missed: list[str] = []
        self._judged = False

    def row(self, *cells: str, ratio: float | None = None, at_most: float | None = None, name: str = "") -> None:
        """`ratio` is judged where there is a limit, else only told. `name`: of a miss; left out, the first cell."""
        told = "" if ratio is None else f"{ratio:.2f}"
        self._judged |= at_most is not None
        over = ratio is not None and at_most is not None and ratio > at_most
        if over:
            self._missed.append(f"{name or cells[0]}: {told}, at most {at_most:g}")
        limit = "" if at_most is None else f"{at_most:g}"
        self._table.add_row(*cells, told, limit, style="bold" if over else None)

    def say(self) -> bool:
        """Print it; whether every limit was kept."""
        out.print(self._table)
        for missed in self._missed:
            out.print(f"over its limit: {missed}", highlight=False)
        if self._judged and not self._missed:
            out.print("within its limits", highlight=False)
        return not self._missed


def spread(values: Sequence[float], unit: float = 1.0, digits: int = 1) -> str:
    """The median, and between what the others lay: "9.3 (8.8 to 10.4)"."""
    low, middle, high = (value * unit for value in (min(values), median(values), max(values)))
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def p99(values: Sequence[float]) -> float:
    """The largest, while there are fewer than a hundred."""
    return quantiles(values, n=100)[98] if len(values) >= 100 else max(values)


def note(sentence: str) -> None:
    """Something a reader of the figures must know."""
    out.print(sentence, highlight=False, markup=False)
