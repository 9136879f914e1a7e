"""The page of the branch itself: name, notice, hours and closed days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import place
from server.actions.arranging.checks import checked, openings_in, week
from server.branch_file import BranchSection
from server.domain.base import Words
from server.domain.branch import WEEKDAYS
from server.domain.errors import Invalid, NotFound
from server.queries.arranged import Arrangement
from staff_console.setup.forms import Form, filled, in_languages
from staff_console.setup.room import Room, room

LONGEST_NOTICE = 200  # characters: it stands on a phone and on a wall

router = APIRouter(prefix="/setup/{branch_id}")
Here = Annotated[Room, Depends(room)]


@router.get("/branch")
async def show(here: Here) -> Response:
    return await _page(here, await here.arrangement())


@router.post("/branch")
async def describe(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form("name", "notice_*")
    try:
        name = checked(BranchSection, {"id": here.branch_id, "name": form.text("name")}).name
        await here.act(form, place.describe, name=name, notice=_notice(form, setup))
    except Invalid as refused:
        return await _page(here, setup, form=form.with_problems(refused.fields, first=setup.branch.languages[0]))
    return here.back("branch", done="saved")


@router.post("/hours")
async def set_hours(here: Here) -> Response:
    form = await here.form("always", *WEEKDAYS, name="hours")
    try:
        always = form.value("always") == "yes"
        hours = None if always else week({day: openings_in(form.text(day)) for day in WEEKDAYS})
        await here.act(form, place.set_hours, hours=hours)
    except Invalid as refused:
        return await _page(here, await here.arrangement(), hours_form=form.with_problems(refused.fields))
    return here.back("branch", done="saved")


@router.post("/closures")
async def close_on(here: Here) -> Response:
    form = await here.form("day", name="closure")
    try:
        await here.act(form, place.close_on, day=_day(form.text("day")))
    except Invalid as refused:
        return await _page(here, await here.arrangement(), closure_form=form.with_problems(refused.fields))
    return here.back("branch", at="#closures")


@router.post("/closures/{day}/end")
async def open_on(here: Here, day: str) -> Response:
    try:
        closed = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    await here.act(await here.form(), place.open_on, day=closed)
    return here.back("branch", at="#closures")


async def _page(
    here: Room,
    setup: Arrangement,
    *,
    form: Form | None = None,
    hours_form: Form | None = None,
    closure_form: Form | None = None,
) -> Response:
    """422 when one of the forms comes back with what to look at."""
    return await here.page(
        "setup/branch.html",
        "branch",
        status=422 if form or hours_form or closure_form else 200,
        setup=setup,
        form=form or _filled(setup),
        hours_form=hours_form or _hours(setup),
        closure_form=closure_form or filled("closure"),
        days=WEEKDAYS,
        may_archive=here.staff.may("admin", here.branch_id),
    )


def _filled(setup: Arrangement) -> Form:
    branch = setup.branch
    return filled(name=branch.name, **in_languages("notice", branch.notice, branch.languages))


def _hours(setup: Arrangement) -> Form:
    hours = setup.branch.hours
    written = {day: ", ".join(spans) for day, spans in (hours or {}).items()}
    return filled("hours", always="yes" if hours is None else "no", **written)


def _notice(form: Form, setup: Arrangement) -> Words | None:
    notice = form.words("notice", setup.branch.languages)
    if any(len(text) > LONGEST_NOTICE for text in notice.values()):
        raise Invalid("invalid-input", {"notice": "too-long"})
    return notice or None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("invalid-input", {"day": "day-needed"}) from None
