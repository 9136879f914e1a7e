"""Arriving with a phone: the door's code, services and waits, joining, and a number taken on another phone."""

from dataclasses import dataclass
from functools import partial
from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from kiosk_ui import cards
from server import words
from server.actions import joining
from server.chance import new_id
from server.domain.errors import CodeRefused, PassRefused
from server.domain.people import Actor
from server.domain.presence import PASS_LIFE, Pass
from server.live.views import BoardView
from server.queries import stories
from server.queries.stories import Arrival
from server.web import pages
from server.web.kit import Kit, key_of, kit
from server.web.limits import CODES_PER_ADDRESS, SHORT_CODES_PER_TICKET
from server.web.who import remember_ticket, remember_visitor, set_cookie, visitor_of

TheKit = Annotated[Kit, Depends(kit)]
DAY = 86_400  # seconds
LANGUAGE_DAYS = 365

router = APIRouter()


@dataclass(frozen=True, slots=True)
class AtTheDoor:
    """A visitor in front of the services. `pass_text`: None unless a pass of theirs still gives a number."""

    visitor: str
    pass_text: str | None
    known: Arrival

    def may_join(self, board: BoardView) -> bool:
        allowed = self.pass_text is not None or board.branch.remote_joining == "expected"
        return board.branch.open and allowed and self.known.room

    def lead(self, board: BoardView) -> str:
        """The slug of the sentence under "How may we assist you?"."""
        if not board.branch.open:
            return "phone.arrive-closed" if board.branch.opens_at else "phone.arrive-closed-now"
        if not self.known.room:
            return "phone.arrive-yours"
        if self.pass_text is not None:
            return "phone.arrive-lead"
        return "phone.arrive-expected" if board.branch.remote_joining == "expected" else "phone.arrive-scan"


class Joined(BaseModel):
    """The form of the services: the tapped one, and what was said below them."""

    model_config = ConfigDict(extra="forbid")
    service: str = Field(max_length=80)
    pass_text: str = Field("", alias="pass", max_length=300)
    name: str = Field("", max_length=40)
    need: str = Field("", max_length=20)
    priority: str = Field("", max_length=80)
    language: str = Field("", max_length=20)
    key: str = Field("", max_length=200)


class Found(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str = Field(max_length=12)
    code: str = Field(max_length=12)
    pass_text: str = Field("", alias="pass", max_length=300)


@router.get("/d/{branch_id}/{code}")
async def door(request: Request, branch_id: str, code: str, kit: TheKit) -> Response:
    """Opened by the camera: a good code gives a pass. Whoever comes back to an old one finds their ticket."""
    await kit.limits.hit(CODES_PER_ADDRESS, "code", address(request))
    board = await kit.board(branch_id)
    visitor = visitor_of(request, kit)
    try:
        device = kit.presence.read_code(branch_id, code, kit.now())
    except CodeRefused:
        known = await kit.ask(partial(stories.arrival, branch_id=branch_id, visitor=visitor, pass_id=None))
        if not known.own:
            raise
        return RedirectResponse(f"/t/{known.own[-1].id}", 303)
    pass_text = kit.presence.mint_pass(branch_id, visitor, device, kit.now())
    response = await _arrive(request, kit, board, pass_text)
    remember_visitor(request, response, kit, visitor)
    set_cookie(request, response, _pass_cookie(branch_id), pass_text, days=PASS_LIFE.total_seconds() / DAY)
    return response


@router.get("/b/{branch_id}")
async def branch(request: Request, branch_id: str, kit: TheKit) -> Response:
    """The services for anyone; a number for who holds a pass."""
    return await _arrive(request, kit, await kit.board(branch_id), _kept_pass(request, branch_id))


@router.get("/b/{branch_id}/services")
async def services(request: Request, branch_id: str, kit: TheKit) -> Response:
    """The waits and the notice as they are now, for a page that is being read."""
    board = await kit.board(branch_id)
    visitor = await _at_the_door(request, kit, branch_id, _kept_pass(request, branch_id))
    return pages.fragment(
        request,
        "phone/arrive.html",
        "services",
        language=cards.language_of(request, board.branch),
        tz=board.branch.time_zone,
        now=kit.now(),
        branch=board.branch,
        services=board.services,
        may_join=visitor.may_join(board),
        by_itself=True,
    )


@router.get("/b/{branch_id}/notice")
async def notice(request: Request, branch_id: str, kit: TheKit) -> Response:
    """The branch's notice as it is now: for a phone whose frame says that there is another."""
    return cards.draw_notice(request, (await kit.board(branch_id)).branch)


@router.post("/b/{branch_id}/tickets")
async def join(request: Request, branch_id: str, form: Annotated[Joined, Form()], kit: TheKit) -> Response:
    """One tap: a number. The same tap twice gives the same number twice."""
    board = await kit.board_to_join(branch_id)
    visitor = visitor_of(request, kit)
    pass_text = form.pass_text or _kept_pass(request, branch_id)
    shown = kit.presence.device_of(branch_id, pass_text, kit.now())
    verdict = await kit.limits.count_join(branch_id, address(request), shown)
    asked = joining.Joining(
        ticket_id=new_id(), service=form.service, channel="phone", language=form.language or board.branch.languages[0],
        visitor=None if pass_text else visitor, proof=pass_text, name=form.name.strip() or None,
        need=_need(form.need, board), priority=form.priority or None, promised=board.promise(form.service),
        admit=verdict.admit,
    )  # fmt: skip
    key = key_of(request, f"visitor:{(pass_text or visitor).partition('.')[0]}", form.key, form.model_dump_json())
    action = partial(joining.join, by=Actor("customer", None), joining=asked, presence=kit.presence)
    answer = await kit.act(branch_id, key, action)
    response = await let_in(request, kit, answer["ticket"])
    remember_visitor(request, response, kit, visitor)
    return response


@router.post("/b/{branch_id}/found")
async def found(request: Request, branch_id: str, form: Annotated[Found, Form()], kit: TheKit) -> Response:
    """A number and its short code, typed into another phone at the door."""
    pass_text = form.pass_text or _kept_pass(request, branch_id) or ""
    kit.presence.read_pass(branch_id, pass_text, kit.now())
    number = form.number.strip().upper()
    await kit.limits.hit(SHORT_CODES_PER_TICKET, "short", branch_id, number)
    typed = form.code.strip().upper().encode()
    for ticket_id, generation in await kit.ask(partial(stories.numbered, branch_id=branch_id, number=number)):
        if compare_digest(kit.presence.short_code(ticket_id, generation).encode(), typed):
            return await let_in(request, kit, ticket_id)
    return await _arrive(request, kit, await kit.board(branch_id), pass_text, wrong=True)


@router.post("/language")
async def choose_language(
    request: Request, language: Annotated[str, Form(max_length=20)], back: Annotated[str, Form(max_length=400)] = "/"
) -> Response:
    """`back`: a page of ours."""
    ours = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if ours else "/", 303)
    if language in words.LANGUAGES:
        set_cookie(request, response, pages.LANGUAGE, language, days=LANGUAGE_DAYS)
    return response


async def let_in(request: Request, kit: Kit, ticket_id: str) -> Response:
    """This browser holds the ticket from now on, and shows it; in place, so that the tap lets the page ring later."""
    story = await kit.ask(partial(stories.story, now=kit.now(), ticket_id=ticket_id))
    response = await cards.moved(request, kit, ticket_id)
    response.headers["HX-Replace-Url"] = f"/t/{ticket_id}"  # not pushed: going back must not open an old code
    remember_ticket(request, response, kit, ticket_id, story.generation)
    return response


def address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _arrive(request: Request, kit: Kit, board: BoardView, pass_text: str | None, wrong: bool = False) -> Response:
    branch = board.branch
    visitor = await _at_the_door(request, kit, branch.id, pass_text)
    language = cards.language_of(request, branch)
    context = cards.spoken(language) | {
        "branch": branch,
        "services": board.services,
        "priorities": board.priorities,
        "needs": words.NEEDS,
        "pass_text": visitor.pass_text,
        "yours": visitor.known.own,
        "may_join": visitor.may_join(board),
        "by_itself": False,
        "lead": visitor.lead(board),
        "wrong": wrong,
        "status": 404 if wrong else 200,
        "language": language,
        "tz": branch.time_zone,
        "now": kit.now(),
    }
    if cards.in_place(request):
        return pages.fragment(request, "phone/arrive.html", "card", **context)
    return pages.page(request, "phone/arrive.html", **context)


async def _at_the_door(request: Request, kit: Kit, branch_id: str, pass_text: str | None) -> AtTheDoor:
    held = _read(kit, branch_id, pass_text)
    visitor = held.visitor if held else visitor_of(request, kit)
    asked = partial(stories.arrival, branch_id=branch_id, visitor=visitor, pass_id=held.id if held else None)
    known = await kit.ask(asked)
    return AtTheDoor(visitor, pass_text if held and not known.pass_used else None, known)


def _read(kit: Kit, branch_id: str, pass_text: str | None) -> Pass | None:
    try:
        return kit.presence.read_pass(branch_id, pass_text, kit.now()) if pass_text else None
    except PassRefused:
        return None


def _pass_cookie(branch_id: str) -> str:
    return f"pass_{branch_id}"


def _kept_pass(request: Request, branch_id: str) -> str | None:
    return request.cookies.get(_pass_cookie(branch_id))


def _need(need: str, board: BoardView) -> str | None:
    """A sentence in the branch's first language; whoever reads it in another is told it in theirs (`words.need`)."""
    return words.say(board.branch.languages[0], f"phone.need-{need}") if need in words.NEEDS else None
