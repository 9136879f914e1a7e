"""Act for a counter: what can be done there now, why, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions import standing_in, undoing
from server.domain.errors import Invalid, NotFound
from server.live.views import BoardView
from staff_console.floor.desk import back, page
from staff_console.floor.look import Place, floor
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

CAN = {
    "off": (),
    "break": ("resume", "end"),
    "free": ("pause", "end"),
    "called": ("put-back", "miss", "pause"),
    "serving": ("finish", "put-back", "pause"),
}
"""What can be done for a counter in each state: slugs of `floor.act.*`."""

router = APIRouter(prefix="/floor/{branch_id}")
Here = Annotated[Room, Depends(room)]


@router.get("/counters/{counter_id}")
async def show(here: Here, counter_id: str) -> Response:
    view = await here.kit.board(here.branch_id)
    return await _page(here, view, _place(view, counter_id), filled())


@router.post("/counters/{counter_id}")
async def act_for(here: Here, counter_id: str) -> Response:
    view = await here.kit.board(here.branch_id)
    form, place = await here.form("move", "reason", "ticket", "outcome", "note"), _place(view, counter_id)
    move, reason = form.value("move"), form.value("reason")
    try:
        done = await here.act(
            form, standing_in.act_for, counter_id=counter_id, move=move, reason=reason,
            shown=form.value("ticket") or None, outcome=form.value("outcome") or None, note=form.text("note") or None,
        )  # fmt: skip
    except Invalid as refused:
        return await _page(here, view, place, form.with_problems(refused.fields))
    return back(here, "acted", done["ticket"] if move in ("put-back", "miss", "finish") else "")


@router.post("/undo")
async def undo(here: Here) -> Response:
    form = await here.form("ticket")
    await here.act(form, undoing.undo, ticket_id=form.value("ticket"))
    return back(here, "undone")


def _place(view: BoardView, counter_id: str) -> Place:
    found = next((place for place in floor(view).places if place.counter.id == counter_id), None)
    if found is None:
        raise NotFound
    return found


async def _page(here: Room, view: BoardView, place: Place, form: Form) -> Response:
    return await page(
        here, "floor/act.html", view, form, place=place, moves=CAN[place.state], reasons=standing_in.REASONS
    )
