"""What a branch's forecast has learned, kept up with its diary; a start goes on from a copy, or reads it all again."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from operator import itemgetter

from sqlalchemy.orm import Session

from server.domain.base import to_ms
from server.domain.forecast import FORM, LEARN_FROM, UNFIT, Forecaster, Served
from server.domain.forecast.diary import MS_PER_MINUTE, Diary, Line, Stand, standing
from server.domain.learned import Copy
from server.domain.moves import Move
from server.queries import learning

LINES = 5 * LEARN_FROM  # a visit is about five lines
DUTIES = 600  # of the newest: sixty days of ten counters
REACH = timedelta(days=60)
RARELY = 300  # finished visits of a service that the newest lines hold too few of
SETTLED = timedelta(seconds=30)  # beyond the time for undoing: what another machine's clock may be off by
SLICE = 30_000  # ms: everybody reads up to the same instants, so boards of one branch have learned the same
KEPT_EVERY = 5 * 60_000  # ms: a start reads the diary of so long, and a minute or two
Happened = Line | Stand
log = logging.getLogger(__name__)


class Learner:
    """Tells a forecaster what has happened, each fact once, as soon as it cannot be taken back any more.

    `copy`: what it knew a while ago, for whoever keeps it; None when nothing has happened since the last.
    """

    _version: int  # of the last line it has read
    _until: int  # and the instant up to which it has

    def __init__(self, branch_id: str, forecaster: Callable[[], Forecaster] = Forecaster) -> None:
        self._branch_id, self._new = branch_id, forecaster
        self.copy: Copy | None = None
        self._copied = 0, 0  # the line and the instant of the newest copy
        self._begin()

    def learn(
        self, session: Session, now: datetime, undo_for: timedelta, services: Collection[str],
        head_starts: Mapping[str, float],
    ) -> None:  # fmt: skip
        """Read on. `services`: ids of all that the branch has or had; `head_starts`: minutes by priority class."""
        if self._version < 0:
            self._resume(session, now)
        until = to_ms(now - undo_for - SETTLED) // SLICE * SLICE
        if until <= self._until:
            return
        lines = learning.lines_since(session, self._branch_id, self._version, LINES)
        if len(lines) == LINES:  # there may be more, which would be missed
            self._begin()
        first, begins = self._version < 0, self._until + 1
        settled = [line for line in standing(lines) if line.at <= until]
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
        self._make_copy()

    def is_kept(self, copy: Copy) -> None:
        """That one need not be kept again."""
        if self.copy is copy:
            self.copy = None

    def _begin(self) -> None:
        """Nothing is known."""
        self.forecaster, self._diary = self._new(), Diary()
        self._version, self._until = -1, 0

    def _resume(self, session: Session, now: datetime) -> None:
        """Go on from what was kept, as if it had never stopped; where that cannot be believed, begin."""
        found = learning.copy_of(session, self._branch_id)
        if found is None:
            return
        try:
            self._go_on(*found, now)
        except UNFIT as unfit:
            self._begin()
            log.warning("what %s had learned is read again from its diary: %s", self._branch_id, unfit)

    def _go_on(self, copy: Copy, stands_in_diary: bool, now: datetime) -> None:
        """One of UNFIT where it cannot."""
        if copy.form != FORM:
            raise ValueError(f"the copy is of form {copy.form}, not {FORM}")
        if not stands_in_diary or copy.until > to_ms(now):
            raise ValueError("the copy is of another diary")
        kept = json.loads(copy.state)
        self.forecaster.resume(kept["forecaster"])
        self._diary.resume(kept["diary"])
        self._version, self._until = self._copied = copy.version, copy.until

    def _make_copy(self) -> None:
        """Where something has happened since the last, and that is a while ago."""
        version, until = self._copied
        if self._version > version and self._until >= until + KEPT_EVERY:
            self._copied = self._version, self._until
            kept = {"forecaster": self.forecaster.kept(), "diary": self._diary.kept()}
            state = json.dumps(kept, separators=(",", ":"))
            self.copy = Copy(self._branch_id, self._version, self._until, FORM, state)

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
