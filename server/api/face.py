"""The JSON face put together: an application of its own under /api/v1, where every answer is JSON."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from server.access import Staff
from server.api import branches, counters, health, live, problem, serving, tickets
from server.api.askers import TheKit, staff
from server.api.documented import describe
from server.web.security import check_origin

BASE = "/api/v1"
LARGEST_BODY = 64 * 1024  # bytes; the longest comment is a thousand characters


def mount(app: FastAPI) -> None:
    """Put the face under its base path and the two health addresses beside it; the kit stays where `app` keeps it."""
    face = json_face()
    face.state = app.state
    app.mount(BASE, face)
    app.include_router(health.router)


def json_face() -> FastAPI:
    face = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, max_body_size=LARGEST_BODY,
        dependencies=[Depends(_our_own_page)],
    )  # fmt: skip
    for noun in (branches, tickets, serving, counters, live):
        face.include_router(noun.router)
    problem.refusals_become_problems(face)
    face.add_api_route("/openapi.json", _description, include_in_schema=False)
    return face


async def _our_own_page(request: Request, response: Response, kit: TheKit) -> None:
    """A session cookie counts only in a request from our own page; and nobody keeps what is told."""
    check_origin(request, kit.settings.public_url)
    response.headers["Cache-Control"] = "no-store"


async def _description(request: Request, staff: Annotated[Staff, Depends(staff)]) -> JSONResponse:
    """OpenAPI 3.1, for staff and their programs."""
    face: FastAPI = request.app
    if face.openapi_schema is None:
        face.openapi_schema = describe(face.routes, BASE)
    return JSONResponse(face.openapi_schema)
