"""The lobby's screen: its page, its live fragment and the door's code beside the numbers."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from display.showing import COUNTERS_AT_A_TIME, SERVICES_AT_A_TIME, showing
from display.tongue import speaks_for_itself, spoken, tongues
from server.domain.errors import Forbidden
from server.live.views import BoardView
from server.web import pages, qr
from server.web.kit import Kit, kit
from server.web.who import Device, device

TEMPLATE = "lobby/lobby.html"
SIZES = ((4, "four"), (6, "six"), (9, "nine"), (COUNTERS_AT_A_TIME, "twelve"))
"""Classes for how large the counters' plates are while nobody is called, by how many share the screen."""

router = APIRouter()


async def lobby(device: Device = Depends(device)) -> Device:
    """The lobby that asks; a kiosk has a page of its own."""
    if device.kind != "lobby":
        raise Forbidden("device-unknown")
    return device


@router.get("/lobby")
async def page(request: Request, lobby: Device = Depends(lobby), kit: Kit = Depends(kit)) -> HTMLResponse:
    view = await kit.board(lobby.branch_id)
    language = view.branch.languages[0]
    return pages.page(request, TEMPLATE, language=language, tz=view.branch.time_zone, **_context(view, language))


@router.get("/lobby/code")
async def code(request: Request, lobby: Device = Depends(lobby), kit: Kit = Depends(kit)) -> Response:
    """The door's code of this moment as a picture."""
    code = kit.presence.code(lobby.branch_id, lobby.id, kit.now())
    address = f"{kit.base_url(request)}/d/{lobby.branch_id}/{code.text}"
    return Response(qr.svg(address), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def screen(view: BoardView, language: str, subject: str) -> bytes:
    """The live fragment, the same bytes for every lobby of the branch in this language; there is no `subject`."""
    context = _context(view, language)
    return pages.render_block(TEMPLATE, "board", language, view.branch.time_zone, **context).encode()


SCREENS = {"lobby": screen}


def _context(view: BoardView, language: str) -> dict[str, Any]:
    languages = tongues(view, language)
    shown = showing(view)
    return {
        "face": "lobby",
        "board": view,
        "shown": shown,
        "tongues": languages,
        "spoken": partial(spoken, languages=languages),
        "speaks_for_itself": speaks_for_itself,
        "size": next((size for most, size in SIZES if len(shown.counters) <= most), SIZES[-1][1]),
        "services_at_a_time": SERVICES_AT_A_TIME,
        "counters_at_a_time": COUNTERS_AT_A_TIME,
    }
