"""Run one thing to its end in a loop of its own; what it started ends with it, also on Ctrl-C and SIGTERM."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
import uvloop

from benchmarks.report import note

T = TypeVar("T")
STOPPED = 130  # exit status, as a shell says it of whoever was interrupted
LONGEST_SECONDS = 3 * 3600.0  # nothing hangs for ever


def run(what: Callable[[], Awaitable[T]]) -> T:
    """Its answer; the program ends when somebody stopped it."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_stoppable(what))
    except (KeyboardInterrupt, asyncio.CancelledError):
        note("stopped")
        raise typer.Exit(STOPPED) from None


async def _stoppable(what: Callable[[], Awaitable[T]]) -> T:
    this, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert this is not None

    def stop() -> None:
        loop.add_signal_handler(signal.SIGTERM, lambda: None)  # a second one must not disturb the tidying up
        this.cancel()

    loop.add_signal_handler(signal.SIGTERM, stop)
    async with asyncio.timeout(LONGEST_SECONDS):
        return await what()
