"""Waits for what happens elsewhere, with a bound."""

import asyncio
from collections.abc import Callable
from time import monotonic

from tests.running import PATIENCE

LOOK_EVERY = 0.02  # seconds


async def until(so: Callable[[], object], within: float = PATIENCE, what: Callable[[], object] = lambda: "") -> float:
    """Seconds it took until `so()`; AssertionError saying `what()` when it is not so in time."""
    begun = monotonic()
    while not so():
        if monotonic() - begun > within:
            raise AssertionError(f"not so within {within} s: {what()}")
        await asyncio.sleep(LOOK_EVERY)
    return monotonic() - begun
