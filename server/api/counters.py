"""A counter: who stands there, and whom they call."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from server.actions import duties, serving
from server.api import answers
from server.api.askers import AnAgentOfCounter
from server.api.errands import AnErrand
from server.api.said import Break, Call, DutyEnd, DutyProfile
from server.api.told import Body, DutyNow, TicketNow
from server.chance import new_id

router = APIRouter(prefix="/counters/{counter_id}", tags=["counters"])


@router.post("/duty", summary="Take the counter", response_model=DutyNow)
async def take(counter_id: str, agent: AnAgentOfCounter, errand: AnErrand, said: DutyProfile | None = None) -> Body:
    """Again: the services worked are replaced. A counter taken elsewhere is left."""
    services = said.services if said else None
    action = partial(duties.take, counter_id=counter_id, duty_id=new_id(), services=services)
    duty: Body = await errand.act(agent, action)
    return duty


@router.patch("/duty", summary="Take a break, or come back", response_model=DutyNow)
async def change_break(counter_id: str, said: Break, agent: AnAgentOfCounter, errand: AnErrand) -> Body:
    """While somebody is current it begins when they have gone."""
    action = partial(duties.change_break, counter_id=counter_id, on_break=said.on_break, back_at=said.back_at)
    duty: Body = await errand.act(agent, action)
    return duty


@router.delete("/duty", summary="Leave the counter", response_model=DutyNow)
async def end(counter_id: str, agent: AnAgentOfCounter, errand: AnErrand, said: DutyEnd | None = None) -> Body:
    """With people parked here, say where they go."""
    parked = said.parked if said else None
    duty: Body = await errand.act(agent, partial(duties.end, counter_id=counter_id, parked=parked))
    return duty


@router.post(
    "/calls", summary="Call the next, or a chosen one", status_code=201, response_model=TicketNow | None,
    responses={200: {"description": "Nobody waits", "content": {"application/json": {"example": None}}}},
)  # fmt: skip
async def call(
    counter_id: str, agent: AnAgentOfCounter, errand: AnErrand, response: Response, said: Call | None = None
) -> Body | None:
    """Without a body: the head of the declared order. 200 and null when nobody waits."""
    action = partial(_whom(said), counter_id=counter_id)
    called: Body | None = await errand.act(agent, partial(answers.after, action=action, view=None))
    if called is None:
        response.status_code = 200
    return called


def _whom(said: Call | None) -> Callable[..., Any]:
    if said and said.ticket:
        return partial(serving.call, ticket_id=said.ticket, reason=said.reason or "")
    return serving.call_next
