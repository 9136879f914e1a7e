"""The live frames once each, for whoever cannot hold a socket."""

from typing import Any

from fastapi import APIRouter, Depends

from server.api.askers import AHolderOrAgent, TheKit, screen_or_staff
from server.api.told import BranchFrame, TicketFrame
from server.domain.errors import NotFound
from server.live.wire import branch_frame, phone_frame

router = APIRouter(prefix="/live", tags=["live"])


@router.get(
    "/tickets/{ticket_id}",
    summary="A ticket's frame, once",
    response_model=TicketFrame,
    response_model_exclude_unset=True,
)
async def ticket_once(ticket_id: str, asker: AHolderOrAgent, kit: TheKit) -> dict[str, Any]:
    """The same as the WebSocket of this address sends on every change."""
    view, found = await kit.boards.framed(asker.branch_id, ticket_id)
    if found is None:
        raise NotFound
    return phone_frame(view, found, kit.now())


@router.get(
    "/branches/{branch_id}",
    summary="A branch's frame, once",
    response_model=BranchFrame,
    dependencies=[Depends(screen_or_staff)],
)
async def branch_once(branch_id: str, kit: TheKit) -> dict[str, Any]:
    """The last calls, and how many wait for what."""
    return branch_frame(await kit.board(branch_id))
