"""Tells every process that a branch has moved on: in-process here, over Redis beside it, with the same verbs."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from server import observe

Listener = Callable[[str, int], None]
"""listener(branch id, version), called in the event loop."""
Doubter = Callable[[], None]
"""Called in the event loop when announcements may have been missed: whatever is shown must be looked at again."""
log = logging.getLogger(__name__)


class Bus(Protocol):
    """Nudges only: a lost, doubled or forged one may delay a screen, never corrupt it."""

    def announce(self, branch_id: str, version: int) -> None:
        """From any thread; never blocks, never raises."""
        ...

    def listen(self, listener: Listener, doubter: Doubter | None = None) -> None: ...

    def is_up(self) -> bool:
        """Whether announcements reach the other processes now."""
        ...

    async def start(self) -> None:
        """Never fails for the network's sake: what is away is looked for until it is back."""
        ...

    async def stop(self) -> None: ...


class InProcessBus:
    """For one process: straight into its event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Listener] = []
        self._doubters: list[Doubter] = []

    def announce(self, branch_id: str, version: int) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        try:
            self._loop.call_soon_threadsafe(self._announced, branch_id, version)
        except RuntimeError:
            log.info("the loop ended before version %d of %s was announced", version, branch_id)

    def listen(self, listener: Listener, doubter: Doubter | None = None) -> None:
        self._listeners.append(listener)
        if doubter is not None:
            self._doubters.append(doubter)

    def is_up(self) -> bool:
        return self._loop is not None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        observe.bus_is_up(self.is_up())

    async def stop(self) -> None:
        self._loop = None
        observe.bus_is_up(False)

    def _announced(self, branch_id: str, version: int) -> None:
        self._tell(branch_id, version)

    def _tell(self, branch_id: str, version: int) -> None:
        for listener in self._listeners:
            listener(branch_id, version)
