"""Many visits as plain columns of numbers: a year of them is counted in a moment, and takes a few megabytes.

people    one row per ticket: `state`, `outcome`, `wait` in ms, `stage`, `promise`
given     one row per leg that was served: `took` in ms
turns     one row per miss, return and transfer: `move`
ratings   one row per rating: `score`

All of them say `day` (the business day), `slot` (of SLOT, since 1970, when the person joined), `channel`, `service` and
`counter`. Words are kept as codes; a number that is not known is UNKNOWN.
"""

from collections.abc import Iterable, Mapping, Sequence
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
Table = Mapping[str, Column]


class Facts:
    """`asked`: visits in which somebody was served, and could rate it. `good`, `not_good`: reason → how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.good: dict[str, int] = {}
        self.not_good: dict[str, int] = {}
        self._codes = {name: _Codes() for name in WORDS}
        self._pieces: dict[str, dict[str, list[Column]]] = {
            table: {name: [] for name in columns} for table, columns in TABLES.items()
        }

    def add(self, table: str, columns: Iterable[Sequence[Any]]) -> None:
        """Rows, as their columns in the order of TABLES. A word that is not known is None, a number UNKNOWN."""
        for name, values in zip(TABLES[table], columns, strict=True):
            self._pieces[table][name].append(self._column(name, values))

    def table(self, table: str) -> Table:
        empty = np.zeros(0, np.int32)
        return {name: np.concatenate([empty, *pieces]) for name, pieces in self._pieces[table].items()}

    def words(self, name: str) -> list[Any]:
        """The words of a column by their codes."""
        return list(self._codes[name])

    def code(self, name: str, word: Any) -> int:
        """UNKNOWN when no row says it."""
        return self._codes[name].get(word, UNKNOWN)

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
