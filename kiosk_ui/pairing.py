"""Pairing a screen: its one-time link makes this browser the door's kiosk or the lobby's display."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from starlette.responses import RedirectResponse, Response

from server.actions import letting_in
from server.chance import new_token
from server.web import pages
from server.web.kit import Kit, kit
from server.web.limits import LINKS_PER_ADDRESS
from server.web.who import DEVICE, set_cookie

PAIRED_DAYS = 3650  # a screen hangs for years; it is revoked, not forgotten
SCREENS = {"kiosk": "/kiosk", "lobby": "/lobby"}

router = APIRouter(include_in_schema=False)


@router.get("/pair")
async def opening(request: Request) -> Response:
    """The token stands in the link's fragment; the page posts it by itself, for a kiosk has nothing to touch."""
    return pages.page(request, "kiosk/pair.html", face="kiosk")


@router.post("/pair")
async def pair(
    request: Request, token: Annotated[str, Form(max_length=200)], kit: Annotated[Kit, Depends(kit)]
) -> Response:
    await kit.limits.hit(LINKS_PER_ADDRESS, "pair", request.client.host if request.client else "")
    cookie = new_token()
    answer = await kit.act(None, None, partial(letting_in.pair, token=token, cookie=cookie))
    kit.forget_who()
    response = RedirectResponse(SCREENS[answer["kind"]], 303)
    set_cookie(request, response, DEVICE, cookie, days=PAIRED_DAYS)
    return response
