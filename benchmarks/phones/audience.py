"""The phones that one event moves: when each has heard of it, and when the last one has."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.phones.phone import Phone

_NEVER = 1 << 62
COMPLAINTS_KEPT = 20


class Audience:
    """Such as all who wait in one branch. `last_at`: when the last heard what was expected, in perf_counter seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.phones: list[Phone] = []
        self.frames = 0  # heard by all of them, ever
        self.complaints: list[str] = []
        self.awaited, self.left, self.last_at = _NEVER, 0, 0.0
        self.head, self.epoch, self.version = b"\0", -1, -1  # how the newest frame began, and what that said
        self.newest = -1  # version that anybody has heard of
        self._waiter: asyncio.Future[None] | None = None

    def join(self, phone: "Phone") -> None:
        self.phones.append(phone)

    def expect(self, version: int, *, again: bool = False) -> None:
        """From now on `heard` waits for this version at every phone; `again`: also at those that know it already."""
        self.awaited = version
        self.left = len(self.phones) if again else sum(1 for phone in self.phones if phone.version < version)

    def arrived(self, at: float) -> None:
        """One more phone has what is expected."""
        self.left -= 1
        if self.left <= 0:
            self.awaited, self.last_at = _NEVER, at
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    async def heard(self, seconds: float) -> bool:
        """Whether all have heard what was expected, within `seconds`."""
        if self.left > 0:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._waiter
            except TimeoutError:
                return False
        return True

    def complain(self, sentence: str) -> None:
        """A version went back: kept until somebody asks."""
        if len(self.complaints) < COMPLAINTS_KEPT:
            self.complaints.append(sentence)
