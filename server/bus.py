"""Tells every process that a branch has moved on: here in-process; Redis can stand behind the same verbs."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

Listener = Callable[[str, int], None]
"""listener(branch id, version), called in the event loop."""
log = logging.getLogger(__name__)


class Bus(Protocol):
    """Nudges only: a lost, doubled or forged one may delay a screen, never corrupt it."""

    def announce(self, branch_id: str, version: int) -> None:
        """From any thread; never blocks, never raises."""
        ...

    def listen(self, listener: Listener) -> None: ...

    def is_up(self) -> bool:
        """Whether announcements reach the other processes now."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class InProcessBus:
    """For one process: straight into its event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Listener] = []

    def announce(self, branch_id: str, version: int) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        try:
            self._loop.call_soon_threadsafe(self._tell, branch_id, version)
        except RuntimeError:
            log.info("the loop ended before version %d of %s was announced", version, branch_id)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def is_up(self) -> bool:
        return self._loop is not None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        self._loop = None

    def _tell(self, branch_id: str, version: int) -> None:
        for listener in self._listeners:
            listener(branch_id, version)
