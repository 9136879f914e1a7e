"""A served branch with a queue at its door and Ken at counter 1, whom the tests let call."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.faults.truth import Truth
from tests.faults.watchers import Watcher, phones, screens
from tests.hands import Hands, Slip
from tests.running import Running, running

QUEUE = 40  # people; nobody may run out of them
EVERY = 6  # one in so many is looked at: at the head, in the middle, at the end


@dataclass
class Office:
    """`slips`: in the order of the queue."""

    server: Running
    hands: Hands
    truth: Truth
    slips: list[Slip]

    def watchers(self, port: int) -> list[Watcher]:
        """Phones at the head, in the middle and at the end of the queue, and the screens; all at this port."""
        return phones(self.slips[::EVERY], port) + screens(self.server, port)

    async def ken_calls(self, times: int = 1, before: str = "miss") -> dict[int, float]:
        """One after the other; what he does each time with the one `before`: "miss" them, or back to the "queue".

        The versions of the calls, and when each was answered.
        """
        return await asyncio.to_thread(self._ken_calls, times, before)

    def _ken_calls(self, times: int, before: str) -> dict[int, float]:
        saved = {}
        for _ in range(times):
            self.ken_is_free(before)
            called = self.hands.calls("Ken", "1")
            saved[self.hands.sees("Ken", called)["version"]] = monotonic()
        return saved

    def ken_is_free(self, before: str = "miss") -> None:
        for ticket in self.truth.now().current:
            self.hands.serves("Ken", ticket, "POST", before)


@contextmanager
def office(url: str | None, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Office]:
    """`url` as for `running`."""
    with running(url, folder, settings=settings or {}, recall_gap=0) as server:
        address = url or f"sqlite:///{folder / 'data' / 'nowserving.db'}"
        hands = Hands(server.base, server.made)
        hands.takes("Ken", "1")
        code = hands.code()
        slips = [hands.joins("new-passport", presence=code) for _ in range(QUEUE)]
        with Truth(address, server.branch) as truth:
            yield Office(server, hands, truth, slips)
        hands.close()
