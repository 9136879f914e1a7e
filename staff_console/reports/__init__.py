"""A manager's reports: what happened in a branch over a range of days, as a page, as CSV and as a workbook.

period.py   the range that was asked for
tables.py   every table of a report, with its words: what all three show
charts.py   where the marks of a chart stand
sheets.py   CSV and XLSX
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from server.domain.errors import Forbidden, Invalid
from server.domain.reports.report import Report
from server.queries import reports
from server.queries.arranged import Arrangement
from server.queries.arrangement import branches_of
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.reports import charts, period, sheets
from staff_console.reports.period import Period
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
    """A range that makes no sense comes back with what to look at, and without a report."""
    setup = await here.arrangement()
    today = await here.kit.ask(lambda session: reports.today(session, here.branch_id, here.kit.now()))
    query = here.request.query_params
    try:
        chosen = period.chosen(query, today)
    except Invalid as refused:
        return await _page(here, setup, period.Asked(today, query, refused.fields), None)
    report = await _counted(here, chosen)
    return await _page(here, setup, period.Asked(today, query, {}, chosen), Told(report, setup, here.language))


@router.get("/{branch_id}/report.csv")
async def as_csv(here: Here) -> Response:
    told, name = await _to_take_along(here)
    return _file(await asyncio.to_thread(sheets.csv_of, told), f"{name}.csv", "text/csv; charset=utf-8")


@router.get("/{branch_id}/report.xlsx")
async def as_workbook(here: Here) -> Response:
    told, name = await _to_take_along(here)
    return _file(await asyncio.to_thread(sheets.xlsx_of, told), f"{name}.xlsx", sheets.XLSX)


async def _page(here: Room, setup: Arrangement, asked: period.Asked, told: Told | None) -> Response:
    return await here.page(
        "reports/report.html", "", setup=setup, asked=asked, told=told, charts=charts,
        status=422 if asked.problems else 200,
    )  # fmt: skip


async def _counted(here: Room, chosen: Period) -> Report:
    return await here.kit.ask_at_length(
        lambda session: reports.report(session, here.branch_id, chosen.first, chosen.last)
    )


async def _to_take_along(here: Room) -> tuple[Told, str]:
    setup = await here.arrangement()
    today = await here.kit.ask(lambda session: reports.today(session, here.branch_id, here.kit.now()))
    chosen = period.chosen(here.request.query_params, today)
    told = Told(await _counted(here, chosen), setup, here.language)
    return told, f"{here.branch_id}-{chosen.first}-{chosen.last}"


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
