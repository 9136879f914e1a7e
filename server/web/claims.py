"""What tickets' secrets are checked against, in memory: a storm of phones asks the database a few questions."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from server import access
from server.access import Claim, Memory

REMEMBER_SECONDS = 3600.0  # a revocation ends it sooner
Found = dict[str, Claim]
Ask = Callable[[Callable[[Session], Found]], Awaitable[Found]]


class Claims:
    """The first question brings everybody who may come; each later one, all who asked while it was waited for."""

    def __init__(self, ask: Ask, now: Callable[[], datetime]) -> None:
        self._ask, self._now = ask, now
        self._known: Memory[Claim] = Memory(REMEMBER_SECONDS)
        self._has_all = False
        self._forgotten = 0  # times
        self._wanted: set[str] = set()
        self._next: asyncio.Task[Found] | None = None  # the question that will be asked for all of `_wanted`
        self._asking = asyncio.Lock()

    def at_hand(self, ticket_id: str) -> Claim | None:
        """What `of` answers, where it need not ask."""
        return self._known.get(ticket_id)

    async def of(self, ticket_id: str) -> Claim | None:
        known = self.at_hand(ticket_id)
        if known is None and ticket_id.isascii() and ticket_id.isalnum():  # what stops the database would stop others
            self._wanted.add(ticket_id)
            known = (await self._answered()).get(ticket_id)
        return known

    async def look_ahead(self) -> None:
        """Bring everybody who may come before the first of them does."""
        await self._answered()

    def forget(self) -> None:
        """Somebody's rights changed: ask again."""
        self._known.forget()
        self._has_all, self._forgotten = False, self._forgotten + 1

    async def _answered(self) -> Found:
        """By the question that is asked next."""
        if self._next is None:
            self._next = asyncio.create_task(self._question())
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)

    async def _question(self) -> Found:
        async with self._asking:
            wanted, self._wanted, self._next, forgotten = self._wanted, set(), None, self._forgotten
            at_hand = None if self._has_all else self._now()
            found = await self._ask(partial(access.claims, ticket_ids=wanted, at_hand=at_hand))
        if forgotten == self._forgotten:  # else it may be what was true before
            for ticket_id, claim in found.items():
                self._known.put(ticket_id, claim)
            self._has_all = True
        return found


def _heard(question: "asyncio.Task[Found]") -> None:
    """Nobody may be left to be told of a failure."""
    if not question.cancelled():
        question.exception()
