"""A manager's reports: what happened in a branch over a range of days, as a page, as CSV and as a workbook.

asked.py      what was asked for: days, and what they are narrowed to
period.py     the days
narrowing.py  the service, counter and way of joining
tables.py     every table of a report, with its words: what all three show
charts.py     where the marks of a chart stand
sheets.py     CSV and XLSX
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from server.domain.errors import Forbidden
from server.queries import reports
from server.queries.arranged import Arrangement
from server.queries.arrangement import branches_of
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.reports import charts, narrowing, sheets
from staff_console.reports.asked import Asked, asked
from staff_console.reports.tables import Told
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/reports")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def choose(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    """The only branch somebody manages, or which one it shall be; Forbidden for who manages none."""
    found = await kit.ask(lambda session: branches_of(session, staff.grants))
    if len(found) == 1:
        return RedirectResponse(f"/reports/{found[0].id}", 303)
    if not found and not staff.may("manager", "*"):
        raise Forbidden
    return pages.page(
        request, "reports/branches.html", language=language_of(request, staff), face="console", room=None,
        branch=None, staff=staff, branches=found, done=None,
    )  # fmt: skip


@router.get("/{branch_id}")
async def show(here: Here) -> Response:
    """What makes no sense comes back with what to look at, and without a report."""
    setup, question = await _asked(here)
    told = None if question.problems else await _told(here, setup, question)
    return await here.page(
        "reports/report.html", "", setup=setup, asked=question, told=told, charts=charts,
        status=422 if question.problems else 200,
    )  # fmt: skip


@router.get("/{branch_id}/report.csv")
async def as_csv(here: Here) -> Response:
    told, name = await _to_take_along(here)
    return _file(await asyncio.to_thread(sheets.csv_of, told), f"{name}.csv", "text/csv; charset=utf-8")


@router.get("/{branch_id}/report.xlsx")
async def as_workbook(here: Here) -> Response:
    told, name = await _to_take_along(here)
    return _file(await asyncio.to_thread(sheets.xlsx_of, told), f"{name}.xlsx", sheets.XLSX)


async def _asked(here: Room) -> tuple[Arrangement, Asked]:
    setup = await here.arrangement()
    today = await here.kit.ask(lambda session: reports.today(session, here.branch_id, here.kit.now()))
    return setup, asked(here.request.query_params, today, narrowing.choices(setup, here.language))


async def _told(here: Room, setup: Arrangement, question: Asked) -> Told:
    days, only = question.days(), question.only
    counted = await here.kit.ask_at_length(
        lambda session: reports.report(session, here.branch_id, days.first, days.last, only)
    )
    return Told(counted, setup, here.language, narrowing.names(only, question.choices, here.language))


async def _to_take_along(here: Room) -> tuple[Told, str]:
    """The report, and its file's name without the ending."""
    setup, question = await _asked(here)
    told = await _told(here, setup, question)
    days, of = question.days(), narrowing.slugs(question.only, question.choices)
    return told, "-".join((here.branch_id, days.first.isoformat(), days.last.isoformat(), *of))


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
