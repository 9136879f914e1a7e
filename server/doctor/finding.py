"""What one check found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`MIND`: it runs, but not as well as it could. `WRONG`: somebody will be let down."""

    GOOD = "good"
    MIND = "mind"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`found`: what is; `do`: what to do about it, "" when it is good."""

    name: str
    state: State
    found: str
    do: str = ""


def good(name: str, found: str) -> Finding:
    return Finding(name, State.GOOD, found)


def mind(name: str, found: str, do: str) -> Finding:
    return Finding(name, State.MIND, found, do)


def wrong(name: str, found: str, do: str) -> Finding:
    return Finding(name, State.WRONG, found, do)
