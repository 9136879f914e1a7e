"""The customer's ticket: its page, all that its holder may do, the one tap after the visit, and another browser."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from kiosk_ui import cards, door, own_data
from kiosk_ui.door import TheKit
from server.actions import joining, rating
from server.domain.errors import NotFound
from server.web import pages
from server.web.kit import Kit, key_of
from server.web.limits import LINKS_PER_ADDRESS
from server.web.who import Holder, holder, holder_or_none

MOVES: dict[str, Callable[..., Any]] = {
    "acknowledgement": joining.acknowledge,
    "return": joining.come_again,
    "postponement": joining.postpone,
    "readiness": joining.get_ready,
    "absence": joining.step_away,
    "presence": joining.come_back,
    "leave": joining.leave,
}
"""The last part of a form's address → what it does."""

TheHolder = Annotated[Holder, Depends(holder)]
router = APIRouter(include_in_schema=False)
router.include_router(door.router)
router.include_router(own_data.router)  # before the moves: one of its addresses looks like one


class Plain(BaseModel):
    """A form that says nothing but its key."""

    model_config = ConfigDict(extra="forbid")
    key: str = Field("", max_length=200)


class Arrived(Plain):
    presence: str = Field(max_length=300)


class Other(Plain):
    service: str = Field(max_length=80)


class Tapped(Plain):
    """`done`: sent with the reasons, so that thanks follow."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    score: int
    good: list[str] = Field(default=[], max_length=6)
    not_good: list[str] = Field(default=[], alias="not", max_length=6)
    comment: str = Field("", max_length=4000)
    contact: str = Field("", max_length=400)
    done: bool = False

    def tap(self) -> rating.Tap:
        """A chip is good or not; tapped as both, it is what the score asks first."""
        low = self.score <= 3
        good = tuple(word for word in self.good if not (low and word in self.not_good))
        not_good = tuple(word for word in self.not_good if low or word not in self.good)
        return rating.Tap(self.score, good, not_good, self.comment, self.contact)


@router.get("/t/{ticket_id}")
async def ticket(request: Request, holder: TheHolder, kit: TheKit, change: bool = False) -> Response:
    return await cards.card(request, kit, holder.ticket_id, face="rate" if change else None)


@router.get("/t/{ticket_id}/card")
async def card(request: Request, holder: TheHolder, kit: TheKit, change: bool = False) -> Response:
    return await cards.card(request, kit, holder.ticket_id, face="rate" if change else None)


@router.get("/t/{ticket_id}/service")
async def other_services(request: Request, holder: TheHolder, kit: TheKit) -> Response:
    return await cards.card(request, kit, holder.ticket_id, face="change")


@router.get("/t/{ticket_id}/keep")
async def keep(request: Request, holder: TheHolder, kit: TheKit) -> Response:
    return await cards.card(request, kit, holder.ticket_id, face="keep")


@router.post("/t/{ticket_id}/arrival")
async def arrive(request: Request, form: Annotated[Arrived, Form()], holder: TheHolder, kit: TheKit) -> Response:
    await _act(request, kit, holder, form, partial(joining.arrive, proof=form.presence, presence=kit.presence))
    return await _moved(request, kit, holder)


@router.post("/t/{ticket_id}/service")
async def change_service(request: Request, form: Annotated[Other, Form()], holder: TheHolder, kit: TheKit) -> Response:
    await _act(request, kit, holder, form, partial(joining.change_service, service=form.service))
    return await _moved(request, kit, holder)


@router.post("/t/{ticket_id}/rating")
async def rate(request: Request, form: Annotated[Tapped, Form()], holder: TheHolder, kit: TheKit) -> Response:
    key = key_of(request, f"ticket:{holder.ticket_id}", form.key, form.model_dump_json())
    await kit.act(holder.branch_id, key, partial(rating.rate, ticket_id=holder.ticket_id, tap=form.tap()))
    return await cards.moved(request, kit, holder.ticket_id, face=None if form.done else "rate")


@router.post("/t/{ticket_id}/{move}")
async def make_move(
    request: Request, move: str, form: Annotated[Plain, Form()], holder: TheHolder, kit: TheKit
) -> Response:
    if move not in MOVES:
        raise NotFound
    await _act(request, kit, holder, form, MOVES[move])
    return await _moved(request, kit, holder)


@router.get("/keep")
async def opening(request: Request) -> Response:
    """The link of another browser: its secret stands in the fragment, which no server sees; the page posts it."""
    return pages.page(request, "phone/opening.html", face="phone")


@router.post("/keep")
async def open_here(request: Request, secret: Annotated[str, Form(max_length=200)], kit: TheKit) -> Response:
    await kit.limits.hit(LINKS_PER_ADDRESS, "keep", door.address(request))
    ticket_id, _, proof = secret.partition(".")
    found = await holder_or_none(request, ticket_id, kit, secret=proof)
    if found is None:
        raise NotFound
    return await door.let_in(request, kit, found.ticket_id)


async def _act(request: Request, kit: Kit, holder: Holder, form: Plain, fn: Callable[..., Any]) -> None:
    key = key_of(request, f"ticket:{holder.ticket_id}", form.key, form.model_dump_json())
    await kit.act(holder.branch_id, key, partial(fn, by=holder.actor, ticket_id=holder.ticket_id))


async def _moved(request: Request, kit: Kit, holder: Holder) -> Response:
    return await cards.moved(request, kit, holder.ticket_id)
