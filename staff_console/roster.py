"""Inviting people by a table: look at it first, then all of them at once, and a page of links to hand over."""

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from markupsafe import Markup
from starlette.datastructures import UploadFile

from server.actions.arranging import roster as inviting
from server.chance import new_id, new_token
from server.domain import roster
from server.domain.errors import Invalid
from server.domain.roster import Roster
from server.web import qr
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

FIELDS = {"key", "file", "text"}

router = APIRouter(prefix="/setup/{branch_id}/people/import")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def choose(here: Here) -> Response:
    return await _page(here, "")


@router.post("")
async def look(here: Here) -> Response:
    """What would be invited, and what stands against it; nothing is saved."""
    text = await _sent(here)
    read = await _checked(here, text)
    return await _page(here, text, read, status=422 if read.problems else 200)


@router.post("/invitations")
async def invite(here: Here) -> Response:
    """The links are shown on this answer and nowhere else."""
    form = await here.form("text")
    text = form.value("text")
    read = roster.read(text)
    chances = {
        line.person: inviting.Chance(new_id(), _token(here, form, n)) for n, line in enumerate(read.lines)
    }  # fmt: skip
    try:
        if read.problems or not read.lines:
            raise Invalid
        made = await here.act(form, inviting.invite_all, lines=read.lines, chances=chances)
    except Invalid:
        return await _page(here, text, await _checked(here, text), status=422)
    links = [
        {"line": line, "link": link, "qr": Markup(qr.svg(link))}  # noqa: S704 - our own drawing
        for line in {line.person: line for line in reversed(read.lines)}.values()
        if (link := f"{here.kit.base_url(here.request)}/staff/enter#{chances[line.person].token}")
    ]
    return await here.page("people/links.html", "people", links=links[::-1], made=made,
        until=datetime.fromisoformat(made["until"]),
    )  # fmt: skip


async def _sent(here: Room) -> str:
    """A file, or what was pasted."""
    async with here.request.form() as sent:
        if not sent.keys() <= FIELDS:
            raise Invalid
        file, text = sent.get("file"), sent.get("text", "")
        if isinstance(file, UploadFile) and file.filename:
            return roster.decoded(await file.read())
        return text if isinstance(text, str) else ""


async def _checked(here: Room, text: str) -> Roster:
    """With what stands against it in the branches, too."""
    read = roster.read(text)
    clear = [line for line in read.lines if line.number not in read.problems]
    known = await here.kit.ask(lambda session: inviting.problems(session, here.staff.actor, here.branch_id, clear))
    return Roster(read.lines, {**known, **read.problems})


async def _page(here: Room, text: str, read: Roster | None = None, status: int = 200) -> Response:
    form = filled(text=text)
    return await here.page(
        "people/import.html", "people", status=status, form=form, read=read, most=roster.MOST,
    )  # fmt: skip


def _token(here: Room, form: Form, number: int) -> str:
    """As `Room.token`, one for each line."""
    if not (key := form.value("key")):
        return new_token()
    asked = json.dumps([here.staff.id, key, number])
    return here.kit.presence.sign("one-time-link", asked).rpartition(".")[2]
