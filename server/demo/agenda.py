"""Whose turn it is to do something: a discrete-event loop over lives, each of which says when it wants to go on."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from heapq import heappop, heappush
from itertools import count

Life = AsyncGenerator[float, None]
"""Somebody's doings: yields the minute until which they wait. It acts between two yields, and nobody else does then."""


class Agenda:
    """Minutes are counted from wherever the caller likes, and only go forward. Equal minutes keep their order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Life]] = []
        self._turns: dict[Life, int] = {}  # each life's one valid entry
        self._count = count()

    def begin(self, life: Life, at: float) -> Life:
        """Let a life begin or go on at a minute; an entry it had before no longer counts."""
        turn = next(self._count)
        self._turns[life] = turn
        heappush(self._heap, (max(at, self.now), turn, life))
        return life

    async def run(self, reach: Callable[[float], Awaitable[None]], going: Callable[[], bool]) -> None:
        """Let everybody do what they want to, in order of time, while `going`. `reach(minute)` waits until it is so."""
        while self._heap and going():
            minute, turn, life = heappop(self._heap)
            if self._turns.get(life) != turn:
                continue
            await reach(minute)
            self.now = minute
            try:
                wanted = await anext(life)
            except StopAsyncIteration:
                del self._turns[life]
            else:
                if self._turns[life] == turn:
                    self.begin(life, wanted)
