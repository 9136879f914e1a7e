"""Who may ask what of this face: a ticket's holder, staff of the branch, a paired screen."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from server.access import Staff
from server.domain.errors import Forbidden, NotFound, SignInNeeded
from server.domain.people import Actor
from server.web.kit import Kit, kit
from server.web.who import Device, device_or_none, holder_or_none, staff_or_none


def _way_in(name: str, form: str, who: str) -> Any:
    """Written into the description, so that it says for each address who may ask; it checks nothing."""
    return Depends(
        APIKeyHeader(name="Authorization", scheme_name=name, description=f"`{form}`. {who}", auto_error=False)
    )


BY_SECRET = _way_in("ticket", "Ticket <secret>", "Whoever holds the ticket's secret; or its cookie.")
BY_SCREEN = _way_in("device", "Device <key>", "A paired kiosk or lobby screen; or its cookie.")
BY_STAFF = _way_in("staff", "Bearer <key>", "A member of staff, within their roles and branches; or their cookie.")


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


async def staff(
    request: Request, known: Annotated[Staff | None, Depends(staff_or_none)], _: str | None = BY_STAFF
) -> Staff:
    """By `Authorization: Bearer` or session cookie; a ticket's secret or a screen's key is not enough."""
    if known is None:
        raise _unknown(request)
    return known


async def ticket_holder(
    request: Request, ticket_id: str, kit: Annotated[Kit, Depends(kit)], _: str | None = BY_SECRET
) -> Asker:
    """By the ticket's secret; NotFound for a wrong one: an id proves nothing."""
    held = await holder_or_none(request, ticket_id, kit)
    if held is not None:
        return Asker(held.branch_id, held.actor)
    if await staff_or_none(request, kit) is not None:
        raise Forbidden
    raise NotFound if _scheme(request) == "ticket" else _unknown(request)


async def holder_or_agent(
    request: Request,
    ticket_id: str,
    kit: Annotated[Kit, Depends(kit)],
    _: str | None = BY_SECRET,
    __: str | None = BY_STAFF,
) -> Asker:
    """The ticket's holder, or whoever works in its branch."""
    held = await holder_or_none(request, ticket_id, kit)
    if held is not None:
        return Asker(held.branch_id, held.actor)
    known = await staff_or_none(request, kit)
    if known is None:
        raise NotFound if _scheme(request) == "ticket" else _unknown(request)
    return await agent_of_ticket(ticket_id, kit, known)


async def agent_of_ticket(
    ticket_id: str, kit: Annotated[Kit, Depends(kit)], staff: Annotated[Staff, Depends(staff)]
) -> Asker:
    """Whoever works in the ticket's branch."""
    return _agent(staff, (await kit.claim_of_ticket(ticket_id)).branch_id)


async def agent_of_counter(
    counter_id: str, kit: Annotated[Kit, Depends(kit)], staff: Annotated[Staff, Depends(staff)]
) -> Asker:
    """Whoever works in the counter's branch; whether they stand there is the action's question."""
    return _agent(staff, await kit.branch_of_counter(counter_id))


async def screen(
    request: Request, branch_id: str, kit: Annotated[Kit, Depends(kit)], _: str | None = BY_SCREEN
) -> Device:
    """A paired screen of this branch."""
    known = await device_or_none(request, kit)
    if known is None:
        raise _unknown(request)
    if known.branch_id != branch_id:
        raise Forbidden
    return known


async def screen_or_staff(
    request: Request,
    branch_id: str,
    kit: Annotated[Kit, Depends(kit)],
    _: str | None = BY_SCREEN,
    __: str | None = BY_STAFF,
) -> None:
    """Whoever may see what the lobby sees."""
    known = await staff_or_none(request, kit)
    if known is not None:
        known.must("agent", branch_id)
    else:
        await screen(request, branch_id, kit)


def _agent(staff: Staff, branch_id: str) -> Asker:
    staff.must("agent", branch_id)
    return Asker(branch_id, staff.actor, staff)


def _unknown(request: Request) -> Exception:
    """Somebody we know by another right is not allowed; nobody we know may sign in."""
    return Forbidden() if _scheme(request) in ("ticket", "device") else SignInNeeded()


def _scheme(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[0].lower()


AnAgentOfTicket = Annotated[Asker, Depends(agent_of_ticket)]
AnAgentOfCounter = Annotated[Asker, Depends(agent_of_counter)]
AHolder = Annotated[Asker, Depends(ticket_holder)]
AHolderOrAgent = Annotated[Asker, Depends(holder_or_agent)]
AScreen = Annotated[Device, Depends(screen)]
AStaff = Annotated[Staff, Depends(staff)]
TheKit = Annotated[Kit, Depends(kit)]
