"""Where the marks of a chart stand.

lengths   half took less (a bar), nine of ten (a hatched column), the target (a dash)
people    how many came (a column)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.domain.reports.report import MINUTE, Spread

WIDTH, HEIGHT = 600, 220
NARROWEST, ROOM = 292, 80  # what a phone has for a whole picture; for one column, while they are few
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 22, 28  # for the numbers, and the words below
MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 960)  # between two lines
ROUND = (1, 2, 5)  # times a power of ten: between two lines of people
LINES = 4
WIDEST = 26
WITH_NUMBERS = 16  # columns; the numbers of more would run into each other, and stand in the table


@dataclass(frozen=True, slots=True)
class Mark:
    """One column: `x` its middle; `half`, `most`: heights from the top; None where there is nothing to show."""

    label: str
    x: float
    width: float
    half: float | None = None
    most: float | None = None
    words: str = ""
    over: bool = False
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """`lines`: (height, number). Everything in the units of the picture, `width` times HEIGHT."""

    marks: Sequence[Mark]
    lines: Sequence[tuple[float, int]]
    width: int
    height: int = HEIGHT
    left: int = LEFT
    foot: int = HEIGHT - BOTTOM

    @property
    def right(self) -> int:
        return self.width - RIGHT


def lengths(columns: Sequence[tuple[str, Spread, int | None]]) -> Chart | None:
    """(label, lengths, target in minutes) of each column; None when there is nothing to draw."""
    known = [_minutes(spread.p90) for _, spread, _ in columns if spread.p90 is not None]
    if not known:
        return None
    longest = max(known + [target for _, _, target in columns if target is not None])
    step = next((each for each in MINUTES if each * LINES >= longest), -(-int(longest) // LINES))
    height, lines = _scale(longest, step)
    marks = []
    for at, (label, spread, target) in enumerate(columns):
        x, width = _place(at, len(columns))
        aim = height(target) if target is not None else None
        if spread.p90 is None:
            marks.append(Mark(label, x, width, target=aim))
            continue
        half, most = _minutes(spread.p50), _minutes(spread.p90)
        words = str(round(most)) if len(columns) <= WITH_NUMBERS else ""
        over = target is not None and most > target
        marks.append(Mark(label, x, width, height(half), height(most), words, over, aim))
    return Chart(marks, lines, _width(len(columns)))


def people(columns: Sequence[tuple[str, int]]) -> Chart:
    """(label, people) of each column."""
    most = max(n for _, n in columns)
    steps = (each * 10**power for power in range(9) for each in ROUND)
    height, lines = _scale(most, next(step for step in steps if step * LINES >= most))
    marks = []
    for at, (label, n) in enumerate(columns):
        words = str(n) if n and len(columns) <= WITH_NUMBERS else ""
        marks.append(Mark(label, *_place(at, len(columns)), height(0), height(n), words))
    return Chart(marks, lines, _width(len(columns)))


def _scale(longest: float, step: int) -> tuple[Callable[[float], float], list[tuple[float, int]]]:
    """Number → its height, and the lines of the scale."""
    top = max(1, -(-int(longest + 0.999) // step)) * step

    def height(number: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * number / top, 1)

    return height, [(height(number), number) for number in range(0, top + 1, step)]


def _width(columns: int) -> int:
    """Few columns stand together: whoever has a phone sees all of them at once."""
    return max(NARROWEST, min(WIDTH, LEFT + RIGHT + ROOM * columns))


def _place(at: int, of: int) -> tuple[float, float]:
    """The middle of a column, and its width."""
    room = (_width(of) - LEFT - RIGHT) / of
    return round(LEFT + room * (at + 0.5), 1), round(min(WIDEST, room * 0.6), 1)


def _minutes(length: int | None) -> float:
    return (length or 0) / MINUTE
