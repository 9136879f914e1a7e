"""What one ticket's diary comes to: how long it waited, what services it was given, what went otherwise.

An undone move never was. The wait is from being there (joining, or arriving for who came from afar) to the first call;
a service is what a leg got at a counter until it was finished or sent on, without the time it was parked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from server.domain.moves import UNDOABLE, Move, State, TicketEvent

BEFORE_THE_CALL, AT_THE_CALL, AT_THE_COUNTER = range(3)
STAGES = ("before", "call", "counter")
"""Where somebody was who was not served in the end; by index, as above."""
STAGE_OF = {
    State.EXPECTED: BEFORE_THE_CALL, State.WAITING: BEFORE_THE_CALL, State.AWAY: BEFORE_THE_CALL,
    State.CALLED: AT_THE_CALL, State.MISSED: AT_THE_CALL, State.SERVING: AT_THE_COUNTER, State.PARKED: AT_THE_COUNTER,
}  # fmt: skip


class Line(NamedTuple):
    """A diary line as far as it is counted. `at`: ms; `service`: after the move."""

    move: str
    at: int
    from_state: str | None
    service: str
    counter: str | None


AnyLine = TypeVar("AnyLine", Line, TicketEvent)


class Given(NamedTuple):
    """A leg that was served: for what, where it ended, and how long it was at a counter in ms."""

    service: str
    counter: str | None
    took: int


class Turn(NamedTuple):
    """A miss, a return or a transfer: in which leg, and at which counter."""

    move: str
    service: str
    counter: str | None


@dataclass(slots=True)
class Visit:
    """`service`: what it came for; `counter`: of its first call; `wait`: ms, None when it was never called.

    `stage`: of who was not served in the end, an index of STAGES.
    """

    service: str
    counter: str | None = None
    wait: int | None = None
    stage: int | None = None
    given: list[Given] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)


def visit(diary: Sequence[Line]) -> Visit:
    """`diary`: all of a ticket's lines, oldest first."""
    lines = standing(diary)
    found, leg = Visit(lines[0].service), _Leg(lines[0].service)
    there = lines[0].at
    for line in lines:
        match line.move:
            case Move.ARRIVE:
                there = line.at
            case Move.CHANGE_SERVICE:
                found.service = leg.service = line.service
            case Move.CALL if found.wait is None:
                found.wait, found.counter = max(0, line.at - there), line.counter
            case Move.START | Move.UNPARK:
                leg.goes_on(line.at)
            case Move.PARK:
                leg.rests(line.at)
            case Move.MISS | Move.RETURN:
                found.turns.append(Turn(line.move, leg.service, line.counter))
            case Move.TRANSFER | Move.FINISH:
                leg = _next_leg(found, leg, line)
            case Move.LEAVE | Move.REMOVE | Move.EXPIRE:
                found.stage = STAGE_OF[State(line.from_state or State.WAITING)]
    return found


def standing(diary: Iterable[AnyLine]) -> list[AnyLine]:
    """The lines without what was undone, and without the undoing."""
    lines: list[AnyLine] = []
    for line in diary:
        if line.move == Move.UNDO:
            while lines.pop().move not in UNDOABLE:  # what followed the move was harmless, and goes with it
                pass
        else:
            lines.append(line)
    return lines


def _next_leg(found: Visit, leg: "_Leg", line: Line) -> "_Leg":
    leg.rests(line.at)
    if leg.begun:  # who is called and sent on at once was served nowhere
        found.given.append(Given(leg.service, line.counter, leg.took))
    if line.move == Move.TRANSFER:
        found.turns.append(Turn(line.move, leg.service, line.counter))
    return _Leg(line.service)


@dataclass(slots=True)
class _Leg:
    """`since`: when it came to the counter, ms; None while it is not there. `took`: ms there before that."""

    service: str
    since: int | None = None
    took: int = 0
    begun: bool = False

    def goes_on(self, at: int) -> None:
        self.since, self.begun = at, True

    def rests(self, at: int) -> None:
        if self.since is not None:
            self.took += max(0, at - self.since)
        self.since = None
