"""A branch: what it offers now, the code at its door, and its tickets."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from server.access import Staff
from server.actions import joining
from server.api import answers
from server.api.askers import BY_SCREEN, BY_STAFF, AScreen, AStaff, TheKit
from server.api.errands import AnErrand, Errand
from server.api.said import Join, Listing
from server.api.told import Body, BranchToday, Joined, PresenceCode, TicketForStaff
from server.chance import new_id
from server.domain.moves import OPEN, State
from server.domain.people import Actor
from server.live.views import BoardView
from server.live.wire import wait_pair
from server.queries import tickets
from server.web import pages
from server.web.who import Device, device_or_none, staff_or_none

router = APIRouter(prefix="/branches/{branch_id}", tags=["branches"])
PASS_DOTS = 3  # visitor.device.minted.mac; a code has two


@router.get("", summary="What the branch offers now", response_model=BranchToday)
async def branch(branch_id: str, request: Request, kit: TheKit) -> Body:
    """Names are in the language asked for by Accept-Language, else in the branch's first."""
    view = await kit.board(branch_id)
    return answers.branch_body(view, pages.choose_language(request, view.branch.languages))


@router.get("/presence", summary="The code that proves somebody stands here", response_model=PresenceCode)
async def presence(branch_id: str, device: AScreen, request: Request, kit: TheKit) -> Body:
    """For a paired screen: show `url` as a QR until `until`, then ask again."""
    code = kit.presence.code(branch_id, device.id, kit.now())
    return {"code": code.text, "url": f"{kit.base_url(request)}/d/{branch_id}/{code.text}", "until": code.until}


@router.get("/tickets", summary="The tickets in order", response_model=list[TicketForStaff])
async def listed(branch_id: str, asked: Annotated[Listing, Query()], staff: AStaff, kit: TheKit) -> list[Body]:
    """Open ones, and those closed within the last hour; in the order they will be served."""
    staff.must("agent", branch_id)
    view = await kit.board(branch_id)
    wanted = asked.state or OPEN
    found = [t for t in view.by_ticket.values() if t.state in wanted and asked.service in (None, t.service)]
    visits = {ticket.visit for ticket in found if ticket.state == State.SERVED}
    ratings = await kit.ask(lambda session: {v: tickets.rating_of(session, v) for v in visits}) if visits else {}
    return [answers.staff_body(view, ticket, ratings.get(ticket.visit)) for ticket in found]


@router.post("/tickets", summary="Join", status_code=201, response_model=Joined, dependencies=[BY_STAFF, BY_SCREEN])
async def join(
    branch_id: str, said: Join, errand: AnErrand, kit: TheKit, staff: Annotated[Staff | None, Depends(staff_or_none)]
) -> Body:
    """With `presence` waiting at once, without it as the branch decides; staff and a kiosk add whom they see."""
    device = None if staff else await device_or_none(errand.request, kit)
    view = await kit.board(branch_id)
    asked = _joining(errand, said, view, staff, device)
    action = partial(joining.join, by=_actor(staff, device), joining=asked, presence=kit.presence)
    first = partial(_with_wait, action=action, wait=list(asked.promised) if asked.promised else None)
    answer = await errand.send(branch_id, _scope(errand, branch_id, said, staff, device), first, staff)
    secret = kit.presence.secret(answer["ticket"], answer["generation"])
    return {
        "id": answer["ticket"],
        "secret": secret,
        "url": f"{kit.base_url(errand.request)}/keep#{answer['ticket']}.{secret}",
        **{name: answer[name] for name in ("number", "state", "ahead", "wait", "version")},
    }


def _joining(
    errand: Errand, said: Join, view: BoardView, staff: Staff | None, device: Device | None
) -> joining.Joining:
    branch_id = view.branch.id
    if staff is not None:
        staff.must("agent", branch_id)
    at_the_kiosk = device is not None and device.kind == "kiosk" and device.branch_id == branch_id
    wait = next((wait_pair(s.wait) for s in view.services if s.id == said.service), None)
    client = errand.request.client
    admit = partial(errand.kit.limits.admit_join, branch_id, client.host if client else "")
    wanted = said.model_dump(include={"service", "name", "need", "priority"})
    return joining.Joining(
        ticket_id=new_id(),
        channel="agent" if staff else "kiosk" if at_the_kiosk else "api",
        language=said.language or pages.choose_language(errand.request, view.branch.languages),
        proof=said.presence,
        here=staff is not None or at_the_kiosk,
        device_id=device.id if device and at_the_kiosk else None,
        promised=(wait[0], wait[1]) if wait else None,
        admit=_anybody if staff else admit,
        **wanted,
    )


def _anybody(device: str | None) -> None:
    """Staff add walk-ins as fast as they come."""


def _actor(staff: Staff | None, device: Device | None) -> Actor:
    known = staff or device
    return known.actor if known else Actor("customer")


def _scope(errand: Errand, branch_id: str, said: Join, staff: Staff | None, device: Device | None) -> str:
    """Whose key it is: a person's, a screen's, the visitor's behind a pass; or nobody's, and then the branch's."""
    known = staff or device
    if known is not None:
        return f"{known.actor.kind}:{known.id}"
    if said.presence and said.presence.count(".") == PASS_DOTS:
        return f"visitor:{said.presence.partition('.')[0]}"
    errand.key_must_be_random()
    return f"join:{branch_id}"


def _with_wait(session: Any, branch: Any, now: Any, *, action: Any, wait: list[int] | None) -> Body:
    """The promised wait is kept with the answer, so that a replay is told the same."""
    answer: Body = action(session, branch, now)
    return answer | {"wait": wait}
