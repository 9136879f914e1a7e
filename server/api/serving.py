"""What an agent does with the customer at their counter."""

from functools import partial

from fastapi import APIRouter

from server.actions import serving
from server.api.askers import AnAgentOfTicket
from server.api.errands import AnErrand
from server.api.said import Finish, Nothing, Transfer
from server.api.told import Body, TicketNow

router = APIRouter(prefix="/tickets/{ticket_id}", tags=["serving"])


@router.post("/recalls", summary="Call once more", response_model=TicketNow)
async def recall(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    """Shown and spoken again; not too soon, and not too often."""
    return await errand.move(agent, serving.recall, ticket_id)


@router.post("/service", summary="Start", response_model=TicketNow)
async def start(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(agent, serving.start, ticket_id)


@router.put("/outcome", summary="Finish, with what came of it", response_model=TicketNow)
async def finish(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, said: Finish | None = None) -> Body:
    """An outcome is needed where the service says so."""
    said = said or Finish()
    return await errand.move(agent, partial(serving.finish, outcome=said.outcome, note=said.note), ticket_id)


@router.post("/miss", summary="Not here", response_model=TicketNow)
async def miss(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(agent, serving.miss, ticket_id)


@router.post("/queue", summary="Put back to the old place", response_model=TicketNow)
async def put_back(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(agent, serving.put_back, ticket_id, queued=True)


@router.post("/parking", summary="Park: fill in this form", response_model=TicketNow)
async def park(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(agent, serving.park, ticket_id)


@router.delete("/parking", summary="Serve on", response_model=TicketNow)
async def unpark(ticket_id: str, agent: AnAgentOfTicket, errand: AnErrand, _: Nothing | None = None) -> Body:
    """By the agent of that counter, while nobody is current there."""
    return await errand.move(agent, serving.unpark, ticket_id)


@router.post("/transfer", summary="To a service, a counter or an agent", response_model=TicketNow)
async def transfer(ticket_id: str, said: Transfer, agent: AnAgentOfTicket, errand: AnErrand) -> Body:
    """Same ticket, id, secret and number; `place` says where in the queue it comes."""
    return await errand.move(agent, partial(serving.transfer, **said.model_dump()), ticket_id, queued=True)
