"""What is so, asked of the database alone, and what is wrong with what the watchers show."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import create_engine, text

from tests.faults.waiting import until
from tests.faults.watchers import Heard, Watcher

# Promised, in seconds.
HEARTBEAT = 10.0
CUT_HEALS = 10.0
HALF_OPEN_HEALS = 22.0
SOON = 1.0

ROWS = 5  # of those who wait, a console shows at least so many
WAITERS = re.compile(r'id="waiter-([^"]+)"')
CALLED = re.compile(r'class="call" id="called-.*?aria-label="([^"]+)"')
_TICKETS = text("SELECT id, number, state, moved FROM tickets WHERE branch_id = :branch ORDER BY place, place_version")
_VERSION = text("SELECT version FROM branches WHERE id = :branch")


@dataclass(frozen=True)
class Facts:
    """A branch where everybody walked in for one service."""

    version: int
    tickets: Mapping[str, Mapping[str, Any]]
    waiting: Sequence[str]
    """Ids, the next one first."""
    current: Sequence[str]
    """Ids of whom a counter waits for."""

    @property
    def called(self) -> frozenset[str]:
        """Their numbers."""
        return frozenset(self.tickets[id]["number"] for id in self.current)


class Truth:
    """Nobody's memory: each question goes to the database."""

    def __init__(self, url: str, branch: str) -> None:
        self._engine, self._branch = create_engine(url, pool_pre_ping=True), branch

    def __enter__(self) -> "Truth":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def now(self) -> Facts:
        with self._engine.connect() as connection:
            found = connection.execute(_TICKETS, {"branch": self._branch}).mappings().all()
            version = connection.execute(_VERSION, {"branch": self._branch}).scalar_one()
        return Facts(
            version,
            {ticket["id"]: dict(ticket) for ticket in found},
            [ticket["id"] for ticket in found if ticket["state"] == "waiting"],
            [ticket["id"] for ticket in found if ticket["state"] == "called"],
        )


async def become_true(watchers: Sequence[Watcher], facts: Facts, within: float) -> float:
    """Seconds until everybody shows the facts; AssertionError with whoever does not in time."""
    return await until(lambda: not untrue(watchers, facts), within, lambda: untrue(watchers, facts))


def untrue(watchers: Iterable[Watcher], facts: Facts) -> list[str]:
    """Who shows something that is not so, or may not come back to be told."""
    return [complaint for watcher in watchers if (complaint := _complaint(watcher, facts))]


def _complaint(watcher: Watcher, facts: Facts) -> str | None:
    if watcher.ended is not None:
        return f"{watcher.name} was told {watcher.ended}: not to come back"
    if not watcher.shown:
        return f"{watcher.name} shows nothing"
    is_so, shows = _READ[watcher.kind](watcher, facts, watcher.shown[-1].said)
    return None if is_so == shows else f"{watcher.name} shows {shows}, and it is {is_so}"


def _phone(watcher: Watcher, facts: Facts, said: Mapping[str, Any]) -> tuple[object, object]:
    ticket = facts.tickets[watcher.of]
    ahead = facts.waiting.index(watcher.of) if watcher.of in facts.waiting else None
    return (ticket["state"], ticket["moved"], ahead), (said["state"], said["m"], said["ahead"])


def _branch(_: Watcher, facts: Facts, said: Mapping[str, Any]) -> tuple[object, object]:
    newest = {call["number"] for call in said["calls"][: len(facts.called)]}
    return (len(facts.waiting), facts.called), (sum(each["waiting"] for each in said["services"]), newest)


def _lobby(_: Watcher, facts: Facts, said: Mapping[str, Any]) -> tuple[object, object]:
    return facts.called, frozenset(CALLED.findall(said["content"]))


def _console(_: Watcher, facts: Facts, said: Mapping[str, Any]) -> tuple[object, object]:
    shows = WAITERS.findall(said["content"])
    return facts.waiting[: max(len(shows), ROWS)], shows


_READ = {"ticket": _phone, "branch": _branch, "lobby": _lobby, "console": _console}


def gone_back(watchers: Iterable[Watcher]) -> list[str]:
    """Whoever showed an older version after a newer one, or was sent one on the same connection."""
    complaints = []
    for watcher in watchers:
        complaints += [f"{watcher.name} showed {pair}" for pair in _steps_back(watcher.shown)]
        lines = {heard.line for heard in watcher.heard}
        for line in lines:
            sent = [heard for heard in watcher.heard if heard.line == line]
            complaints += [f"{watcher.name} was sent {pair} on line {line}" for pair in _steps_back(sent)]
    return complaints


def _steps_back(sequence: Sequence[Heard]) -> list[str]:
    """Epochs only grow; versions do within one."""
    states = [(heard.epoch, heard.version) for heard in sequence]
    return [f"{after} after {before}" for before, after in pairwise(states) if after < before]


def too_quiet(watchers: Iterable[Watcher], until: float, slack: float = 1.0) -> list[str]:
    """Whoever, on one connection, heard nothing for longer than a heartbeat may take.

    `until`: the last moment looked at. `slack`: seconds that this machine may be late.
    """
    complaints = []
    for watcher in watchers:
        moments = [(heard.line, heard.at) for heard in watcher.heard] + [(watcher.lines, until)]
        gaps = [after[1] - before[1] for before, after in pairwise(moments) if before[0] == after[0]]
        complaints += [f"{watcher.name} heard nothing for {gap:.1f} s" for gap in gaps if gap > HEARTBEAT + slack]
    return complaints


def delays(watchers: Iterable[Watcher], saved: Mapping[int, float]) -> list[float]:
    """Seconds from each saved version to the moment it was shown: one for each watcher and version, for ever if never.

    `saved`: version → when its answer came. For those whose picture changes with every version.
    """
    shown = [[(seen.version, seen.at) for seen in watcher.shown] for watcher in watchers]
    return [
        max(0.0, next((at for seen, at in each if seen >= version), float("inf")) - since)
        for each in shown
        for version, since in saved.items()
    ]
