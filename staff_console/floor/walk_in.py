"""A number for somebody without a phone, given by a manager from no counter."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from server.actions import standing_in
from server.domain.errors import Invalid
from server.live.views import BoardView
from staff_console.floor.desk import page
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room
from staff_console.walk_in import LENGTHS, asked

router = APIRouter(prefix="/floor/{branch_id}/walk-in")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here) -> Response:
    view = await here.kit.board(here.branch_id)
    only = view.services[0].id if len(view.services) == 1 else ""
    return await _page(here, view, filled(service=only, priority=""))


@router.post("")
async def give(here: Here) -> Response:
    view, form = await here.kit.board(here.branch_id), await here.form("service", *LENGTHS, "priority")
    try:
        said = {name: form.text(name) for name in LENGTHS}
        if long := {name: "too-long" for name, text in said.items() if len(text) > LENGTHS[name]}:
            raise Invalid("invalid-input", long)
        if not form.value("service"):
            raise Invalid("invalid-input", {"service": "service-needed"})
        wish = asked(view, here.language, service=form.value("service"), priority=form.value("priority"), **said)
        given = await here.act(form, standing_in.walk_in, joining=wish, presence=here.kit.presence)
    except Invalid as refused:
        return await _page(here, view, form.with_problems(refused.fields))
    return RedirectResponse(f"/floor/{here.branch_id}?done=walk-in&given={given['ticket']}", 303)


async def _page(here: Room, view: BoardView, form: Form) -> Response:
    return await page(here, "floor/walk_in.html", view, form, lengths=LENGTHS)
