"""An agent's counter: choosing where to work, the console, and every move made from it.

place.py    which branch and counter, and the duty there
console.py  the page, and the fragment that everybody who watches it gets
moves.py    what an agent does: one POST each, answered with the console as it is then
desk.py     what the console shows, worked out from the board
stand.py    who asks, and from which counter
"""

from fastapi import APIRouter

from staff_console.counter import console, moves, place
from staff_console.counter.console import SCREENS

__all__ = ["SCREENS", "router"]

router = APIRouter()
for room in (place, console, moves):
    router.include_router(room.router)
