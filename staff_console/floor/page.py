"""The floor of a branch: the page, and the fragment that everybody who watches it gets; all branches in one view."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from server.actions.arranging.place import NOTICE
from server.actions.standing_in import ACTED, WALK_IN
from server.domain.errors import Forbidden
from server.live.views import BoardView
from server.queries import trail
from server.queries.arrangement import branches_of
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.floor.look import HOUR, floor
from staff_console.one_more import one_more
from staff_console.setup.room import Room, room
from staff_console.walk_in import told

PAGE = "floor/floor.html"
DONE = frozenset({"paused", "opened", "notice-up", "notice-down", "help", "help-end", "acted", "undone", "walk-in"})
"""What an address may say was done: slugs of the sentences `floor.done.*`."""
DID = {
    ACTED: "acted", WALK_IN: "walk-in", "help.call": "help", "help.end": "help-end", "service.pause": "paused",
    "service.resume": "opened", NOTICE: "notice",
}  # fmt: skip
"""What of the trail is done from here: slugs of `floor.did.*`."""
LATELY = 6  # lines of what was done from here

router = APIRouter()
Here = Annotated[Room, Depends(room)]


def fragment(view: BoardView, language: str, subject: str) -> bytes:
    """The floor, for everybody who watches it; `subject` is not used: a branch has one floor."""
    return pages.render_block(PAGE, "floor", language, view.branch.time_zone, floor=floor(view), now=view.at).encode()


SCREENS: Mapping[str, Callable[[BoardView, str, str], bytes]] = {"floor": fragment}


@router.get("/floor")
async def choose(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    """The only branch there is to look after, or all of them with their figures; Forbidden for who manages none."""
    managed = await kit.ask(lambda session: branches_of(session, staff.grants))
    if not managed and not staff.may("manager", "*"):
        raise Forbidden
    found = [branch for branch in managed if not branch.archived]
    if len(found) == 1 and not pages.is_htmx(request):
        return RedirectResponse(f"/floor/{found[0].id}", 303)
    floors = [floor(await kit.board(branch.id)) for branch in found]
    floors.sort(key=lambda each: (-len(each.needs), each.view.branch.name))
    language, now = language_of(request, staff), kit.now()
    if pages.is_htmx(request):
        return pages.fragment(request, "floor/branches.html", "branches", language=language, floors=floors, now=now)
    return pages.page(
        request, "floor/branches.html", language=language, face="console", staff=staff, branch=None, floors=floors,
        now=now,
    )  # fmt: skip


@router.get("/floor/{branch_id}")
async def show(here: Here) -> Response:
    view = await here.kit.board(here.branch_id)
    now, done = here.kit.now(), here.request.query_params.get("done")
    since = now - 8 * HOUR
    lines = await here.kit.ask(lambda session: trail.lately(session, here.branch_id, since, tuple(DID), LATELY))
    undo, given = (view.by_ticket.get(here.request.query_params.get(name, "")) for name in ("undo", "given"))
    return pages.page(
        here.request, PAGE, language=here.language, tz=view.branch.time_zone, face="console", now=now,
        staff=here.staff, branch=view.branch, floor=floor(view), lately=lines, did=DID, undo=undo,
        done=done if done in DONE else None, given=told(view, given, here.language), one_more=await one_more(view),
    )  # fmt: skip


@router.get("/floor/{branch_id}/one-more")
async def more(here: Here) -> Response:
    """What one more counter would change by now."""
    view = await here.kit.board(here.branch_id)
    return pages.fragment(
        here.request, PAGE, "one_more", language=here.language, branch=view.branch, one_more=await one_more(view)
    )
