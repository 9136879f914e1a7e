"""Many visits as plain columns of numbers: a year of them is counted in a moment, and takes a few megabytes.

people    one row per ticket: `state`, `outcome`, `wait` in ms, `stage`, `promise`
given     one row per leg that was served: `took` in ms
turns     one row per miss, return and transfer: `move`
ratings   one row per rating: `score`

All of them say `day` (the business day), `slot` (of SLOT, since 1970, when the person joined), `channel`, `service` and
`counter`. Words are kept as codes; a number that is not known is UNKNOWN.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN = -1
NOT_JUDGED, BROKEN, KEPT = range(3)  # `promise`: the "at most" that was said at joining
WORDS = frozenset({"day", "channel", "service", "counter", "state", "outcome", "move"})
SHARED = ("day", "slot", "channel", "service", "counter")
TABLES: Mapping[str, tuple[str, ...]] = {
    "people": (*SHARED, "state", "outcome", "wait", "stage", "promise"),
    "given": (*SHARED, "took"),
    "turns": (*SHARED, "move"),
    "ratings": (*SHARED, "score"),
}
LARGEST = np.iinfo(np.int32).max  # ms: nobody waits for 24 days

Column = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Table = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Only:
    """What a report is narrowed to: one service, one counter, one channel, or any of them together; None is all."""

    service: str | None = None
    counter: str | None = None
    channel: str | None = None

    @property
    def wanted(self) -> Mapping[str, str]:
        """Column → the word that it has to say."""
        return {name: word for name, word in asdict(self).items() if word is not None}


EVERYTHING = Only()


class Facts:
    """Rows that are not of `only` are left out of all four tables as they come in.

    `asked`: visits in which somebody was served, and could rate it. `good`, `not_good`: reason → how often. These
    three are counted before they come here, so whoever counts them keeps to `only`.
    """

    def __init__(self, only: Only = EVERYTHING) -> None:
        self.only = only
        self.asked = 0
        self.good: dict[str, int] = {}
        self.not_good: dict[str, int] = {}
        self._codes = {name: _Codes() for name in WORDS}
        self._pieces: dict[str, dict[str, list[Column]]] = {
            table: {name: [] for name in columns} for table, columns in TABLES.items()
        }

    def add(self, table: str, columns: Iterable[Sequence[Any]]) -> None:
        """Rows, as their columns in the order of TABLES. A word that is not known is None, a number UNKNOWN."""
        coded = {name: self._column(name, values) for name, values in zip(TABLES[table], columns, strict=True)}
        wanted = self._wanted(coded)
        for name, column in coded.items():
            self._pieces[table][name].append(column if wanted is None else column[wanted])

    def table(self, table: str) -> Table:
        empty = np.zeros(0, np.int32)
        return {name: np.concatenate([empty, *pieces]) for name, pieces in self._pieces[table].items()}

    def words(self, name: str) -> list[Any]:
        """The words of a column by their codes."""
        return list(self._codes[name])

    def code(self, name: str, word: Any) -> int:
        """UNKNOWN when no row says it."""
        return self._codes[name].get(word, UNKNOWN)

    def _wanted(self, coded: Table) -> Mask | None:
        """Which rows are of `only`; None for all of them. A word gets its code here if no row ever said it: without
        one it would be UNKNOWN, and with it everybody who was at no counter."""
        masks = [coded[name] == self._codes[name][word] for name, word in self.only.wanted.items()]
        return np.logical_and.reduce(masks) if masks else None

    def _column(self, name: str, values: Sequence[Any]) -> Column:
        """No step in Python for each value: a year has millions of them."""
        if name in WORDS:
            return np.fromiter(map(self._codes[name].__getitem__, values), np.int32, len(values))
        return np.minimum(np.array(values, np.int64), LARGEST).astype(np.int32)


class _Codes(dict[Any, int]):
    """Word → code, given when the word is first met; what is not known is UNKNOWN."""

    def __missing__(self, word: Any) -> int:
        code = UNKNOWN if word is None else len(self)
        if word is not None:
            self[word] = code
        return code
