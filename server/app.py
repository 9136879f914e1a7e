"""Puts the rooms together: the only place that knows every face."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from display import lobby
from kiosk_ui import kiosk, pairing, phone
from server import api, words
from server.api.problem import is_api, problem_response
from server.bus import InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.domain.errors import Invalid, NotFound, Refusal, SignInNeeded
from server.domain.presence import Presence
from server.jobs import all_jobs
from server.live.board import Boards
from server.live.hub import Hub, Screen
from server.queries import branches
from server.settings import Settings
from server.web import pages, sockets
from server.web.kit import Kit
from server.web.limits import Limits
from server.web.security import SecurityHeaders, check_origin
from staff_console import counter, devices, people, setup, sign_in

FACES = (phone, pairing, kiosk, lobby, sign_in, counter, setup, people, devices)
SCREENS: Mapping[str, Screen] = {**kiosk.SCREENS, **lobby.SCREENS, **counter.SCREENS}


def create_app(settings: Settings, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The whole server. The database must have been migrated; `clock` is for tests."""
    app = FastAPI(title="Now Serving", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.kit, app.state.db, app.state.bus = _kit(settings, clock)
    app.add_middleware(SecurityHeaders)
    app.middleware("http")(_same_origin)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.include_router(sockets.router)
    api.mount(app)
    for face in FACES:
        app.include_router(face.router)
    app.add_api_route("/static/{digest}/{name:path}", _static, include_in_schema=False)
    app.add_api_route("/", _start, include_in_schema=False)
    return app


def _kit(settings: Settings, clock: Callable[[], datetime] | None) -> tuple[Kit, Database, InProcessBus]:
    bus = InProcessBus()
    db = Database(settings.database, bus, clock)
    boards = Boards(db.ask, db.now)
    hub = Hub(boards, SCREENS, db.now)
    bus.listen(hub.announced)
    key = settings.secret_key.encode() or DataFolder(settings.data_dir).key()
    return Kit(settings, db, boards, hub, Presence(key), Limits()), db, bus


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    kit: Kit = app.state.kit
    await app.state.bus.start()
    jobs = [asyncio.create_task(job) for job in all_jobs(app.state.db, kit.hub, kit.forget_who)]
    async with AsyncExitStack() as stack:
        stack.callback(app.state.db.close)
        stack.push_async_callback(app.state.bus.stop)
        yield
        kit.hub.close()
        for job in jobs:
            job.cancel()
        for job in jobs:
            with suppress(asyncio.CancelledError):
                await job


async def _same_origin(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        check_origin(request, request.app.state.kit.settings.public_url)
    except Refusal as refusal:
        return await _refused(request, refusal)
    return await answer(request)


async def _refused(request: Request, refusal: Exception) -> Response:
    """Every refusal in the asker's own form: a problem for programs, a notice for htmx, a kind page for people."""
    assert isinstance(refusal, Refusal)
    if is_api(request):
        return problem_response(request, refusal)
    if isinstance(refusal, SignInNeeded) and request.method == "GET":
        return RedirectResponse(f"/staff?next={quote(request.url.path)}", 303)
    language = pages.choose_language(request, words.LANGUAGES)
    context = {
        "title": words.say(language, f"error.{refusal.slug}.title", **_written(refusal, language)),
        "text": words.say(language, f"error.{refusal.slug}.text", **_written(refusal, language)),
        "code": refusal.status,
        "action_label": words.say(language, "error.back") if not pages.is_htmx(request) else None,
        "action_href": _way_on(request),
    }
    template = "error_fragment.html" if pages.is_htmx(request) else "error.html"
    response = pages.page(request, template, status=refusal.status, language=language, **context)
    if retry_after := refusal.params.get("retry_after"):
        response.headers["Retry-After"] = str(retry_after)
    return response


def _written(refusal: Refusal, language: str) -> dict[str, object]:
    return {"n": 0, **refusal.params}


def _way_on(request: Request) -> str:
    """Back to where the person came from on this server, else to the front door."""
    referer = request.headers.get("referer", "")
    host = request.headers.get("host", "")
    path = referer.partition(f"//{host}")[2] if host else ""
    return path if path.startswith("/") and path != request.url.path else "/"


async def _not_understood(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    fields = {str(error["loc"][-1]): str(error["type"]) for error in problem.errors() if error["loc"]}
    return await _refused(request, Invalid(fields=fields))


async def _no_such_page(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    refusal = NotFound()
    if problem.status_code == 405:
        refusal = NotFound("page-moved-on")
    return await _refused(request, refusal)


async def _static(request: Request, digest: str, name: str) -> Response:
    return pages.static_response(request, name)


async def _start(request: Request) -> Response:
    """The front door: which branches there are."""
    kit: Kit = request.app.state.kit
    found = await kit.ask(lambda session: [(b.id, b.name) for b in branches.all_branches(session)])
    return pages.page(
        request,
        "start.html",
        branches=[{"href": f"/b/{id}", "name": name} for id, name in found],
        sign_in_href="/staff",
    )
