"""What a branch's forecast has learned, kept up with its diary, and read again from it when a server starts."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from operator import itemgetter

from sqlalchemy.orm import Session

from server.domain.base import to_ms
from server.domain.forecast import LEARN_FROM, Forecaster, Served
from server.domain.forecast.diary import MS_PER_MINUTE, Diary, Line, Stand, standing
from server.domain.moves import Move
from server.queries import learning

LINES = 5 * LEARN_FROM  # a visit is about five lines
DUTIES = 600  # of the newest: sixty days of ten counters
REACH = timedelta(days=60)
RARELY = 300  # finished visits of a service that the newest lines hold too few of
SETTLED = timedelta(seconds=30)  # beyond the time for undoing: what another machine's clock may be off by
SLICE = 30_000  # ms: everybody reads up to the same instants, so boards of one branch have learned the same
Happened = Line | Stand


class Learner:
    """Tells a forecaster what has happened, each fact once, as soon as it cannot be taken back any more."""

    def __init__(self, branch_id: str, forecaster: Callable[[], Forecaster] = Forecaster) -> None:
        self.forecaster = forecaster()
        self._branch_id, self._diary = branch_id, Diary()
        self._version, self._until = -1, 0  # of the last line it has read, and the instant up to which it has

    def learn(
        self, session: Session, now: datetime, undo_for: timedelta, services: Collection[str],
        head_starts: Mapping[str, float],
    ) -> None:  # fmt: skip
        """Read on. `services`: ids of all that the branch has or had; `head_starts`: minutes by priority class."""
        until = to_ms(now - undo_for - SETTLED) // SLICE * SLICE
        if until <= self._until:
            return
        first = self._version < 0
        lines = learning.lines_since(session, self._branch_id, self._version, LINES)
        settled = [line for line in standing(lines) if line.at <= until]
        begins = self._until + 1
        if first:
            begins = _begins(lines, now)
            settled = [line for line in settled if line.at >= begins]
            if len(lines) == LINES:
                self._learn_of_rare(session, lines, begins, services)
        stands = learning.stands_since(session, self._branch_id, self._version, DUTIES)
        called = [line.ticket for line in settled if line.move == Move.CALL]
        foretold = learning.foretold(session, called, head_starts)
        happened = _in_order(settled, [stand for stand in stands if begins <= stand.at <= until])
        for fact in self._diary.read(happened, foretold):
            self.forecaster.tell(fact)
        self._version = max((line.version for line in lines if line.at <= until), default=max(self._version, 0))
        self._until = until

    def _learn_of_rare(self, session: Session, lines: list[Line], begins: int, services: Collection[str]) -> None:
        finished = Counter(line.service for line in lines if line.move == Move.FINISH)
        for service in services:
            if finished[service] < RARELY:
                more = learning.served_before(session, self._branch_id, service, begins, RARELY - finished[service])
                for took in more:
                    self.forecaster.tell(Served(service, took / MS_PER_MINUTE))


def _begins(lines: list[Line], now: datetime) -> int:
    """How far back everything is read: as far as the lines reach, so that what makes one share does so equally."""
    oldest = to_ms(now - REACH)
    return max(oldest, lines[0].at) if len(lines) == LINES else oldest


def _in_order(lines: list[Line], stands: list[Stand]) -> list[Happened]:
    """By time; moves by their versions, whatever the clock did."""
    latest = accumulate((line.at for line in lines), max)
    timed: list[tuple[int, Happened]] = [*zip(latest, lines, strict=True), *((stand.at, stand) for stand in stands)]
    timed.sort(key=itemgetter(0))
    return [each for _, each in timed]
