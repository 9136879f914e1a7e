"""Who may ask what of this face, and their errand: one request that changes something, once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from server.access import Staff
from server.api import answers
from server.api.told import Body
from server.domain.errors import Forbidden, Invalid, NotFound, SignInNeeded
from server.domain.people import Actor
from server.queries import branches, tickets
from server.web.kit import Kit, key_of, kit
from server.web.who import Device, device_or_none, holder_or_none, staff_or_none

KEY_LENGTH = 200  # characters; longer ones are a mistake
RANDOM_KEY = 22  # characters: 128 random bits in base64

Action = Callable[..., Any]
"""An action of server.actions, complete but for `by` and `ticket_id`."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who may do something with one ticket or at one counter of `branch_id`; `staff` None: its holder."""

    branch_id: str
    actor: Actor
    staff: Staff | None = None

    @property
    def scope(self) -> str:
        """Whose Idempotency-Keys these are."""
        return f"{self.actor.kind}:{self.actor.id}"


async def staff(request: Request, known: Annotated[Staff | None, Depends(staff_or_none)]) -> Staff:
    """By `Authorization: Bearer` or session cookie; a ticket's secret or a screen's key is not enough."""
    if known is None:
        raise _unknown(request)
    return known


async def ticket_holder(request: Request, ticket_id: str, kit: Annotated[Kit, Depends(kit)]) -> Asker:
    """By the ticket's secret; NotFound for a wrong one: an id proves nothing."""
    held = await holder_or_none(request, ticket_id, kit)
    if held is not None:
        return Asker(held.branch_id, held.actor)
    if await staff_or_none(request, kit) is not None:
        raise Forbidden
    raise NotFound if _scheme(request) == "ticket" else SignInNeeded


async def holder_or_agent(request: Request, ticket_id: str, kit: Annotated[Kit, Depends(kit)]) -> Asker:
    """The ticket's holder, or whoever works in its branch."""
    held = await holder_or_none(request, ticket_id, kit)
    if held is not None:
        return Asker(held.branch_id, held.actor)
    known = await staff_or_none(request, kit)
    if known is None:
        raise NotFound if _scheme(request) == "ticket" else SignInNeeded
    return await agent_of_ticket(ticket_id, kit, known)


async def agent_of_ticket(
    ticket_id: str, kit: Annotated[Kit, Depends(kit)], staff: Annotated[Staff, Depends(staff)]
) -> Asker:
    """Whoever works in the ticket's branch."""
    branch_id = await kit.ask(partial(tickets.branch_of_ticket, ticket_id=ticket_id))
    return _agent(staff, branch_id)


async def agent_of_counter(
    counter_id: str, kit: Annotated[Kit, Depends(kit)], staff: Annotated[Staff, Depends(staff)]
) -> Asker:
    """Whoever works in the counter's branch; whether they stand there is the action's question."""
    branch_id = await kit.ask(partial(branches.branch_of_counter, counter_id=counter_id))
    return _agent(staff, branch_id)


async def screen(request: Request, branch_id: str, kit: Annotated[Kit, Depends(kit)]) -> Device:
    """A paired screen of this branch."""
    known = await device_or_none(request, kit)
    if known is None:
        raise _unknown(request)
    if known.branch_id != branch_id:
        raise Forbidden
    return known


async def screen_or_staff(request: Request, branch_id: str, kit: Annotated[Kit, Depends(kit)]) -> None:
    """Whoever may see what the lobby sees."""
    known = await staff_or_none(request, kit)
    if known is not None:
        known.must("agent", branch_id)
    else:
        await screen(request, branch_id, kit)


class Errand:
    """One request that changes something: with its Idempotency-Key it happens once, however often it is sent."""

    def __init__(self, request: Request, kit: Kit, key: str | None, body: str) -> None:
        self.request, self.kit = request, kit
        self._key, self._body = key, body

    async def act(self, asker: Asker, action: Action) -> Any:
        """An action at a counter; staff must still have their role when it happens."""
        return await self.send(asker.branch_id, asker.scope, partial(action, by=asker.actor), asker.staff)

    async def move(self, asker: Asker, action: Action, ticket_id: str, *, queued: bool = False) -> Body:
        """A move of a ticket; `queued`: it may stand in a queue afterwards, so its wait is asked for beforehand."""
        view = await self.kit.board(asker.branch_id) if queued else None
        moved: Body = await self.act(
            asker, partial(answers.after, action=partial(action, ticket_id=ticket_id), view=view)
        )
        return moved

    async def send(self, branch_id: str, scope: str, action: Action, who: Staff | None = None) -> Any:
        return await self.kit.act(branch_id, key_of(self.request, scope, self._key, self._body), action, who=who)

    def key_must_be_random(self) -> None:
        """Nobody stands behind this key but itself: it must not be guessed."""
        if self._key is not None and len(self._key) < RANDOM_KEY:
            raise _bad_key()


async def errand(
    request: Request,
    kit: Annotated[Kit, Depends(kit)],
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body again: the first answer again. Kept for 24 hours.")
    ] = None,
) -> Errand:
    """Any POST, PUT, PATCH or DELETE."""
    if idempotency_key is not None and not (0 < len(idempotency_key) <= KEY_LENGTH):
        raise _bad_key()
    return Errand(request, kit, idempotency_key, _canonical(await request.body()))


def _agent(staff: Staff, branch_id: str) -> Asker:
    staff.must("agent", branch_id)
    return Asker(branch_id, staff.actor, staff)


def _unknown(request: Request) -> Exception:
    """Somebody we know by another right is not allowed; nobody we know may sign in."""
    return Forbidden() if _scheme(request) in ("ticket", "device") else SignInNeeded()


def _scheme(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[0].lower()


def _canonical(body: bytes) -> str:
    """The same for the same JSON, whatever its spaces and the order of its names."""
    try:
        return json.dumps(json.loads(body), sort_keys=True) if body else ""
    except ValueError:  # not JSON: the shapes refuse it
        return body.hex()


def _bad_key() -> Invalid:
    return Invalid("invalid-input", {"Idempotency-Key": "idempotency-key"})


AnAgentOfTicket = Annotated[Asker, Depends(agent_of_ticket)]
AnAgentOfCounter = Annotated[Asker, Depends(agent_of_counter)]
AHolder = Annotated[Asker, Depends(ticket_holder)]
AHolderOrAgent = Annotated[Asker, Depends(holder_or_agent)]
AScreen = Annotated[Device, Depends(screen)]
AStaff = Annotated[Staff, Depends(staff)]
AnErrand = Annotated[Errand, Depends(errand)]
TheKit = Annotated[Kit, Depends(kit)]
