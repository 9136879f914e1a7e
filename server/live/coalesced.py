"""One question at a time for each name: who asks while one is under way shares the next; that one may be older."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """`ask(name)`, never twice at once for one name. Whoever goes away meanwhile stops nothing."""

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._ask = ask
        self._running: dict[str, asyncio.Task[T]] = {}
        self._next: dict[str, asyncio.Task[T]] = {}

    async def __call__(self, name: str) -> T:
        """An answer that was first looked for after this call."""
        return await asyncio.shield(self._next.get(name) or self._begin(name))

    def __len__(self) -> int:
        """How many questions are under way or waiting."""
        return len(self._running) + len(self._next)

    def _begin(self, name: str) -> "asyncio.Task[T]":
        before = self._running.get(name)
        task = asyncio.create_task(self._answer(name, before))
        task.add_done_callback(_heard)
        (self._running if before is None else self._next)[name] = task
        return task

    async def _answer(self, name: str, before: "asyncio.Task[T] | None") -> T:
        if before is not None:
            await asyncio.wait([before])
            self._running[name] = self._next.pop(name)
        try:
            return await self._ask(name)
        finally:
            del self._running[name]


def _heard(task: "asyncio.Task[T]") -> None:
    """Nobody may be left to be told of a failure."""
    if not task.cancelled():
        task.exception()
