"""The screen at the door: its page, its live fragment, its code, and the greeting of who has just joined with it."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.requests import Request
from starlette.responses import Response

from kiosk_ui import cards
from server import words
from server.domain.errors import Forbidden
from server.domain.presence import GRACE_STEPS, STEP_SECONDS
from server.live.views import BoardView, TicketView, Words
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import Device, device

GREETING = timedelta(seconds=10)
GREETED = 3  # plates beside one another; more would be too small to know one's own
JUST_AFTER = 0.3  # seconds; a code asked for at the very turn might still be the old one

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Second:
    """The branch's second language, a line below the first."""

    language: str
    fallback: str

    def say(self, slug: str, **params: object) -> str:
        return words.say(self.language, slug, **params)

    def name(self, names: Words) -> str:
        return words.pick(names, self.language, self.fallback)


async def kiosk_device(device: Annotated[Device, Depends(device)]) -> Device:
    if device.kind != "kiosk":
        raise Forbidden("device-unknown")
    return device


TheKiosk = Annotated[Device, Depends(kiosk_device)]
TheKit = Annotated[Kit, Depends(kit)]


@router.get("/kiosk")
async def page(request: Request, kiosk: TheKiosk, kit: TheKit) -> Response:
    board = await kit.board(kiosk.branch_id)
    language = board.branch.languages[0]
    context = _context(board, language, kiosk.id) | {
        "language": language,
        "tz": board.branch.time_zone,
        "now": kit.now(),
    }
    return pages.page(request, "kiosk/kiosk.html", **context)


@router.get("/kiosk/code")
async def code(request: Request, kiosk: TheKiosk, kit: TheKit) -> Response:
    """The code of this moment: fetched again when it turns, taken from the screen when it can no longer be opened."""
    now = kit.now()
    fresh = kit.presence.code(kiosk.branch_id, kiosk.id, now)
    left = (fresh.until - now).total_seconds()
    link = f"{kit.base_url(request)}/d/{kiosk.branch_id}/{fresh.text}"
    return pages.fragment(
        request,
        "kiosk/code.html",
        "code",
        qr=cards.drawn(link),
        next_in=ceil((left + JUST_AFTER) * 10) / 10,
        colour=(await kit.board(kiosk.branch_id)).branch.colour,
        good_for=int(left) + GRACE_STEPS * STEP_SECONDS,
    )


def screen(view: BoardView, language: str, subject: str = "") -> bytes:
    """The live fragment of one kiosk; `subject`: its device."""
    context = _context(view, language, subject)
    return pages.render_block("kiosk/kiosk.html", "board", language, view.branch.time_zone, **context).encode()


SCREENS = {"kiosk": screen}


def greeted(view: BoardView, device_id: str) -> tuple[TicketView, ...]:
    """Who joined with this screen's code within the last ten seconds and is not being served yet, newest first."""
    here = (t for t in view.tickets if t.device == device_id and t.state in ("waiting", "called"))
    new = [t for t in here if t.joined_at > view.at - GREETING]
    return tuple(sorted(new, key=lambda ticket: ticket.joined_at, reverse=True)[:GREETED])


def _context(view: BoardView, language: str, device_id: str) -> dict[str, Any]:
    welcome = greeted(view, device_id)
    return {
        "now": view.at,
        "branch": view.branch,
        "services": view.services,
        "greeted": welcome,
        "greet_until": welcome[0].joined_at + GREETING if welcome else None,
        "second": _second(view, language),
        "face": "kiosk",
    }


def _second(view: BoardView, language: str) -> Second | None:
    others = [known for known in view.branch.languages if known != language and known in words.LANGUAGES]
    return Second(others[0], view.branch.languages[0]) if others else None
