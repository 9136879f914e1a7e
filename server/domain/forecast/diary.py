"""What a branch's diary teaches: moves and duties, in the order of time, become the facts that a forecaster is told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server.domain.forecast.kept import Kept, instant, words
from server.domain.forecast.told import Break, Called, Came, Fact, Foreseen, Gap, Joined, Left, Missed, Served, Worked
from server.domain.moves import HARMLESS, Move, State

MS_PER_MINUTE = 60_000


class Line(NamedTuple):
    """One move, as its diary line says it; `at` in ms, `state` and `service` after it."""

    ticket: str
    version: int
    move: str
    state: str
    at: int
    counter: str | None
    service: str


class Stand(NamedTuple):
    """A counter is ready for customers, from `at` (ms) on: somebody has come there, or a break of `rested` ms ended."""

    counter: str
    at: int
    rested: int | None = None


class Said(NamedTuple):
    """A forecast that was told to somebody: when (ms), and the minutes it was made from."""

    at: int
    p50: float
    p90: float
    joining: bool


@dataclass(frozen=True, slots=True)
class Foretold:
    """What is kept of a called ticket: its head start in minutes, and what it was told that can be judged."""

    head_start: float = 0.0
    booked: bool = False
    said: Sequence[Said] = ()


NOTHING = Foretold()


def standing(lines: Sequence[Line]) -> list[Line]:
    """Those that were not taken back, and no undo: an undone move never was."""
    gone = set[int]()
    for n, line in enumerate(lines):
        if line.move == Move.UNDO:
            gone.add(n)
            for m in range(n - 1, -1, -1):
                if lines[m].ticket == line.ticket and m not in gone:
                    gone.add(m)
                    if lines[m].move not in HARMLESS:
                        break
    return [line for n, line in enumerate(lines) if n not in gone] if gone else list(lines)


@dataclass(slots=True)
class _Visit:
    """One open ticket, as far as its lines are known; instants and spans in ms."""

    service: str
    since: int | None = None  # it waits since then; None: not here yet, or not known
    here: int = 0  # it could be called since then
    called: int | None = None  # while it is called for the first time in this wait
    started: int | None = None
    worked: int = 0  # at the counter, in this leg, before it was parked
    was_called: bool = False

    def kept(self) -> Kept:
        return [self.service, self.since, self.here, self.called, self.started, self.worked, int(self.was_called)]

    @classmethod
    def resumed(cls, kept: Kept) -> "_Visit":
        service, since, here, called, started, worked, was_called = kept
        since, called, started = (None if at is None else instant(at) for at in (since, called, started))
        return cls(words(service), since, instant(here), called, started, instant(worked), bool(instant(was_called)))


class Diary:
    """A fold over lines and stands, each read once and in order. It remembers who is open, and when counters fell free.

    A line whose beginning is not known teaches what it can: a diary may be read from anywhere on.
    """

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}
        self._free: dict[str, int] = {}  # counter → when its last customer had gone
        self._facts: list[Fact] = []
        self._foretold: Mapping[str, Foretold] = {}

    def read(self, happened: Iterable[Line | Stand], foretold: Mapping[str, Foretold]) -> Sequence[Fact]:
        """`foretold`: by ticket, of those that are called in these lines."""
        self._facts, self._foretold = [], foretold
        for each in happened:
            if isinstance(each, Stand):
                self._free.pop(each.counter, None)
                if each.rested is not None:
                    self._facts.append(Break(_minutes(each.rested)))
            else:
                self._moved(each)
        return self._facts

    def kept(self) -> Kept:
        """Who is open and which counters are free: see kept.py."""
        return {"visits": {ticket: visit.kept() for ticket, visit in self._visits.items()}, "free": dict(self._free)}

    def resume(self, kept: Kept) -> None:
        """Of a new one: go on from there. One of UNFIT when it is of another shape."""
        self._visits = {words(ticket): _Visit.resumed(visit) for ticket, visit in kept["visits"].items()}
        self._free = {words(counter): instant(at) for counter, at in kept["free"].items()}

    def _moved(self, line: Line) -> None:
        visit = self._visits.get(line.ticket)
        if visit is None:
            visit = self._visits[line.ticket] = _Visit(line.service)
        if teaches := _TEACHES.get(line.move):
            teaches(self, visit, line)
        if line.state in _CLOSED:
            del self._visits[line.ticket]

    def _stands_in_line(self, visit: _Visit, line: Line) -> None:
        visit.since = line.at if line.state == State.WAITING else None
        visit.here = line.at

    def _is_back(self, visit: _Visit, line: Line) -> None:
        visit.here = line.at

    def _changes_service(self, visit: _Visit, line: Line) -> None:
        visit.service = line.service

    def _misses(self, visit: _Visit, line: Line) -> None:
        if visit.called is not None and visit.since is not None:
            self._facts.append(Missed(_minutes(visit.called - visit.since), _minutes(line.at - visit.called)))
        self._goes(visit, line)

    def _parks(self, visit: _Visit, line: Line) -> None:
        visit.worked += self._at_counter(visit, line)
        self._goes(visit, line)

    def _ends(self, visit: _Visit, line: Line) -> None:
        if visit.since is not None and not visit.was_called:
            self._facts.append(Left(_minutes(line.at - visit.since)))
        self._goes(visit, line)

    def _called(self, visit: _Visit, line: Line) -> None:
        if visit.since is None or visit.worked:  # who comes back with a form has waited before
            return
        foretold = self._foretold.get(line.ticket, NOTHING)
        if not visit.was_called:
            first = foretold.booked or foretold.head_start > 0
            foreseen = tuple(
                Foreseen(said.p50, said.p90, _minutes(line.at - said.at), said.joining)
                for said in foretold.said
                if said.at <= line.at
            )
            self._facts += (Joined(foretold.head_start), Called(_minutes(line.at - visit.since), first, foreseen))
        visit.called, visit.was_called = line.at, True

    def _started(self, visit: _Visit, line: Line) -> None:
        free = self._free.pop(line.counter or "", None)
        if visit.called is not None and visit.since is not None:
            self._facts.append(Came(_minutes(visit.called - visit.since)))
            if free is not None and visit.here <= free:
                self._facts.append(Gap(_minutes(line.at - free)))
        visit.called, visit.started = None, line.at

    def _ends_leg(self, visit: _Visit, line: Line) -> None:
        here = self._at_counter(visit, line)
        worked = visit.worked + here
        if visit.started is not None and worked > 0:
            self._facts += (Served(visit.service, _minutes(worked)), Worked(_minutes(worked)))
        self._goes(visit, line)
        visit.service, visit.worked = line.service, 0
        if line.move == Move.TRANSFER:
            visit.since, visit.here, visit.was_called = line.at, line.at, False

    def _goes(self, visit: _Visit, line: Line) -> None:
        """Whoever was at a counter has gone from it."""
        if line.counter is not None and (visit.called is not None or visit.started is not None):
            self._free[line.counter] = line.at
        visit.called = visit.started = None

    @staticmethod
    def _at_counter(visit: _Visit, line: Line) -> int:
        return max(line.at - visit.started, 0) if visit.started is not None else 0


_TEACHES: Mapping[str, Callable[[Diary, _Visit, Line], None]] = {
    Move.JOIN: Diary._stands_in_line,
    Move.ARRIVE: Diary._stands_in_line,
    Move.COME_BACK: Diary._is_back,
    Move.RETURN: Diary._is_back,
    Move.CHANGE_SERVICE: Diary._changes_service,
    Move.CALL: Diary._called,
    Move.START: Diary._started,
    Move.UNPARK: Diary._started,
    Move.MISS: Diary._misses,
    Move.PARK: Diary._parks,
    Move.FINISH: Diary._ends_leg,
    Move.TRANSFER: Diary._ends_leg,
    Move.PUT_BACK: Diary._goes,
    Move.POSTPONE: Diary._goes,
    Move.LEAVE: Diary._ends,
    Move.REMOVE: Diary._ends,
    Move.EXPIRE: Diary._ends,
}
_CLOSED = frozenset({State.SERVED, State.LEFT, State.REMOVED, State.EXPIRED})


def _minutes(ms: int) -> float:
    """A clock that was set back makes nothing shorter than nothing."""
    return max(ms, 0) / MS_PER_MINUTE
