"""The JSON face put together: routes of their own under /api/v1, where every answer is JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from server.access import Staff
from server.api import branches, counters, health, live, metrics, serving, tickets
from server.api.askers import staff
from server.api.documented import describe
from server.web.kit import kit_of
from server.web.security import check_origin

BASE = "/api/v1"


def mount(app: FastAPI) -> None:
    """Put the face under its base path, and what tells of the server's health beside it."""
    app.include_router(json_face(), prefix=BASE, dependencies=[Depends(_our_own_page)])
    app.include_router(health.router)
    app.include_router(metrics.router)


def json_face() -> APIRouter:
    """Every address below the base path."""
    face = APIRouter()
    for noun in (branches, tickets, serving, counters, live):
        face.include_router(noun.router)
    face.add_api_route("/openapi.json", _description, include_in_schema=False)
    return face


async def _our_own_page(request: Request, response: Response) -> None:
    """A session cookie counts only in a request from our own page; and nobody keeps what is told."""
    check_origin(request, kit_of(request).settings.public_url)
    response.headers["Cache-Control"] = "no-store"


async def _description(request: Request, staff: Annotated[Staff, Depends(staff)]) -> JSONResponse:
    """OpenAPI 3.1, for staff and their programs."""
    app: FastAPI = request.app
    if app.openapi_schema is None:
        app.openapi_schema = describe(json_face().routes, BASE)
    return JSONResponse(app.openapi_schema)
