"""A manager's floor: every counter and queue of a branch live, what needs them first, and what they can do about it.

look.py      what the floor shows, worked out from the board
page.py      the page, the fragment that everybody who watches it gets, and all branches in one view
services.py  open, pause and close a service, with words for the customers
notice.py    a notice for phones and walls
calling.py   call staff to help
act.py       act for a counter, with a reason
walk_in.py   a number for somebody without a phone
"""

from fastapi import APIRouter

from staff_console.floor import act, calling, notice, page, services, walk_in
from staff_console.floor.page import SCREENS

__all__ = ["SCREENS", "router"]

router = APIRouter()
for room in (page, services, notice, calling, act, walk_in):
    router.include_router(room.router)
