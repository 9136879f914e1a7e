"""Puts the rooms together: the only place that knows every face."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response

from display import lobby
from kiosk_ui import kiosk, pairing, phone
from server import api, observe, words
from server.api import problem as problems
from server.api.problem import is_api
from server.bus import Bus, InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.domain.errors import Broken, Invalid, NotFound, Refusal, SecondStepNeeded, SignInNeeded, TooLong
from server.domain.presence import Presence
from server.jobs import Job, all_jobs
from server.live.board import Boards
from server.live.honesty import Honesty
from server.live.hub import Hub, Screen
from server.queries import branches
from server.settings import Settings
from server.web import pages, sockets
from server.web.bodies import BoundedBodies
from server.web.counters import Counters, InMemory
from server.web.kit import Kit, kit, kit_of
from server.web.known import KNOWN, Known
from server.web.limits import Limits
from server.web.numbered import HEADER, Numbered, number_of
from server.web.security import NO_TELEMETRY, SecurityHeaders, check_origin, headers_for, same_origin
from staff_console import counter, devices, floor, me, people, reports, roster, second_step, setup, sign_in

FACES = (
    phone,
    pairing,
    kiosk,
    lobby,
    sign_in,
    second_step,
    me,
    counter,
    floor,
    setup,
    roster,
    people,
    devices,
    reports,
)
STAFF_PAGES = ("/staff", "/counter", "/floor", "/setup", "/reports")
CLOSE_SECONDS = 2.0  # for what was begun; with what uvicorn waits for before, and Redis, less than ten
log = logging.getLogger(__name__)
Beside = Callable[[Database, Boards], Job]
SCREENS: Mapping[str, Screen] = {**kiosk.SCREENS, **lobby.SCREENS, **counter.SCREENS, **floor.SCREENS}


def create_app(
    settings: Settings, clock: Callable[[], datetime] | None = None, beside: Iterable[Beside] = ()
) -> FastAPI:
    """The whole server. The database must have been migrated; `clock` is for tests; `beside` runs while it serves."""
    app = FastAPI(
        title="Now Serving", docs_url=None, redoc_url=None, openapi_url=None, telemetry=NO_TELEMETRY, lifespan=_lifespan
    )
    app.state.kit, app.state.db, app.state.bus = _kit(settings, clock)
    app.state.beside = tuple(beside)
    app.add_middleware(BoundedBodies)  # the innermost: the last that is added comes first
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(sockets.Sockets, kit=app.state.kit)
    app.add_middleware(Numbered, trusted_proxies=settings.trusted_proxies)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_exception_handler(Exception, _broken)
    api.mount(app)
    for face in FACES:
        app.include_router(face.router, dependencies=[Depends(_our_own_page)])
    app.add_api_route("/static/{digest}/{name:path}", _static, include_in_schema=False)
    app.add_api_route("/logo/{branch_id}/{digest}", _logo, include_in_schema=False)
    app.add_api_route("/", _start, include_in_schema=False)
    return app


def presence_of(settings: Settings) -> Presence:
    """What is derived from the installation's key: the given one, else the data folder's."""
    return Presence(settings.secret_key.encode() or DataFolder(settings.data_dir).key())


def bus_of(settings: Settings) -> Bus:
    """To whoever serves the same installation."""
    if not settings.shared:
        return InProcessBus()
    from server.bus.over_redis import RedisBus  # loads only for whoever has a Redis

    return RedisBus(settings.redis_url, _ours(presence_of(settings)))


def _ours(presence: Presence) -> str:
    """What stands before everything of this installation in Redis."""
    return f"nowserving:{presence.alias('installation')}"


def _kit(settings: Settings, clock: Callable[[], datetime] | None) -> tuple[Kit, Database, Bus]:
    presence, bus, counters = presence_of(settings), bus_of(settings), _counters(settings)
    db = Database(settings.database, bus, clock)
    boards = Boards(db.ask, db.now, alone=not settings.shared)
    hub = Hub(boards, SCREENS, db.now)
    bus.listen(hub.announced, hub.doubted)
    return Kit(settings, db, boards, hub, presence, Limits(counters), Honesty(db.ask, db.now)), db, bus


def _counters(settings: Settings) -> Counters:
    if not settings.shared:
        return InMemory()
    from server.web.shared_counters import InRedis

    presence = presence_of(settings)
    return InRedis(settings.redis_url, _ours(presence), presence.alias)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
    mine: Kit = app.state.kit
    await app.state.bus.start()
    known = Known(mine)
    await known.look_ahead()
    work = all_jobs(app.state.db, mine.hub, mine.boards, mine.honesty, mine.forget_who, mine.seen)
    jobs = [asyncio.create_task(job) for job in work]
    jobs += [asyncio.create_task(run(app.state.db, mine.boards)) for run in app.state.beside]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, app.state.db)
        stack.push_async_callback(app.state.bus.stop)
        stack.push_async_callback(mine.limits.close)
        yield {KNOWN: known}
        mine.hub.close()
        for job in jobs:
            job.cancel()
        for job in jobs:
            with suppress(asyncio.CancelledError):
                await job


async def _close(db: Database) -> None:
    """In a thread: whoever is refused at the end hears it, and who has a socket still does."""
    if not await asyncio.to_thread(db.close_within, CLOSE_SECONDS):
        log.warning("the database did not answer before the end: what was begun there is done or not")


async def _our_own_page(request: Request) -> None:
    """Changes come from our own pages."""
    check_origin(request, kit_of(request).settings.public_url)


async def _refused(request: Request, refusal: Exception) -> Response:
    """Every refusal in the asker's own form: a problem for programs, a notice for htmx, a kind page for people."""
    assert isinstance(refusal, Refusal)
    if is_api(request):
        return problems.problem_response(request, refusal)
    if isinstance(refusal, SignInNeeded) and request.method == "GET":
        return RedirectResponse(f"/staff?next={quote(request.url.path)}", 303)
    if isinstance(refusal, SecondStepNeeded) and request.method == "GET":
        return RedirectResponse("/staff/codes", 303)
    observe.about(refusal=refusal.slug)
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
    if is_api(request):
        return problems.invalid(request, problem)
    fields = {str(error["loc"][-1]): str(error["type"]) for error in problem.errors() if error["loc"]}
    return await _refused(request, Invalid(fields=fields))


async def _no_such_page(request: Request, problem: Exception) -> Response:
    """No such address, or no such method there: the page has moved on. Or a form that says too much."""
    assert isinstance(problem, HTTPException)
    if is_api(request):
        return problems.by_status(request, problem)
    return await _refused(request, TooLong() if problem.status_code == TooLong.status else NotFound())


async def _broken(request: Request, problem: Exception) -> Response:
    """A fault of ours: the log has it, under a number that the person is told."""
    response = await _refused(request, Broken(request=number_of(request)))
    response.headers.update(headers_for(request) | {HEADER: number_of(request)})
    return response


async def _static(request: Request, digest: str, name: str) -> Response:
    return pages.static_response(request, name, digest)


async def _logo(branch_id: str, digest: str, kit: Kit = Depends(kit)) -> Response:
    """A branch's picture; its address changes with it, so that browsers may keep it for ever."""
    found = await kit.ask(partial(branches.logo, branch_id=branch_id, digest=digest))
    return Response(found.content, media_type=found.kind, headers={"Cache-Control": pages.FOR_EVER})


async def _start(request: Request, kit: Kit = Depends(kit)) -> Response:
    """The front door: which branches there are."""
    found = await kit.ask(lambda session: [(b.id, b.name) for b in branches.all_branches(session) if not b.archived])
    return pages.page(
        request,
        "start.html",
        branches=[{"href": f"/b/{id}", "name": name} for id, name in found],
        sign_in_href="/staff",
    )
