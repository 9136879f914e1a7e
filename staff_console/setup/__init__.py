"""A manager's setup of a branch: what is ready, what is missing, and a page for each thing.

room.py       who arranges which branch: what every route starts from
readiness.py  the checklist
forms.py      what stands in a form
wording.py    how moments, days and names are written
places.py     all branches
place.py      the branch itself   services.py, counters.py   what it offers, and where
rules.py      its rules           priorities.py              who may go a little earlier
file.py       the branch as a file, out and in           telling.py: how a change is told
trail.py      who changed what   opening.py              practice, and opening day
look.py       its colour, and how phone, door and lobby will look
waits.py      how often told waits were kept
privacy.py    what is kept of customers, and how long
"""

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from staff_console.setup import (
    counters,
    file,
    look,
    opening,
    place,
    places,
    priorities,
    privacy,
    rules,
    services,
    trail,
    waits,
)  # fmt: skip
from staff_console.setup.room import Room, room

router = APIRouter()


@router.get("/setup/{branch_id}")
async def overview(here: Room = Depends(room)) -> Response:
    return await here.page("setup/overview.html", "overview")


router.include_router(places.router)
router.include_router(place.router)
router.include_router(services.router)
router.include_router(counters.router)
router.include_router(priorities.router)
router.include_router(rules.router)
router.include_router(file.router)
router.include_router(trail.router)
router.include_router(opening.router)
router.include_router(look.router)
router.include_router(waits.router)
router.include_router(privacy.router)
