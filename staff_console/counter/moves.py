"""What an agent does from the console: each route reads its form, calls one action, and answers with the console."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from pydantic import Field

from server import words
from server.actions import helping, joining, serving, undoing
from server.domain.errors import Invalid
from server.live.views import BoardView
from staff_console.counter.console import answer, answer_at_once
from staff_console.counter.stand import Press, Stand, stand
from staff_console.walk_in import LENGTHS, asked, told

router = APIRouter(prefix="/counters/{counter_id}")
Here = Annotated[Stand, Depends(stand)]


class Of(Press):
    """A move of one ticket; without one, of who is current at the counter."""

    ticket: str = ""


class Call(Of):
    """`shown`: who the console said was next; `reason`: why a chosen ticket comes before its turn."""

    shown: str = ""
    reason: str = ""


class Finish(Of):
    outcome: str = ""
    note: str = Field("", max_length=serving.NOTE_LENGTH)


class Transfer(Of):
    """`to`: "service:…", "counter:…" or "agent:…"."""

    to: str
    place: Literal["arrival", "front", "end"] = "arrival"


class Reasoned(Of):
    reason: str


class Reclass(Of):
    priority: str = ""


class WalkIn(Press):
    service: str
    name: str = Field("", max_length=LENGTHS["name"])
    need: str = Field("", max_length=LENGTHS["need"])
    note: str = Field("", max_length=LENGTHS["note"])
    priority: str = ""
    visit_of: str = ""  # whose visit it belongs to: "another service, please"


@router.post("/calls")
async def call(here: Here, form: Annotated[Call, Form()]) -> Response:
    """The next, or a chosen ticket with its reason."""
    if form.ticket:
        chosen = partial(
            serving.call, by=here.actor, counter_id=here.counter_id, ticket_id=form.ticket, reason=form.reason
        )
        await here.act(form, chosen)
        return await answer(here)
    called = await here.act(form, partial(serving.call_next, by=here.actor, counter_id=here.counter_id))
    if called and called["ticket"] == form.shown and (drawn := answer_at_once(here, called)):
        return drawn
    view = await here.kit.board(here.branch_id)
    return await answer(here, _lost_race(view, form.shown, called["number"], here) if called else "")


@router.post("/recalls")
async def recall(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.recall, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/service")
async def start(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.start, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/outcome")
async def finish(here: Here, form: Annotated[Finish, Form()]) -> Response:
    ticket = await here.ticket(form.ticket)
    finished = partial(
        serving.finish, by=here.actor, ticket_id=ticket, outcome=form.outcome or None, note=form.note or None
    )
    await here.act(form, finished)
    return await answer(here)


@router.post("/miss")
async def miss(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.miss, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/queue")
async def put_back(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.put_back, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/parking")
async def park(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.park, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/unparking")
async def unpark(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(serving.unpark, by=here.actor, ticket_id=form.ticket))
    return await answer(here)


@router.post("/transfer")
async def transfer(here: Here, form: Annotated[Transfer, Form()]) -> Response:
    kind, _, target = form.to.partition(":")
    if kind not in ("service", "counter", "agent") or not target:
        raise Invalid("transfer-where", {"to": "transfer-where"})
    sent = partial(
        serving.transfer,
        by=here.actor,
        ticket_id=await here.ticket(form.ticket),
        service=target if kind == "service" else None,
        counter=target if kind == "counter" else None,
        agent=target if kind == "agent" else None,
        place=form.place,
    )
    await here.act(form, sent)
    return await answer(here)


@router.post("/undo")
async def undo(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(undoing.undo, by=here.actor, ticket_id=await here.ticket(form.ticket)))
    return await answer(here)


@router.post("/returns")
async def come_again(here: Here, form: Annotated[Of, Form()]) -> Response:
    """Called before and not there; here now."""
    await here.act(form, partial(joining.come_again, by=here.actor, ticket_id=form.ticket))
    return await answer(here)


@router.post("/comebacks")
async def come_back(here: Here, form: Annotated[Of, Form()]) -> Response:
    await here.act(form, partial(joining.come_back, by=here.actor, ticket_id=form.ticket))
    return await answer(here)


@router.post("/arrivals")
async def arrive(here: Here, form: Annotated[Of, Form()]) -> Response:
    """Joined from afar, and seen by the agent: that is proof enough."""
    seen = partial(
        joining.arrive, by=here.actor, ticket_id=form.ticket, proof=None, presence=here.kit.presence, here=True
    )
    await here.act(form, seen)
    return await answer(here)


@router.post("/priorities")
async def reclass(here: Here, form: Annotated[Reclass, Form()]) -> Response:
    await here.act(form, partial(serving.reclass, by=here.actor, ticket_id=form.ticket, priority=form.priority or None))
    return await answer(here)


@router.post("/removals")
async def remove(here: Here, form: Annotated[Reasoned, Form()]) -> Response:
    await here.act(form, partial(serving.remove, by=here.actor, ticket_id=form.ticket, reason=form.reason))
    return await answer(here)


@router.post("/help")
async def help_out(here: Here, form: Annotated[Press, Form()]) -> Response:
    """Staff were called: this counter works that service too from now on."""
    await here.act(form, partial(helping.come, by=here.actor, counter_id=here.counter_id))
    return await answer(here)


@router.post("/walk-in")
async def walk_in(here: Here, form: Annotated[WalkIn, Form()]) -> Response:
    """A number for somebody who stands here without a phone."""
    view = await here.kit.board(here.branch_id)
    wish = asked(view, here.language, **form.model_dump(exclude={"key"}))
    given = await here.act(form, partial(joining.join, by=here.actor, joining=wish, presence=here.kit.presence))
    view = await here.kit.board(here.branch_id)
    ticket = view.by_ticket.get(given["ticket"])
    onward = f"?given={given['ticket']}"
    return await answer(here, told(view, ticket, here.language), onward, whole=True)  # its panel's key is used up


def _lost_race(view: BoardView, shown: str, got: str, here: Stand) -> str:
    """Who called the number that this console had shown as next; "" when it is the one that came."""
    ticket = view.by_ticket.get(shown)
    if ticket is None or ticket.number == got or ticket.counter_label is None or ticket.counter == here.counter_id:
        return ""
    return words.say(here.language, "counter.lost", counter=ticket.counter_label, number=ticket.number, next=got)
