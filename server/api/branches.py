"""A branch: what it offers now, the code at its door, and its tickets."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from server.access import Staff
from server.actions import joining
from server.api import answers
from server.api.askers import AScreen, AStaff, TheKit
from server.api.errands import AnErrand, Errand
from server.api.said import Join, Listing
from server.api.told import Body, BranchToday, Joined, PresenceCode, TicketForStaff
from server.chance import new_id
from server.domain.moves import OPEN, State
from server.domain.people import Actor
from server.domain.presence import PASS_DOTS
from server.live.views import BoardView
from server.queries import tickets
from server.web import pages
from server.web.limits import Verdict
from server.web.who import Device, device_or_none, staff_or_none

router = APIRouter(prefix="/branches/{branch_id}", tags=["branches"])
BY_STAFF_OR_SCREEN: dict[str, Any] = {"security": [{}, {"staff": []}, {"device": []}]}  # or nobody: a code is enough


@router.get("", summary="What the branch offers now", response_model=BranchToday)
async def branch(branch_id: str, request: Request, kit: TheKit) -> Body:
    """Names are in the language asked for by Accept-Language, else in the branch's first.

    `kept`: of ten waits told here in the last 30 days, in how many the call came within "at most", rounded down; null
    until a hundred were judged.
    """
    view = await kit.board(branch_id)
    language = pages.choose_language(request, view.branch.languages)
    return answers.branch_body(view, language, kit.honesty.of_ten(branch_id))


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


@router.post("/tickets", summary="Join", status_code=201, response_model=Joined, openapi_extra=BY_STAFF_OR_SCREEN)
async def join(branch_id: str, said: Join, errand: AnErrand) -> Body:
    """With `presence` waiting at once, without it as the branch decides; staff and a kiosk add whom they see."""
    kit = errand.kit
    staff = await staff_or_none(errand.request, kit)
    device = None if staff else await device_or_none(errand.request, kit)
    view = await kit.board_to_join(branch_id)
    asked = await _joining(errand, said, view, staff, device)
    action = partial(joining.join, by=_actor(staff, device), joining=asked, presence=kit.presence)
    first = partial(_with_wait, action=action, wait=list(asked.promised[:2]) if asked.promised else None)
    answer = await errand.send(branch_id, _scope(errand, branch_id, said, staff, device), first, staff)
    secret = kit.presence.secret(answer["ticket"], answer["generation"])
    return {
        "id": answer["ticket"],
        "secret": secret,
        "url": f"{kit.base_url(errand.request)}/keep#{answer['ticket']}.{secret}",
        **{name: answer[name] for name in ("number", "state", "ahead", "wait", "version")},
    }


async def _joining(
    errand: Errand, said: Join, view: BoardView, staff: Staff | None, device: Device | None
) -> joining.Joining:
    branch_id = view.branch.id
    if staff is not None:
        staff.must("agent", branch_id)
    at_the_kiosk = device is not None and device.kind == "kiosk" and device.branch_id == branch_id
    verdict = Verdict() if staff else await _counted(errand, branch_id, said, device if at_the_kiosk else None)
    wanted = said.model_dump(include={"service", "name", "need", "priority"})
    return joining.Joining(
        ticket_id=new_id(),
        channel="agent" if staff else "kiosk" if at_the_kiosk else "api",
        language=said.language or pages.choose_language(errand.request, view.branch.languages),
        proof=said.presence,
        here=staff is not None or at_the_kiosk,
        device_id=device.id if device and at_the_kiosk else None,
        promised=view.promise(said.service),
        admit=verdict.admit,
        **wanted,
    )


async def _counted(errand: Errand, branch_id: str, said: Join, kiosk: Device | None) -> Verdict:
    """Not asked of staff: they add walk-ins as fast as they come."""
    kit, client = errand.kit, errand.request.client
    door = kiosk.id if kiosk else kit.presence.device_of(branch_id, said.presence, kit.now())
    return await kit.limits.count_join(branch_id, client.host if client else "", door)


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
