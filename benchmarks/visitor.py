"""Somebody who joins a queue and leaves it again, over and over: what others feel of a server at work."""

import asyncio
from functools import partial
from time import perf_counter

from server.actions import joining
from server.chance import new_id
from server.db import Database
from server.domain.people import Actor
from server.domain.presence import Presence

PAUSE_SECONDS = 0.03
PRESENCE = Presence(b"0" * 16)


async def joins_meanwhile(db: Database, branch: str, service: str, going_on: "asyncio.Future[object]") -> list[float]:
    """Seconds of each join, until the other thing is over; raises what that raised."""
    took = []
    while not going_on.done():
        ticket = new_id()
        visitor, wish = Actor("customer", ticket), joining.Joining(ticket, service, "kiosk", "en", here=True)
        began = perf_counter()
        await db.act(branch, None, partial(joining.join, by=visitor, joining=wish, presence=PRESENCE))
        took.append(perf_counter() - began)
        await db.act(branch, None, partial(joining.leave, by=visitor, ticket_id=ticket))
        await asyncio.sleep(PAUSE_SECONDS)
    going_on.result()
    return took
