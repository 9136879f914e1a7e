"""Call staff to help with a service: every console of the branch says so."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions import helping
from staff_console.floor.desk import back
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/floor/{branch_id}/help")
Here = Annotated[Room, Depends(room)]


@router.post("")
async def call(here: Here) -> Response:
    form = await here.form("service")
    await here.act(form, helping.call_for_help, service_id=form.value("service"))
    return back(here, "help")


@router.post("/end")
async def take_back(here: Here) -> Response:
    await here.act(await here.form(), helping.take_back)
    return back(here, "help-end")
