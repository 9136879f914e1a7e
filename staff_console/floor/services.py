"""Open, pause and close a service: customers read why, and when it opens again."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import services
from server.domain.base import Words
from server.domain.errors import Invalid, NotFound
from server.live.views import BoardView, ServiceView
from staff_console.floor.desk import back, page
from staff_console.setup.forms import Form, filled, in_languages
from staff_console.setup.room import Room, room

LONGEST = 120  # characters: it stands on a phone
MINUTES = (15, 30, 60)
"""How long a pause may last by one press."""

router = APIRouter(prefix="/floor/{branch_id}/services/{service_id}")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here, service_id: str) -> Response:
    view = await here.kit.board(here.branch_id)
    service = _service(view, service_id)
    words = in_languages("words", dict(service.closed_words or {}), view.branch.languages)
    return await _page(here, view, service, filled(until="30", **words))


@router.post("/pause")
async def pause(here: Here, service_id: str) -> Response:
    view, form = await here.kit.board(here.branch_id), await here.form("words_*", "until")
    service = _service(view, service_id)
    try:
        said, until = _said(form, view), _until(form.value("until"), view, here.kit.now())
        await here.act(form, services.pause, service_id=service_id, said=said, reopens_at=until)
    except Invalid as refused:
        return await _page(here, view, service, form.with_problems(refused.fields))
    return back(here, "paused")


@router.post("/opening")
async def open_again(here: Here, service_id: str) -> Response:
    await here.act(await here.form(), services.resume, service_id=service_id)
    return back(here, "opened")


def _service(view: BoardView, service_id: str) -> ServiceView:
    try:
        return view.service(service_id)
    except (KeyError, StopIteration):
        raise NotFound from None


def _said(form: Form, view: BoardView) -> Words | None:
    said = form.words("words", view.branch.languages)
    if long := [language for language, text in said.items() if len(text) > LONGEST]:
        raise Invalid("invalid-input", {f"words_{long[0]}": "too-long"})
    return said or None


def _until(chosen: str, view: BoardView, now: datetime) -> datetime | None:
    """ "30": minutes; "opening": when the branch opens next; "": until somebody opens it."""
    if chosen == "opening":
        return view.branch.opens_at
    if chosen and chosen not in map(str, MINUTES):
        raise Invalid("invalid-input", {"until": "until-past"})
    return now + timedelta(minutes=int(chosen)) if chosen else None


async def _page(here: Room, view: BoardView, service: ServiceView, form: Form) -> Response:
    return await page(here, "floor/service.html", view, form, service=service, lengths=MINUTES)
