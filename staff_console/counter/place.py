"""Which counter an agent works at today, with which services, and when there is a break."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from server import words
from server.actions import duties
from server.chance import new_id
from server.live.views import BoardView, DayView
from server.queries import branches
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Staff, signed_in
from staff_console.counter.console import answer
from staff_console.counter.stand import Press, Stand, language_of, stand

router = APIRouter()
Here = Annotated[Stand, Depends(stand)]


class Profile(Press):
    """`services`: those the agent wants to call for; none named, or all, means what the counter can do."""

    services: list[str] = Field(default_factory=list)


class Break(Press):
    """`minutes`: how long it will take, `reason`: what it is for, if said."""

    on_break: bool
    minutes: int = Field(0, ge=0, le=24 * 60)
    reason: str = ""


class End(Press):
    parked: str = ""


@router.get("/counter")
async def choose(
    request: Request, taken: str = "", staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)
) -> Response:
    """The counters of every branch this person works in; `taken`: the counter whose console they had to leave."""
    language = language_of(request, staff)
    mine = [branch for branch in await kit.ask(branches.all_branches) if staff.may("agent", branch.id)]
    places = [await kit.board(branch.id) for branch in mine if not branch.archived]
    lost = next((c for view in places if (c := view.counter(taken)) is not None), None)
    who = lost.duty.staff_name if lost and lost.duty and lost.duty.staff_id != staff.id else ""
    return pages.page(
        request, "counter/place.html", language=language, face="console", staff=staff, places=places,
        manages=any(staff.may("manager", name) for name in (*(b.id for b in mine), "*")), day=_day(places, staff),
        taken=words.say(language, "counter.choose.elsewhere", name=who, counter=lost.label) if lost and who else "",
    )  # fmt: skip


def _day(places: list[BoardView], staff: Staff) -> DayView | None:
    """What this person has done today, in whichever branch that was most."""
    return max((day for view in places if (day := view.days.get(staff.id))), key=lambda day: day.served, default=None)


@router.post("/counters/{counter_id}/duty")
async def take(here: Here, form: Annotated[Profile, Form()]) -> Response:
    """Stand here; again: other services."""
    view = await here.kit.board(here.branch_id)
    counter = view.counter(here.counter_id)
    possible = [service for service in form.services if counter is None or service in counter.services]
    await here.act(
        form,
        partial(duties.take, by=here.actor, counter_id=here.counter_id, duty_id=new_id(), services=possible or None),
    )
    return await answer(here, words.say(here.language, "counter.profile-saved"), whole=True)


@router.post("/counters/{counter_id}/duty/break")
async def change_break(here: Here, form: Annotated[Break, Form()]) -> Response:
    back_at = here.now() + timedelta(minutes=form.minutes) if form.on_break and form.minutes else None
    changed = partial(
        duties.change_break, by=here.actor, counter_id=here.counter_id, on_break=form.on_break, back_at=back_at,
        reason=form.reason or None,
    )  # fmt: skip
    await here.act(form, changed)
    return await answer(here)


@router.post("/counters/{counter_id}/duty/end")
async def end(here: Here, form: Annotated[End, Form()]) -> Response:
    await here.act(form, partial(duties.end, by=here.actor, counter_id=here.counter_id, parked=form.parked or None))
    return RedirectResponse("/counter", 303)
