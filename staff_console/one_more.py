"""What one more counter would change, for a manager who wonders whether to open one."""

import asyncio
from dataclasses import dataclass

from server.domain.forecast import Wait
from server.live.views import BoardView, ServiceView


@dataclass(frozen=True, slots=True)
class OneMore:
    """What one more counter would do for a service. `label`: of a closed counter; None: any that works it."""

    service: ServiceView
    label: str | None
    now: Wait | None
    then: Wait


async def one_more(view: BoardView) -> list[OneMore]:
    """Of those services that it would make quicker. Each closed counter is replayed: not where others are answered."""
    labels = {counter.id: counter.label for counter in view.counters}
    return [
        OneMore(view.service(found.service), labels.get(found.counter or ""), found.now, found.then)
        for found in await asyncio.to_thread(view.what_if)
        if found.now is None or found.then.likely < found.now.likely
    ]
