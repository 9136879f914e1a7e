"""The page of the look: the branch's colour, and how phone, door and lobby look in it before it is saved."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from server.actions.arranging import place
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection
from server.domain.colour import HEX, NEEDED, contrast, darker, is_dark_enough
from server.domain.errors import Invalid
from server.domain.picture import LARGEST, LONGEST, NoPicture, Picture, picture
from server.queries.arranged import Arrangement
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

HOUSE = "#1e2c7a"  # tokens.css: --night
router = APIRouter(prefix="/setup/{branch_id}/look")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here) -> Response:
    """`?colour=`: tried on, without being saved."""
    setup = await here.arrangement()
    tried = here.request.query_params.get("colour", "")
    return await _page(here, setup, filled(own="yes", colour=tried) if tried else _filled(setup))


@router.post("")
async def dress(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form("own", "colour")
    try:
        await here.act(form, place.set_colour, colour=_colour(form))
    except Invalid as refused:
        return await _page(here, setup, form.with_problems(refused.fields), status=422)
    return here.back("look", done="saved")


@router.post("/logo")
async def hang(here: Here) -> Response:
    """The picture stands in no kept answer: a second press hangs the same one, which changes nothing."""
    try:
        shown = await _sent(here)
    except Invalid as refused:
        setup = await here.arrangement()
        return await _page(here, setup, _filled(setup), filled("logo").with_problems(refused.fields), status=422)
    await here.act(filled(), place.set_logo, picture=shown)
    return here.back("look", done="saved", at="#logo")


@router.post("/logo/end")
async def take_down(here: Here) -> Response:
    await here.act(await here.form(), place.set_logo, picture=None)
    return here.back("look", done="saved", at="#logo")


async def _sent(here: Room) -> Picture:
    async with here.request.form() as sent:
        file = sent.get("logo")
        content = await file.read() if isinstance(file, UploadFile) else b""
    if not content:
        raise Invalid("invalid-input", {"logo": "file-needed"})
    try:
        return picture(content)
    except NoPicture as problem:
        raise Invalid("invalid-input", {"logo": problem.slug}) from None


def _filled(setup: Arrangement) -> Form:
    own = setup.branch.rules["colour"]
    return filled(own="yes" if own else "no", colour=own or HOUSE)


def _colour(form: Form) -> str | None:
    if form.value("own") != "yes":
        return None
    typed = form.text("colour").lower()
    if HEX.fullmatch(typed) and not is_dark_enough(typed):
        raise Invalid("invalid-input", {"colour": "colour-light"})
    return checked(BranchSection, {"id": "look", "name": "look", "colour": typed}).colour


async def _page(
    here: Room, setup: Arrangement, form: Form, logo_form: Form | None = None, status: int = 200
) -> Response:
    typed = form.text("colour").lower()
    known = HEX.fullmatch(typed) is not None
    light = known and not is_dark_enough(typed)
    worn = typed if known and not light and form.value("own") == "yes" else None
    return await here.page(
        "setup/look.html", "look", setup=setup, form=form, status=status, worn=worn,
        ratio=contrast(typed) if known else None, needed=round(NEEDED),
        instead=darker(typed) if light else None, logo_form=logo_form or filled("logo"), kilobytes=LARGEST // 1024,
        pixels=LONGEST, picture=f"/logo/{here.branch_id}/{digest}" if (digest := setup.branch.rules["logo"]) else None,
    )  # fmt: skip
