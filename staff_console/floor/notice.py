"""A notice for phones, the door and the wall: what it says in each language, and from when until when."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import place
from server.domain.errors import Invalid
from server.live.views import BoardView
from server.queries import branches
from staff_console.floor.desk import back, page
from staff_console.setup.forms import Form, filled, in_languages
from staff_console.setup.place import LONGEST_NOTICE
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/floor/{branch_id}/notice")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here) -> Response:
    view = await here.kit.board(here.branch_id)
    kept = await here.kit.ask(lambda session: branches.branch(session, here.branch_id))
    words = in_languages("notice", kept.notice, view.branch.languages)
    times = {"from": _typed(kept.notice_from, view), "until": _typed(kept.notice_until, view)}
    return await page(here, "floor/notice.html", view, filled(**times, **words), is_up=kept.notice is not None)


@router.post("")
async def put_up(here: Here) -> Response:
    view, form = await here.kit.board(here.branch_id), await here.form("notice_*", "from", "until")
    try:
        notice = form.words("notice", view.branch.languages)
        begins, ends = _moment(form, "from", view), _moment(form, "until", view)
        if not notice:
            raise Invalid("invalid-input", {f"notice_{view.branch.languages[0]}": "notice-needed"})
        if long := [language for language, text in notice.items() if len(text) > LONGEST_NOTICE]:
            raise Invalid("invalid-input", {f"notice_{long[0]}": "too-long"})
        await here.act(form, place.put_up, notice=notice, begins=begins, ends=ends)
    except Invalid as refused:
        return await page(here, "floor/notice.html", view, form.with_problems(refused.fields), is_up=False)
    return back(here, "notice-up")


@router.post("/end")
async def take_down(here: Here) -> Response:
    await here.act(await here.form(), place.put_up, notice=None)
    return back(here, "notice-down")


def _moment(form: Form, field: str, view: BoardView) -> datetime | None:
    """What a date-and-time field holds, on the branch's own wall."""
    if not (typed := form.text(field)):
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(view.branch.time_zone))
    except ValueError:
        raise Invalid("invalid-input", {field: "moment-unclear"}) from None


def _typed(at: datetime | None, view: BoardView) -> str:
    return at.astimezone(ZoneInfo(view.branch.time_zone)).strftime("%Y-%m-%dT%H:%M") if at else ""
