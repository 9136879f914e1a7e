"""The page of all branches: which one shall it be, and for an admin a new one."""

from functools import partial
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from server import words
from server.actions.arranging import places
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection
from server.branch_file.sections import slug
from server.domain.errors import Forbidden, Invalid, SecondStepNeeded
from server.domain.people import EVERYWHERE
from server.queries.arrangement import branches_of
from server.web import pages
from server.web.kit import Kit, key_of, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, read, room

FIELDS = ("name", "id", "language", "time_zone")
router = APIRouter(prefix="/setup")


@router.get("")
async def choose(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    """The only branch there is to arrange, or which one it shall be; Forbidden for who arranges none."""
    found = await kit.ask(partial(branches_of, grants=staff.grants))
    if len(found) == 1 and not staff.may("admin", EVERYWHERE):
        return RedirectResponse(f"/setup/{found[0].id}", 303)
    if not found and not staff.may("manager", EVERYWHERE):
        raise SecondStepNeeded if staff.held_back else Forbidden
    return await _page(request, staff, kit, filled(language=words.LANGUAGES[0], time_zone="UTC"))


@router.post("")
async def add(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    staff.must("admin", EVERYWHERE)
    form, body = await read(request, FIELDS)
    try:
        added = partial(places.add, by=staff.actor, section=_section(form))
        made = await kit.act(None, key_of(request, f"staff:{staff.id}", form.value("key"), body), added)
    except Invalid as refused:
        return await _page(request, staff, kit, form.with_problems(refused.fields), status=422)
    return RedirectResponse(f"/setup/{made['id']}?done=branch-added", 303)


@router.post("/{branch_id}/archive")
async def archive(here: Room = Depends(room)) -> Response:
    await here.act(await here.form(), places.archive)
    return here.back("branch", done="archived")


@router.post("/{branch_id}/archive/end")
async def restore(here: Room = Depends(room)) -> Response:
    await here.act(await here.form(), places.restore)
    return here.back("branch", done="restored")


def _section(form: Form) -> BranchSection:
    """The id is made out of the name where none was typed."""
    values = {
        "id": form.text("id").lower() or slug(form.text("name")),
        "name": form.text("name"),
        "languages": tuple(form.typed.get("language", ())),
        "time_zone": form.text("time_zone"),
    }
    return checked(BranchSection, values)


async def _page(request: Request, staff: Staff, kit: Kit, form: Form, status: int = 200) -> Response:
    found = await kit.ask(partial(branches_of, grants=staff.grants))
    return pages.page(
        request, "setup/branches.html", status=status, language=language_of(request, staff), face="console", room=None,
        branch=None, staff=staff, branches=found, done=None, form=form,
        may_add=staff.may("admin", EVERYWHERE), zones=sorted(available_timezones()),
        spoken=[(language, words.language_name(language)) for language in words.LANGUAGES],
    )  # fmt: skip
