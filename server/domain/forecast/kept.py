"""What was learned as plain values, for a new one to go on from: words, numbers and lists, as JSON gives them back.

Whoever learns has a pair of verbs: `kept` says all that it knows, and a new one that is told to `resume` it goes on
exactly as the one that said it, floats to the last digit. What cannot be resumed raises one of UNFIT and leaves a
forecaster that is good for nothing.
"""

from typing import Any

FORM = 1  # of all that is kept, its shape and how it comes about: raise it with either, and no older copy is read
UNFIT = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
LARGEST = 1e15  # more than any instant in ms
Kept = Any


def numbers(kept: Kept, count: int, least: float = -LARGEST) -> list[float]:
    """So many numbers, none below `least`; ValueError for anything else."""
    if len(kept) != count:
        raise ValueError(f"{len(kept)} numbers instead of {count}")
    for number in kept:
        if type(number) not in (int, float) or not least <= number <= LARGEST:  # nor is NaN
            raise ValueError(f"no number that was kept: {number!r:.20}")
    return list(kept)


def words(kept: Kept) -> str:
    """ValueError for anything else."""
    if not isinstance(kept, str):
        raise ValueError(f"no words: {kept!r:.20}")
    return kept


def instant(kept: Kept) -> int:
    """Or a span, in ms; ValueError for anything else."""
    if type(kept) is not int or not 0 <= kept <= LARGEST:
        raise ValueError(f"no instant: {kept!r:.20}")
    return kept
