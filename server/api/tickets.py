"""A ticket: how it stands, what its holder may do, and what happened to it."""

from functools import partial

from fastapi import APIRouter

from server.actions import forgetting, joining, rating, serving, undoing
from server.api import answers
from server.api.askers import AHolder, AHolderOrAgent, TheKit
from server.api.errands import AnErrand
from server.api.said import Arrival, Nothing, Removal, Tap, TicketChange
from server.api.told import Body, Erased, Event, Held, RatingGiven, TicketNow, TicketWithKept
from server.domain.errors import Forbidden, NotFound
from server.queries import branches, held, tickets

router = APIRouter(prefix="/tickets/{ticket_id}", tags=["tickets"])


@router.get("", summary="How the ticket stands", response_model=TicketWithKept)
async def ticket(ticket_id: str, asker: AHolderOrAgent, kit: TheKit) -> Body:
    """`wait` is [likely, at most] in minutes; null while no counter on duty works its service.

    `kept`: of ten waits told in this branch in the last 30 days, in how many the call came within "at most", rounded
    down; null until a hundred were judged. `why`: what made the wait longer of late, when it rose by more than five
    minutes.
    """
    view, found = await kit.boards.ticket(asker.branch_id, ticket_id)
    if found is None:
        raise NotFound
    visit = found.visit
    told = answers.ticket_body(view, found, await kit.ask(lambda session: tickets.rating_of(session, visit)))
    return told | {"kept": kit.honesty.of_ten(asker.branch_id), "why": found.why}


@router.get("/events", summary="What happened to it, oldest first", response_model=list[Event])
async def events(ticket_id: str, asker: AHolderOrAgent, kit: TheKit) -> list[Body]:
    """Every move with its counter; who works there is not told."""
    diary = await kit.ask(lambda session: tickets.diary(session, ticket_id))
    counters = await kit.ask(lambda session: branches.counters(session, asker.branch_id))
    labels = {counter.id: {"id": counter.id, "label": counter.label} for counter in counters}
    return [
        {
            "move": line.move,
            "from": line.from_state,
            "to": line.to_state,
            "at": line.at,
            "actor": line.actor_kind,
            "counter": labels.get(line.counter_id or ""),
        }
        for line in diary
    ]


@router.post("/arrival", summary="I am here", response_model=TicketNow)
async def arrive(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, said: Arrival | None = None) -> Body:
    """The holder shows the door's fresh code or a pass; an agent sees them."""
    proof = said.presence if said else None
    action = partial(joining.arrive, proof=proof, presence=errand.kit.presence, here=asker.staff is not None)
    return await errand.move(asker, action, ticket_id, queued=True)


@router.post("/acknowledgement", summary="I'm coming", response_model=TicketNow)
async def acknowledge(ticket_id: str, asker: AHolder, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(asker, joining.acknowledge, ticket_id)


@router.post("/return", summary="Back in the queue after a miss", response_model=TicketNow)
async def come_again(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, _: Nothing | None = None) -> Body:
    """Behind the next few, not at the end; the holder once and in time, an agent always."""
    return await errand.move(asker, joining.come_again, ticket_id, queued=True)


@router.post("/postponement", summary="More time", response_model=TicketNow)
async def postpone(ticket_id: str, asker: AHolder, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(asker, joining.postpone, ticket_id, queued=True)


@router.post("/readiness", summary="Parked, and ready again", response_model=TicketNow)
async def get_ready(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(asker, joining.get_ready, ticket_id)


@router.patch("", summary="Another service, or another priority class", response_model=TicketNow)
async def change(ticket_id: str, said: TicketChange, asker: AHolderOrAgent, errand: AnErrand) -> Body:
    """The holder changes the service, within two minutes of joining; staff the priority."""
    if said.service is not None:
        if asker.staff is not None:
            raise Forbidden
        return await errand.move(asker, partial(joining.change_service, service=said.service), ticket_id, queued=True)
    if asker.staff is None:
        raise Forbidden
    return await errand.move(asker, partial(serving.reclass, priority=said.priority), ticket_id, queued=True)


@router.post("/absence", summary="Step away; the place is kept", response_model=TicketNow)
async def step_away(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(asker, joining.step_away, ticket_id)


@router.delete("/absence", summary="Come back", response_model=TicketNow)
async def come_back(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, _: Nothing | None = None) -> Body:
    return await errand.move(asker, joining.come_back, ticket_id, queued=True)


@router.delete("", summary="Leave, or be removed", response_model=TicketNow)
async def end(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, said: Removal | None = None) -> Body:
    """The holder leaves; staff remove with a reason."""
    if asker.staff is None:
        return await errand.move(asker, joining.leave, ticket_id)
    reason = (said.reason if said else None) or ""
    return await errand.move(asker, partial(serving.remove, reason=reason), ticket_id)


@router.put("/rating", summary="How was it?", response_model=RatingGiven)
async def rate(ticket_id: str, said: Tap, asker: AHolder, errand: AnErrand) -> Body:
    """One per visit, once it is over; again within the hour replaces it."""
    tap = rating.Tap(said.score, tuple(said.good), tuple(said.not_good), said.comment or None)
    action = partial(rating.rate, ticket_id=ticket_id, tap=tap)
    answer = await errand.send(asker.branch_id, asker.scope, action)
    return {"score": answer["score"], "good": answer["good"], "not": answer["not"], "comment": tap.comment}


@router.get("/data", summary="All that is held about the visit", response_model=Held)
async def data(ticket_id: str, asker: AHolder, kit: TheKit) -> Body:
    """Its tickets with their diaries, what was said and told, and the rating. Who served is not told."""
    return await kit.ask(partial(held.everything, ticket_id=ticket_id, now=kit.now()))


@router.delete("/data", summary="Forget what I said", response_model=Erased)
async def erase(ticket_id: str, asker: AHolder, errand: AnErrand, _: Nothing | None = None) -> Body:
    """Name, need, notes and the words of a rating, of the whole visit, at once and for good.

    An open ticket keeps its place; numbers, times and score still count.
    """
    answer: Body = await errand.send(
        asker.branch_id, asker.scope, partial(forgetting.erase, by=asker.actor, ticket_id=ticket_id)
    )
    return answer


@router.post("/undo", summary="Back by one move", response_model=TicketNow)
async def undo(ticket_id: str, asker: AHolderOrAgent, errand: AnErrand, _: Nothing | None = None) -> Body:
    """By whoever made it, or a manager, for a minute."""
    return await errand.move(asker, undoing.undo, ticket_id, queued=True)
