"""Tickets that closed long ago, as their phones are told of them: asked for together, once, and then remembered.

Nothing of them moves any more, so what was read stays true while the epoch does. Whether there still is such a ticket
was asked by whoever let its phone in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from server.live.coalesced import Coalesced
from server.live.views import BoardView
from server.queries import past

REMEMBER_AT_MOST = 50_000  # tickets; some 10 MB
TOGETHER_SECONDS = 0.25  # in which who comes is asked for by one question: a storm of any size is a score of them
Ask = Callable[[Callable[[Session], Any]], Awaitable[Any]]


class OldTicket(NamedTuple):
    """What a frame says of one; it has no place any more."""

    service: str
    state: str
    moved: int
    ahead: None = None
    near: bool = False
    wait: None = None
    why: None = None


class OldTickets:
    """Whoever asks while a question is under way shares the next one."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: OrderedDict[tuple[int, str, str], OldTicket] = OrderedDict()  # by epoch, branch, ticket
        self._wanted: set[str] = set()
        self._asked = Coalesced(self._question)

    async def of(self, view: BoardView, ticket_id: str) -> OldTicket | None:
        """None also for one that is still open: it is not for us to say how that stands."""
        key = (view.epoch, view.branch.id, ticket_id)
        if key not in self._known:
            self._wanted.add(ticket_id)
            await self._asked(str(view.epoch))
        return self._known.get(key)

    async def _question(self, epoch: str) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        wanted, self._wanted = self._wanted, set()
        for ticket_id, branch_id, *told in await self._ask(partial(past.closed_ones, ticket_ids=wanted)):
            self._known[int(epoch), branch_id, ticket_id] = OldTicket(*told)
        while len(self._known) > REMEMBER_AT_MOST:
            self._known.popitem(last=False)
