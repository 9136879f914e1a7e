"""The pages of priority classes: who may go a little earlier, and by how much."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import priorities
from server.actions.arranging.checks import checked
from server.branch_file import PrioritySection
from server.branch_file.sections import slug
from server.chance import new_id
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement, PrioritySetup
from staff_console.setup.forms import Form, filled, in_languages
from staff_console.setup.room import Room, room

FIELDS = ("name_*", "head_start", "confirm")
USUAL = "10"  # minutes, as in a branch file that names none

router = APIRouter(prefix="/setup/{branch_id}/priorities")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def index(here: Here) -> Response:
    return await here.page("setup/priorities.html", "priorities")


@router.get("/new")
async def new(here: Here) -> Response:
    return await _page(here, await here.arrangement(), None, filled(head_start=USUAL, confirm="no"))


@router.post("")
async def add(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form(*FIELDS)
    try:
        await here.act(form, priorities.add, section=_section(form, setup))
    except Invalid as refused:
        return await _again(here, setup, None, form, refused)
    return here.back("priorities", done="saved")


@router.get("/{priority_id}")
async def edit(here: Here, priority_id: str) -> Response:
    setup = await here.arrangement()
    priority = setup.priority(priority_id)
    return await _page(here, setup, priority, _filled(setup, priority))


@router.post("/{priority_id}")
async def change(here: Here, priority_id: str) -> Response:
    setup, form = await here.arrangement(), await here.form(*FIELDS)
    try:
        await here.act(form, priorities.change, priority_id=priority_id, section=_section(form, setup))
    except Invalid as refused:
        return await _again(here, setup, setup.priority(priority_id), form, refused)
    return here.back("priorities", done="saved")


@router.post("/{priority_id}/place")
async def move(here: Here, priority_id: str) -> Response:
    form = await here.form("move")
    await here.act(form, priorities.move, priority_id=priority_id, up=form.value("move") == "up")
    return here.back("priorities")


@router.post("/{priority_id}/archive")
async def archive(here: Here, priority_id: str) -> Response:
    await here.act(await here.form(), priorities.archive, priority_id=priority_id)
    return here.back("priorities", done="archived")


@router.post("/{priority_id}/archive/end")
async def restore(here: Here, priority_id: str) -> Response:
    """Where its name was given to another meanwhile, its own page asks for a new one."""
    try:
        await here.act(await here.form(), priorities.restore, priority_id=priority_id)
    except Invalid as refused:
        setup = await here.arrangement()
        priority = setup.priority(priority_id)
        return await _again(here, setup, priority, _filled(setup, priority), refused)
    return here.back("priorities", done="restored")


async def _again(
    here: Room, setup: Arrangement, priority: PrioritySetup | None, form: Form, refused: Invalid
) -> Response:
    problems = form.with_problems(refused.fields, first=setup.branch.languages[0])
    return await _page(here, setup, priority, problems, status=422)


async def _page(
    here: Room, setup: Arrangement, priority: PrioritySetup | None, form: Form, status: int = 200
) -> Response:
    return await here.page(
        "setup/priority.html", "priorities", setup=setup, priority=priority, form=form, status=status
    )


def _filled(setup: Arrangement, priority: PrioritySetup) -> Form:
    return filled(
        head_start=str(priority.head_start),
        confirm="yes" if priority.confirm else "no",
        **in_languages("name", priority.name, setup.branch.languages),
    )


def _section(form: Form, setup: Arrangement) -> PrioritySection:
    languages = setup.branch.languages
    name = form.words("name", languages)
    values = {
        "id": slug(name.get(languages[0], "")) or f"class-{new_id()[:6]}",
        "name": name if name.get(languages[0]) else {},
        "head_start": form.number("head_start"),
        "confirm": form.has("confirm", "yes"),
    }
    return checked(PrioritySection, values)
