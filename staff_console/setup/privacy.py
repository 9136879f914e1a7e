"""The page of data protection: what is kept of customers and how long, and what was emptied when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.queries import branches, held
from staff_console.setup.room import Room, room

KEPT = ("name", "need", "note", "reason", "visitor", "comment", "contact")
"""What may tell who a customer is: slugs of the sentences `setup.privacy-field.*`."""

router = APIRouter(prefix="/setup/{branch_id}/privacy")


@dataclass(frozen=True, slots=True)
class Day:
    """What was emptied on one day of the branch; `asked`: of how many customers who wished it."""

    on: date
    tickets: int
    ratings: int
    asked: int


@router.get("")
async def privacy(here: Room = Depends(room)) -> Response:
    branch = await here.kit.ask(lambda session: branches.branch(session, here.branch_id))
    lines = await here.kit.ask(lambda session: held.forgettings(session, here.branch_id))
    days = by_day(lines, branch.zone())
    return await here.page("setup/privacy.html", "privacy", kept=KEPT, retention=branch.retention_days, days=days)


def by_day(lines: Iterable[held.Forgetting], zone: ZoneInfo) -> list[Day]:
    """The lines of each day as one; they come newest first."""
    found = []
    for day, of_day in groupby(lines, key=lambda line: line.at.astimezone(zone).date()):
        all_of_day = list(of_day)
        due = [line for line in all_of_day if not line.asked]
        counted = sum(line.tickets for line in due), sum(line.ratings for line in due)
        found.append(Day(day, *counted, asked=len(all_of_day) - len(due)))
    return found
