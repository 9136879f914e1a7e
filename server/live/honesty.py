"""How often each branch's waits came true, kept in memory: counted by a job and never while somebody waits for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from server.domain.honesty import Record
from server.live.board import Ask
from server.queries import branches
from server.queries.honesty import record_of

FRESH_FOR = timedelta(minutes=5)


class Honesty:
    """Of this process. A branch that was not counted yet has no record."""

    def __init__(self, ask: Ask[object], clock: Callable[[], datetime]) -> None:
        self._ask, self._clock = ask, clock
        self._records: dict[str, tuple[datetime, Record]] = {}

    def of(self, branch_id: str) -> Record | None:
        """As it was counted last."""
        known = self._records.get(branch_id)
        return known[1] if known else None

    def of_ten(self, branch_id: str) -> int | None:
        """What customers are told: in how many of ten times "at most" was kept. None: not enough to say."""
        known = self.of(branch_id)
        return known.whole.of_ten if known else None

    async def count(self) -> None:
        """Count again every branch whose record is older than five minutes."""
        ids = await self._ask(lambda session: [branch.id for branch in branches.all_branches(session)])
        assert isinstance(ids, list)
        self._records = {id: known for id, known in self._records.items() if id in ids}
        for branch_id in ids:
            known, now = self._records.get(branch_id), self._clock()
            if known is None or abs(now - known[0]) >= FRESH_FOR:
                await self.count_one(branch_id)

    async def count_one(self, branch_id: str) -> None:
        """Count one branch now."""
        now = self._clock()
        counted = await self._ask(partial(record_of, branch_id=branch_id, now=now))
        assert isinstance(counted, Record)
        self._records[branch_id] = now, counted
