"""The second step of signing in: the page that asks for a code, and the page that sets codes up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from pydantic import Field

from server.access import Staff
from server.actions import proving
from server.chance import hashed, new_id, new_letter, new_token
from server.domain import second_step
from server.domain.errors import Invalid
from server.queries import people
from server.web import pages, qr
from server.web.kit import Kit, kit
from server.web.limits import CODES_PER_PERSON
from server.web.who import SESSION, signed_in
from staff_console.counter.stand import language_of
from staff_console.sign_in import Sent, feel_at_home, is_at_home, let_in, local, onward

ISSUER = "Now Serving"
router = APIRouter(prefix="/staff")
TheKit = Annotated[Kit, Depends(kit)]
Me = Annotated[Staff, Depends(signed_in)]


class Typed(Sent):
    code: Annotated[str, Field(max_length=60)] = ""
    next: Annotated[str, Field(max_length=400)] = ""
    key: str = ""


class Chosen(Typed):
    salt: Annotated[str, Field(pattern="^[a-z2-7]{16}$")]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who has the password. `name`: what they sign in with."""

    staff_id: str
    login: str


@router.get("/code")
async def ask(request: Request, kit: TheKit, next: str = "") -> Response:
    if await _waiting(request, kit) is None:
        return RedirectResponse("/staff", 303)
    return _asking(request, next)


@router.post("/code")
async def prove(request: Request, form: Annotated[Typed, Form()], kit: TheKit) -> Response:
    """A wrong code is asked for again; too many of them wait, but not in a browser where this person is at home."""
    who = await _waiting(request, kit)
    if who is None:
        return RedirectResponse("/staff", 303)
    await _count(request, kit, who.staff_id, who.login)
    token = new_token()
    passed = partial(
        proving.prove, waiting=request.cookies[SESSION], typed=form.code, presence=kit.presence, session_token=token,
        session_id=new_id(),
    )  # fmt: skip
    try:
        proven = await kit.act(None, None, passed)
    except Invalid:
        return _asking(request, form.next, wrong=True)
    few = second_step.is_recovery(form.code)
    way_on = "/staff/me" if few and proven["left"] <= FEW else local(form.next) or "/staff"
    return feel_at_home(request, let_in(request, RedirectResponse(way_on, 303), token), kit, who.login)


@router.get("/codes")
async def codes(request: Request, staff: Me, kit: TheKit) -> Response:
    """Where codes are set up; who has them already sees how to change them on their own page."""
    if await _has_codes(kit, staff.id):
        return RedirectResponse("/staff/me", 303)
    return await _setting_up(request, kit, staff, new_id())


@router.post("/codes")
async def set_up(request: Request, form: Annotated[Chosen, Form()], staff: Me, kit: TheKit) -> Response:
    """The recovery codes are shown on this answer and nowhere else."""
    await _count(request, kit, staff.id, "")
    fresh = second_step.recovery_codes(new_letter)
    try:
        await kit.act(None, None, partial(
            proving.set_up, staff_id=staff.id, session_id=staff.session_id or "", salt=form.salt, typed=form.code,
            presence=kit.presence, recovery=fresh,
        ))  # fmt: skip
    except Invalid:
        return await _setting_up(request, kit, staff, form.salt, wrong=True)
    kit.forget_who()
    return _recovery(request, staff, fresh)


@router.post("/codes/recovery")
async def renew_recovery(request: Request, form: Annotated[Typed, Form()], staff: Me, kit: TheKit) -> Response:
    """They are shown on this answer and nowhere else."""
    fresh = second_step.recovery_codes(new_letter)
    wrong = await _with_code(request, kit, staff, form, partial(proving.renew_recovery, recovery=fresh))
    return wrong or _recovery(request, staff, fresh)


@router.post("/codes/end")
async def give_up(request: Request, form: Annotated[Typed, Form()], staff: Me, kit: TheKit) -> Response:
    action = partial(proving.give_up, session_id=staff.session_id or "")
    wrong = await _with_code(request, kit, staff, form, action)
    kit.forget_who()
    return wrong or RedirectResponse("/staff/me?done=codes-ended", 303)


FEW = 3  # recovery codes left: whoever uses one is shown where new ones are made


async def _with_code(
    request: Request, kit: Kit, staff: Staff, form: Typed, action: Callable[..., Any]
) -> Response | None:
    """Something that asks for one more code; the way back when it is a wrong one."""
    await _count(request, kit, staff.id, "")
    try:
        await kit.act(None, None, partial(action, staff_id=staff.id, typed=form.code, presence=kit.presence))
    except Invalid:
        return RedirectResponse("/staff/me?wrong=code", 303)
    return None


async def _waiting(request: Request, kit: Kit) -> Waiting | None:
    token = request.cookies.get(SESSION, "")
    found = await kit.ask(lambda session: people.waiting_session(session, hashed(token), kit.now()))
    return Waiting(found[1].id, found[1].login or "") if found else None


async def _has_codes(kit: Kit, staff_id: str) -> bool:
    return bool(await kit.ask(lambda session: people.has_codes(session, staff_id)))


async def _count(request: Request, kit: Kit, staff_id: str, login: str) -> None:
    """`login`: of who is signing in; whoever is signed in already has their session for a home."""
    home = not login or is_at_home(request, kit, login)
    await kit.limits.hit(CODES_PER_PERSON, "second step", staff_id, "at home" if home else "")


def _asking(request: Request, next: str, *, wrong: bool = False) -> Response:
    return pages.page(
        request, "sign_in/code.html", status=422 if wrong else 200, face="console", next=local(next), wrong=wrong
    )


async def _setting_up(request: Request, kit: Kit, staff: Staff, salt: str, *, wrong: bool = False) -> Response:
    account = (await kit.ask(lambda session: people.login_of(session, staff.id))) or staff.name
    shown = second_step.enrolment(kit.presence.sign_in_key(staff.id, salt), account, ISSUER)
    return pages.page(
        request, "sign_in/codes.html", status=422 if wrong else 200, language=language_of(request, staff),
        face="console", staff=staff, salt=salt, wrong=wrong, typed=shown.typed, onward=onward(staff),
        qr=Markup(qr.svg(shown.address)),  # noqa: S704 - our own drawing
    )  # fmt: skip


def _recovery(request: Request, staff: Staff, fresh: list[str]) -> Response:
    return pages.page(
        request, "sign_in/recovery.html", language=language_of(request, staff), face="console", codes=fresh,
        staff=staff,
    )  # fmt: skip
