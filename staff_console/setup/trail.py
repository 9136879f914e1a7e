"""The page of the audit trail: who changed what, when, from what and to what."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.queries.audit import NOBODY, Sought, trail
from staff_console.setup import wording
from staff_console.setup.forms import Form
from staff_console.setup.room import Room, room
from staff_console.setup.telling import what

THINGS = ("branch", "service", "outcome", "counter", "priority", "person", "device")
ASKED = ("person", "thing", "since", "until")
router = APIRouter(prefix="/setup/{branch_id}/trail")


@router.get("")
async def show(here: Annotated[Room, Depends(room)]) -> Response:
    """What the address asks for; a day that is none is said beside its field, and not sought by."""
    query = here.request.query_params
    form = Form({name: (query[name],) for name in ASKED if query.get(name)})
    setup = await here.arrangement()
    tz = setup.branch.time_zone
    days = {name: _day(form.value(name)) for name in ("since", "until")}
    form = form.with_problems({name: "day-needed" for name, day in days.items() if day is None and form.value(name)})
    before = query.get("before", "")
    sought = Sought(
        form.value("person"), form.value("thing"), _start(days["since"], tz), _start(days["until"], tz, days=1),
        int(before) if before.isascii() and before.isdigit() and len(before) < len("1" + "0" * 18) else None,
    )  # fmt: skip
    found = await here.kit.ask(partial(trail, branch_id=here.branch_id, sought=sought))
    kept = urlencode({name: form.value(name) for name in ASKED if form.value(name)})
    return await here.page(
        "setup/trail.html", "trail", setup=setup, form=form, found=found, things=THINGS, nobody=NOBODY,
        kept=kept, later=bool(before), what=lambda slug: what(slug, here.language),
        dated=lambda at: wording.dated(at, here.language, tz),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start(day: date | None, tz: str, days: int = 0) -> datetime | None:
    """When a day begins by the branch's clock; `days` later than that."""
    if day is None or day >= date.max - timedelta(days=1):
        return None
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(tz))
