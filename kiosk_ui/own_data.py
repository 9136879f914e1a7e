"""What we hold about whoever holds a ticket: shown, downloaded, erased."""

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from kiosk_ui import cards
from kiosk_ui.door import TheKit
from server.actions import forgetting
from server.queries import held, stories
from server.web import pages
from server.web.kit import key_of
from server.web.who import Holder, holder

TheHolder = Annotated[Holder, Depends(holder)]
router = APIRouter()


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: str = Field("", max_length=200)


@router.get("/t/{ticket_id}/data")
async def shown(request: Request, holder: TheHolder, kit: TheKit, done: bool = False) -> Response:
    story = await kit.ask(partial(stories.story, now=kit.now(), ticket_id=holder.ticket_id))
    told = await kit.ask(partial(held.told, ticket_id=holder.ticket_id))
    board = await kit.board(holder.branch_id)
    language = cards.language_of(request, board.branch)
    return pages.page(
        request, "phone/data.html", language=language, tz=board.branch.time_zone, now=story.at, story=story, told=told,
        branch=board.branch, done=done, **cards.spoken(language),
    )  # fmt: skip


@router.get("/t/{ticket_id}/data.json")
async def download(holder: TheHolder, kit: TheKit) -> Response:
    everything = await kit.ask(partial(held.everything, ticket_id=holder.ticket_id, now=kit.now()))
    number = everything["tickets"][0]["number"]
    return Response(
        json.dumps(everything, ensure_ascii=False, indent=2), media_type="application/json",
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{number}.json"'},
    )  # fmt: skip


@router.post("/t/{ticket_id}/erasure")
async def erase(request: Request, form: Annotated[Wish, Form()], holder: TheHolder, kit: TheKit) -> Response:
    key = key_of(request, f"ticket:{holder.ticket_id}", form.key, form.model_dump_json())
    erased = partial(forgetting.erase, by=holder.actor, ticket_id=holder.ticket_id)
    await kit.act(holder.branch_id, key, erased)
    return RedirectResponse(f"/t/{holder.ticket_id}/data?done=1", 303)
