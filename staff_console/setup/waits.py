"""The page of told waits: how often they were kept, and which typical durations mislead them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server import words
from server.actions.arranging import services
from server.domain.honesty import ENOUGH, LENGTHS, Record, Tally, corrected
from server.queries.arranged import ServiceSetup
from server.queries.honesty import usual_minutes
from staff_console.one_more import one_more
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/setup/{branch_id}/waits")
Here = Annotated[Room, Depends(room)]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Misleading:
    """A service whose typical duration is far from what its visits take; minutes."""

    service: ServiceSetup
    better: int


@router.get("")
async def show(here: Here) -> Response:
    setup = await here.arrangement()
    counted = here.kit.honesty.of(here.branch_id) or Record()
    return await here.page(
        "setup/waits.html", "waits", setup=setup, record=counted, enough=ENOUGH,
        parts=_parts(counted, setup.services + setup.archived_services, here.language),
        misleading=await _misleading(here, setup.services),
        one_more=await one_more(await here.kit.board(here.branch_id)),
    )  # fmt: skip


@router.post("/{service_id}")
async def correct(here: Here, service_id: str) -> Response:
    """The typical duration becomes what was learned, as the page showed it."""
    form = await here.form("minutes")
    await here.act(form, services.set_typical, service_id=service_id, minutes=form.number("minutes"))
    return here.back("waits", done="saved")


def _parts(counted: Record, known: Iterable[ServiceSetup], language: str) -> Mapping[str, list[Row]]:
    """The tables of the page, each by its slug; a part that nothing was told in has no row."""
    names = {service.id: words.pick(service.name, language) for service in known}
    say = partial(words.say, language)
    told = [Row(say("setup.waits-joining"), counted.joining), Row(say("setup.waits-later"), counted.later)]
    return {
        "told": [row for row in told if row.tally.judged],
        "service": [Row(name, counted.services[id]) for id, name in names.items() if id in counted.services],
        "hour": [Row(say("reports.hour", n=hour), tally) for hour, tally in counted.hours.items()],
        "length": [Row(_length(index, language), tally) for index, tally in counted.lengths.items()],
    }


def _length(index: int, language: str) -> str:
    """ "below 5 min", "5 to 14 min", "30 min and more"."""
    if index == 0:
        return words.say(language, "setup.waits-below", to=LENGTHS[0])
    if index == len(LENGTHS):
        return words.say(language, "setup.waits-beyond", since=LENGTHS[-1])
    return words.say(language, "setup.waits-between", since=LENGTHS[index - 1], to=LENGTHS[index] - 1)


async def _misleading(here: Room, offered: tuple[ServiceSetup, ...]) -> list[Misleading]:
    usual = await here.kit.ask(lambda session: {s.id: usual_minutes(session, here.branch_id, s.id) for s in offered})
    found = ((s, corrected(s.typical_service, median)) for s in offered if (median := usual[s.id]) is not None)
    return [Misleading(service, better) for service, better in found if better is not None]
