"""A manager's setup of a branch: what is ready, what is missing, and a page for each thing.

room.py       who arranges which branch: what every route starts from
readiness.py  the checklist
forms.py      what stands in a form
wording.py    how moments, days and names are written
place.py      the branch itself   services.py, counters.py   what it offers, and where
"""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from server.domain.errors import Forbidden
from server.queries.arrangement import branches_of
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.setup import counters, place, services
from staff_console.setup.room import Room, room

router = APIRouter()


@router.get("/setup")
async def choose(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    """The only branch there is to arrange, or which one it shall be; Forbidden for who arranges none."""
    found = await kit.ask(lambda session: branches_of(session, staff.grants))
    if len(found) == 1:
        return RedirectResponse(f"/setup/{found[0].id}", 303)
    if not found and not staff.may("manager", "*"):
        raise Forbidden
    return pages.page(
        request,
        "setup/branches.html",
        language=language_of(request, staff),
        face="console",
        room=None,
        branch=None,
        staff=staff,
        branches=found,
        done=None,
    )


@router.get("/setup/{branch_id}")
async def overview(here: Room = Depends(room)) -> Response:
    return await here.page("setup/overview.html", "overview")


router.include_router(place.router)
router.include_router(services.router)
router.include_router(counters.router)
