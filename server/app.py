"""Puts the rooms together: the only place that knows every face."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response

from display import lobby
from kiosk_ui import kiosk, pairing, phone
from server import api, words
from server.api.face import LARGEST_BODY
from server.api.problem import is_api, problem_response
from server.bus import InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.domain.errors import Broken, Invalid, NotFound, Refusal, SignInNeeded
from server.domain.presence import Presence
from server.jobs import all_jobs
from server.live.board import Boards
from server.live.hub import Hub, Screen
from server.queries import branches
from server.settings import Settings
from server.web import pages, sockets
from server.web.kit import Kit, kit
from server.web.limits import Limits
from server.web.security import SecurityHeaders, check_origin, headers_for, same_origin
from staff_console import counter, devices, people, setup, sign_in

FACES = (phone, pairing, kiosk, lobby, sign_in, counter, setup, people, devices)
STAFF_PAGES = ("/staff", "/counter", "/setup")
SCREENS: Mapping[str, Screen] = {**kiosk.SCREENS, **lobby.SCREENS, **counter.SCREENS}


def create_app(settings: Settings, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """The whole server. The database must have been migrated; `clock` is for tests."""
    app = FastAPI(title="Now Serving", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.kit, app.state.db, app.state.bus = _kit(settings, clock)
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_exception_handler(Exception, _broken)
    app.include_router(sockets.router)
    api.mount(app)
    for face in FACES:
        app.include_router(face.router, dependencies=[Depends(_our_own_page)], max_body_size=LARGEST_BODY)
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
    mine: Kit = app.state.kit
    await app.state.bus.start()
    jobs = [asyncio.create_task(job) for job in all_jobs(app.state.db, mine.hub, mine.forget_who)]
    async with AsyncExitStack() as stack:
        stack.callback(app.state.db.close)
        stack.push_async_callback(app.state.bus.stop)
        yield
        mine.hub.close()
        for job in jobs:
            job.cancel()
        for job in jobs:
            with suppress(asyncio.CancelledError):
                await job


async def _our_own_page(request: Request, kit: Kit = Depends(kit)) -> None:
    """Changes come from our own pages."""
    check_origin(request, kit.settings.public_url)


async def _refused(request: Request, refusal: Exception) -> Response:
    """Every refusal in the asker's own form: a problem for programs, a notice for htmx, a kind page for people."""
    assert isinstance(refusal, Refusal)
    if is_api(request):
        return problem_response(request, refusal)
    if isinstance(refusal, SignInNeeded) and request.method == "GET":
        return RedirectResponse(f"/staff?next={quote(request.url.path)}", 303)
    language = pages.choose_language(request, words.LANGUAGES)
    values = {"n": 0, **refusal.params}
    response = pages.page(
        request,
        "error_fragment.html" if pages.is_htmx(request) else "error.html",
        status=refusal.status,
        language=language,
        face="console" if request.url.path.startswith(STAFF_PAGES) else "plain",
        title=words.say(language, f"error.{refusal.slug}.title", **values),
        text=words.say(language, f"error.{refusal.slug}.text", **values),
        code=refusal.status,
        action_label=None if pages.is_htmx(request) else words.say(language, "error.back"),
        action_href=_way_on(request),
    )
    if retry_after := refusal.params.get("retry_after"):
        response.headers["Retry-After"] = str(retry_after)
    return response


def _way_on(request: Request) -> str:
    """Back to where the person came from on this server, else to the front door."""
    referer = request.headers.get("referer", "")
    if not same_origin(request, referer, ""):
        return "/"
    path = urlsplit(referer).path
    return path if path.startswith("/") and not path.startswith("//") and path != request.url.path else "/"


async def _not_understood(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    fields = {str(error["loc"][-1]): str(error["type"]) for error in problem.errors() if error["loc"]}
    return await _refused(request, Invalid(fields=fields))


async def _no_such_page(request: Request, problem: Exception) -> Response:
    """No such address, or no such method there: the page has moved on."""
    return await _refused(request, NotFound())


async def _broken(request: Request, problem: Exception) -> Response:
    """A fault of ours: the log has it; the person is told that nothing is lost."""
    response = await _refused(request, Broken())
    response.headers.update(headers_for(request))
    return response


async def _static(request: Request, digest: str, name: str) -> Response:
    return pages.static_response(request, name, digest)


async def _start(request: Request, kit: Kit = Depends(kit)) -> Response:
    """The front door: which branches there are."""
    found = await kit.ask(lambda session: [(b.id, b.name) for b in branches.all_branches(session)])
    return pages.page(
        request,
        "start.html",
        branches=[{"href": f"/b/{id}", "name": name} for id, name in found],
        sign_in_href="/staff",
    )
