"""The pages of counters."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import counters
from server.actions.arranging.checks import checked
from server.branch_file import CounterSection
from server.chance import new_id
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement, CounterSetup
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

FIELDS = ("label", "works", "services")

router = APIRouter(prefix="/setup/{branch_id}/counters")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def index(here: Here) -> Response:
    return await here.page("setup/counters.html", "counters")


@router.get("/new")
async def new(here: Here) -> Response:
    setup = await here.arrangement()
    label = counters.next_label([counter.label for counter in setup.counters])
    return await _page(here, setup, None, filled(label=label, works="all"))


@router.post("")
async def add(here: Here) -> Response:
    form = await here.form(*FIELDS)
    try:
        await here.act(form, counters.add, counter_id=new_id(), section=_section(form))
    except Invalid as refused:
        return await _page(here, await here.arrangement(), None, form.with_problems(refused.fields), status=422)
    return here.back("counters", done="counter-added")


@router.get("/{counter_id}")
async def edit(here: Here, counter_id: str) -> Response:
    setup = await here.arrangement()
    counter = setup.counter(counter_id)
    return await _page(here, setup, counter, _filled(counter))


@router.post("/{counter_id}")
async def change(here: Here, counter_id: str) -> Response:
    form = await here.form(*FIELDS)
    try:
        await here.act(form, counters.change, counter_id=counter_id, section=_section(form))
    except Invalid as refused:
        setup = await here.arrangement()
        return await _page(here, setup, setup.counter(counter_id), form.with_problems(refused.fields), status=422)
    return here.back("counters", done="saved")


@router.post("/{counter_id}/archive")
async def archive(here: Here, counter_id: str) -> Response:
    await here.act(await here.form(), counters.archive, counter_id=counter_id)
    return here.back("counters", done="counter-archived")


@router.post("/{counter_id}/archive/end")
async def restore(here: Here, counter_id: str) -> Response:
    """Where its label was given to another meanwhile, the counter's own page asks for a new one."""
    try:
        await here.act(await here.form(), counters.restore, counter_id=counter_id)
    except Invalid as refused:
        setup = await here.arrangement()
        counter = setup.counter(counter_id)
        return await _page(here, setup, counter, _filled(counter).with_problems(refused.fields), status=422)
    return here.back("counters", done="counter-restored")


async def _page(
    here: Room, setup: Arrangement, counter: CounterSetup | None, form: Form, status: int = 200
) -> Response:
    return await here.page("setup/counter.html", "counters", setup=setup, counter=counter, form=form, status=status)


def _filled(counter: CounterSetup) -> Form:
    works = "all" if counter.services is None else "some"
    return filled(label=counter.label, works=works, services=counter.services)


def _section(form: Form) -> CounterSection:
    """What was typed, checked as a branch file is. "All" and ticks beside it: all."""
    services = None if form.value("works") == "all" else tuple(form.typed.get("services", ()))
    if services == ():
        raise Invalid("invalid-input", {"services": "services-needed"})
    return checked(CounterSection, {"label": form.text("label"), "services": services})
