"""The pages of services and their outcomes."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import outcomes, services
from server.actions.arranging.checks import checked
from server.branch_file import OutcomeSection, ServiceSection
from server.branch_file.sections import slug
from server.chance import new_id
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement, OutcomeSetup, ServiceSetup
from staff_console.setup.forms import Form, filled, in_languages
from staff_console.setup.room import Room, room

FIELDS = ("name_*", "letter", "bring_*", "target_wait", "typical_service", "outcome_required", "outcomes")
USUAL_TARGET, USUAL_SERVICE = "15", "8"  # minutes, as in a branch file that names none

router = APIRouter(prefix="/setup/{branch_id}/services")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def index(here: Here) -> Response:
    return await here.page("setup/services.html", "services")


@router.get("/new")
async def new(here: Here) -> Response:
    setup = await here.arrangement()
    letter = services.free_letter([service.letter for service in setup.services])
    form = filled(letter=letter, target_wait=USUAL_TARGET, typical_service=USUAL_SERVICE)
    return await here.page("setup/service.html", "services", setup=setup, service=None, form=form)


@router.post("")
async def add(here: Here) -> Response:
    setup, form = await here.arrangement(), await here.form(*FIELDS)
    try:
        added = await here.act(form, services.add, section=_section(form, setup))
    except Invalid as refused:
        return await _again(here, setup, None, form, refused)
    if form.lines("outcomes") and len(setup.branch.languages) > 1:  # named in one language: the others come next
        return here.back("services", added["id"], done="service-added", at="#outcomes")
    return here.back("services", done="service-added")


@router.get("/{service_id}")
async def edit(here: Here, service_id: str) -> Response:
    setup = await here.arrangement()
    return await _page(here, setup, setup.service(service_id))


@router.post("/{service_id}")
async def change(here: Here, service_id: str) -> Response:
    setup, form = await here.arrangement(), await here.form(*FIELDS)
    service = setup.service(service_id)
    try:
        await here.act(form, services.change, service_id=service_id, section=_section(form, setup))
    except Invalid as refused:
        return await _again(here, setup, service, form, refused)
    return here.back("services", done="saved")


@router.post("/{service_id}/place")
async def move(here: Here, service_id: str) -> Response:
    form = await here.form("move")
    await here.act(form, services.move, service_id=service_id, up=form.value("move") == "up")
    return here.back("services")


@router.post("/{service_id}/pause")
async def pause(here: Here, service_id: str) -> Response:
    await here.act(await here.form(), services.pause, service_id=service_id)
    return here.back("services", service_id, done="service-paused")


@router.post("/{service_id}/pause/end")
async def resume(here: Here, service_id: str) -> Response:
    await here.act(await here.form(), services.resume, service_id=service_id)
    return here.back("services", service_id, done="service-resumed")


@router.post("/{service_id}/archive")
async def archive(here: Here, service_id: str) -> Response:
    await here.act(await here.form(), services.archive, service_id=service_id)
    return here.back("services", done="service-archived")


@router.post("/{service_id}/archive/end")
async def restore(here: Here, service_id: str) -> Response:
    """Where its letter was given to another meanwhile, the service's own page asks for a new one."""
    form = await here.form()
    try:
        await here.act(form, services.restore, service_id=service_id)
    except Invalid as refused:
        setup = await here.arrangement()
        service = setup.service(service_id)
        return await _again(here, setup, service, _filled(setup, service), refused)
    return here.back("services", done="service-restored")


@router.post("/{service_id}/outcomes")
async def add_outcome(here: Here, service_id: str) -> Response:
    setup, form = await here.arrangement(), await here.form("name_*", name="new")
    try:
        await here.act(form, outcomes.add, service_id=service_id, section=_outcome(form, setup))
    except Invalid as refused:
        wrong = form.with_problems(refused.fields, first=setup.branch.languages[0])
        return await _page(here, setup, setup.service(service_id), outcome_form=wrong, status=422)
    return here.back("services", service_id, done="outcome-saved", at="#outcomes")


@router.post("/{service_id}/outcomes/{outcome_id}")
async def rename_outcome(here: Here, service_id: str, outcome_id: str) -> Response:
    setup, form = await here.arrangement(), await here.form("name_*", name=f"outcome-{outcome_id}")
    act = partial(here.act, form, outcomes.rename, service_id=service_id, outcome_id=outcome_id)
    try:
        await act(section=_outcome(form, setup))
    except Invalid as refused:
        wrong = form.with_problems(refused.fields, first=setup.branch.languages[0])
        return await _page(here, setup, setup.service(service_id), renamed={outcome_id: wrong}, status=422)
    return here.back("services", service_id, done="outcome-saved", at="#outcomes")


@router.post("/{service_id}/outcomes/{outcome_id}/archive")
async def archive_outcome(here: Here, service_id: str, outcome_id: str) -> Response:
    await here.act(await here.form(), outcomes.archive, service_id=service_id, outcome_id=outcome_id)
    return here.back("services", service_id, done="outcome-saved", at="#outcomes")


@router.post("/{service_id}/outcomes/{outcome_id}/archive/end")
async def restore_outcome(here: Here, service_id: str, outcome_id: str) -> Response:
    """Where its name was given to another meanwhile, the list says so."""
    try:
        await here.act(await here.form(), outcomes.restore, service_id=service_id, outcome_id=outcome_id)
    except Invalid as refused:
        setup = await here.arrangement()
        wrong = filled("new").with_problems(refused.fields, first=setup.branch.languages[0])
        return await _page(here, setup, setup.service(service_id), outcome_form=wrong, status=422)
    return here.back("services", service_id, done="outcome-saved", at="#outcomes")


async def _again(
    here: Room, setup: Arrangement, service: ServiceSetup | None, form: Form, refused: Invalid
) -> Response:
    """The form as it was typed, with what to look at beside each field."""
    wrong = form.with_problems(refused.fields, first=setup.branch.languages[0])
    if service is None:
        return await here.page("setup/service.html", "services", setup=setup, service=None, form=wrong, status=422)
    return await _page(here, setup, service, form=wrong, status=422)


async def _page(
    here: Room,
    setup: Arrangement,
    service: ServiceSetup,
    *,
    form: Form | None = None,
    outcome_form: Form | None = None,
    renamed: dict[str, Form] | None = None,
    status: int = 200,
) -> Response:
    rows = {outcome.id: _outcome_form(setup, outcome) for outcome in service.live_outcomes}
    return await here.page(
        "setup/service.html",
        "services",
        status=status,
        setup=setup,
        service=service,
        form=form or _filled(setup, service),
        outcome_forms=rows | (renamed or {}),
        outcome_form=outcome_form or filled("new"),
    )


def _filled(setup: Arrangement, service: ServiceSetup) -> Form:
    languages = setup.branch.languages
    return filled(
        letter=service.letter,
        target_wait=str(service.target_wait),
        typical_service=str(service.typical_service),
        outcome_required="yes" if service.outcome_required else None,
        **in_languages("name", service.name, languages),
        **in_languages("bring", service.bring, languages),
    )


def _outcome_form(setup: Arrangement, outcome: OutcomeSetup) -> Form:
    return filled(f"outcome-{outcome.id}", **in_languages("name", outcome.name, setup.branch.languages))


def _section(form: Form, setup: Arrangement) -> ServiceSection:
    """What was typed, checked as a branch file is."""
    languages = setup.branch.languages
    name = form.words("name", languages)
    values: dict[str, Any] = {
        "id": _id(name, languages, "service"),
        "name": name,
        "letter": form.text("letter").upper(),
        "target_wait": form.number("target_wait"),
        "typical_service": form.number("typical_service"),
        "bring": form.words("bring", languages) or None,
        "outcome_required": form.has("outcome_required", "yes"),
        "outcomes": tuple(
            {"id": slug(line) or f"outcome-{n}", "name": {languages[0]: line}}
            for n, line in enumerate(dict.fromkeys(form.lines("outcomes")))
        ),
    }
    if not name.get(languages[0]):
        values["name"] = {}
    return _with_own_ids(checked(ServiceSection, values))


def _with_own_ids(section: ServiceSection) -> ServiceSection:
    """Two outcomes whose names make the same id keep both."""
    ids = [outcome.id for outcome in section.outcomes]
    if len(set(ids)) == len(ids):
        return section
    apart = tuple(o.model_copy(update={"id": f"outcome-{n}"}) for n, o in enumerate(section.outcomes))
    return section.model_copy(update={"outcomes": apart})


def _outcome(form: Form, setup: Arrangement) -> OutcomeSection:
    languages = setup.branch.languages
    name = form.words("name", languages)
    if not name.get(languages[0]):
        name = {}
    return checked(OutcomeSection, {"id": _id(name, languages, "outcome"), "name": name})


def _id(name: dict[str, str], languages: tuple[str, ...], kind: str) -> str:
    """An id out of the name; one of its own for a name without a letter of the alphabet."""
    return slug(name.get(languages[0], "")) or f"{kind}-{new_id()[:6]}"
