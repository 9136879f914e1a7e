"""The page of opening day: practise, clear the practice, open for real."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import opening
from server.domain.errors import Invalid
from server.queries.arrangement import practice
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/setup/{branch_id}/opening")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here) -> Response:
    return await _page(here, filled())


@router.post("")
async def open_for_real(here: Here) -> Response:
    await here.act(await here.form(), opening.open_for_real)
    return here.back("opening", done="opened")


@router.post("/end")
async def practise_again(here: Here) -> Response:
    await here.act(await here.form(), opening.practise_again)
    return here.back("opening", done="practising")


@router.post("/clearing")
async def clear(here: Here) -> Response:
    form = await here.form("name")
    try:
        await here.act(form, opening.clear_practice, name=form.text("name"))
    except Invalid as refused:
        return await _page(here, form.with_problems(refused.fields), status=422)
    here.kit.forget_who()
    return here.back("opening", done="cleared")


async def _page(here: Room, form: Form, status: int = 200) -> Response:
    found = await here.kit.ask(partial(practice, branch_id=here.branch_id))
    return await here.page("setup/opening.html", "opening", form=form, practice=found, status=status)
