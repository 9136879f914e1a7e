"""The pages of people: who may do what here, and the links that let them in."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import staff
from server.actions.arranging.checks import checked
from server.branch_file import PersonSection
from server.chance import new_id
from server.domain.errors import Invalid
from server.domain.people import Role, may
from server.queries import people as queries
from server.queries.arranged import Arrangement, PersonSetup
from server.queries.arrangement import branches_of
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

FIELDS = ("name", "role")

router = APIRouter(prefix="/setup/{branch_id}/people")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def index(here: Here) -> Response:
    return await here.page("people/people.html", "people")


@router.get("/new")
async def new(here: Here) -> Response:
    return await _invitation(here, filled(role=Role.AGENT))


@router.post("")
async def invite(here: Here) -> Response:
    """The link is shown on this answer and nowhere else."""
    form = await here.form(*FIELDS)
    token = here.token(form)
    try:
        section = _section(form)
        invited = await here.act(form, staff.invite, staff_id=new_id(), section=section, token=token)
    except Invalid as refused:
        return await _invitation(here, form.with_problems(refused.fields), status=422)
    return await here.link_page("people", "person", section.name, f"/staff/enter#{token}", invited["until"])


@router.get("/{staff_id}")
async def edit(here: Here, staff_id: str) -> Response:
    setup = await here.arrangement()
    return await _page(here, setup, setup.person(staff_id), _stored(setup, staff_id))


@router.post("/{staff_id}")
async def change(here: Here, staff_id: str) -> Response:
    form = await here.form(*FIELDS)
    try:
        await here.act(form, staff.change, staff_id=staff_id, section=_section(form))
    except Invalid as refused:
        setup = await here.arrangement()
        return await _page(here, setup, setup.person(staff_id), form.with_problems(refused.fields), status=422)
    here.kit.forget_who()
    return here.back("people", done="saved")


@router.post("/{staff_id}/roles")
async def add_role(here: Here, staff_id: str) -> Response:
    """In another branch that this manager arranges."""
    form = await here.form("branch", "role")
    there = replace(here, branch_id=form.value("branch"))
    if not there.branch_id or form.value("role") not in list(Role):
        raise Invalid
    there.staff.must("manager", there.branch_id)
    try:
        await there.act(form, staff.add_role, staff_id=staff_id, role=form.value("role"))
    except Invalid as refused:
        setup = await here.arrangement()
        return await _page(here, setup, setup.person(staff_id), _stored(setup, staff_id), 422, refused.fields)
    here.kit.forget_who()
    return here.back("people", staff_id, done="role-added")


@router.post("/{staff_id}/link")
async def renew_link(here: Here, staff_id: str) -> Response:
    """The link is shown on this answer and nowhere else."""
    form = await here.form()
    token = here.token(form)
    renewed = await here.act(form, staff.renew_link, staff_id=staff_id, token=token)
    name = (await here.arrangement()).person(staff_id).name
    return await here.link_page("people", "person", name, f"/staff/enter#{token}", renewed["until"])


@router.post("/{staff_id}/sessions/end")
async def end_sessions(here: Here, staff_id: str) -> Response:
    await here.act(await here.form(), staff.end_sessions, staff_id=staff_id)
    here.kit.forget_who()
    return here.back("people", done="sessions-ended")


@router.post("/{staff_id}/sessions/{session_id}/end")
async def end_session(here: Here, staff_id: str, session_id: str) -> Response:
    await here.act(await here.form(), staff.end_session, staff_id=staff_id, session_id=session_id)
    here.kit.forget_who()
    return here.back("people", staff_id, done="session-ended")


@router.post("/{staff_id}/codes/end")
async def reset_second_step(here: Here, staff_id: str) -> Response:
    """For who has lost phone and recovery codes."""
    await here.act(await here.form(), staff.reset_second_step, staff_id=staff_id)
    here.kit.forget_who()
    return here.back("people", staff_id, done="codes-reset")


@router.post("/{staff_id}/removal")
async def remove(here: Here, staff_id: str) -> Response:
    await here.act(await here.form(), staff.remove, staff_id=staff_id)
    here.kit.forget_who()
    return here.back("people", done="person-removed")


async def _invitation(here: Room, form: Form, status: int = 200) -> Response:
    return await here.page("people/invite.html", "people", form=form, roles=_roles(here), status=status)


async def _page(
    here: Room, setup: Arrangement, person: PersonSetup, form: Form, status: int = 200,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Response:  # fmt: skip
    """`elsewhere`: what stands against a role in another branch."""
    mine = [b for b in await here.kit.ask(lambda s: branches_of(s, here.staff.grants)) if b.id != here.branch_id]
    return await here.page(
        "people/person.html",
        "people",
        status=status,
        setup=setup,
        person=person,
        form=form,
        roles=_roles(here),
        may_change=_may_change(here, person),
        elsewhere=[(branch, person.grants.get(branch.id)) for branch in mine],
        problem_elsewhere=next(iter(elsewhere.values()), ""),
        browsers=await here.kit.ask(lambda session: queries.signed_in(session, person.id, here.kit.now())),
    )


def _stored(setup: Arrangement, staff_id: str) -> Form:
    person = setup.person(staff_id)
    return filled(name=person.name, role=person.role)


def _roles(here: Room) -> list[str]:
    """What this manager may give: as much as they have themselves."""
    return [role for role in Role if here.staff.may(role, here.branch_id)]


def _may_change(here: Room, person: PersonSetup) -> bool:
    """As the action decides: somebody else of this branch, with no role anywhere that the asker does not reach."""
    mine = here.staff.grants
    reached = all(may(mine, role, place) for place, role in person.grants.items())
    return person.id != here.staff.id and here.branch_id in person.grants and reached


def _section(form: Form) -> PersonSection:
    return checked(PersonSection, {"name": form.text("name"), "role": form.value("role")})
