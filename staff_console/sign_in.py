"""Signing in: with a name and a password, or by a one-time link that then lets the person choose one."""

import asyncio
from functools import cache, partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pwdlib import PasswordHash
from pydantic import BaseModel, ConfigDict, Field

from server.access import Staff
from server.actions import letting_in
from server.chance import hashed, new_id, new_token
from server.domain.errors import Invalid
from server.queries import people
from server.web import pages
from server.web.browsers import browser_named
from server.web.kit import Kit, kit
from server.web.limits import LINKS_PER_ADDRESS, SIGN_INS_PER_ADDRESS, SIGN_INS_PER_LOGIN
from server.web.who import SESSION, set_cookie, signed_in, staff_or_none

SESSION_DAYS = letting_in.SESSION_LIFE.total_seconds() / 86400
AT_HOME, HOME_DAYS = "home", 365
LONGEST = 200  # characters: Argon2 takes any length, a request should not

router = APIRouter(prefix="/staff")
passwords = PasswordHash.recommended()  # Argon2id


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Credentials(Sent):
    login: Annotated[str, Field(max_length=LONGEST)]
    password: str
    next: str = ""
    key: str = ""


class Token(Sent):
    token: str


class Chosen(Sent):
    login: str
    password: str
    key: str = ""


@router.get("")
async def door(request: Request, next: str = "", staff: Staff | None = Depends(staff_or_none)) -> Response:
    """`next`: the page somebody wanted before they were asked to sign in."""
    if staff is not None:
        return RedirectResponse(local(next) or onward(staff), 303)
    return _door(request, next)


@router.post("/session")
async def sign_in(request: Request, form: Annotated[Credentials, Form()], kit: Kit = Depends(kit)) -> Response:
    """Slower after many tries, never locked: whoever guesses a name's password shuts nobody out.

    A browser in which somebody has signed in before has tries of its own, which no stranger can use up.
    """
    login = form.login.strip().lower()
    await kit.limits.hit(SIGN_INS_PER_ADDRESS, "sign-in", _address(request))
    await kit.limits.hit(SIGN_INS_PER_LOGIN, "sign-in", login, "at home" if is_at_home(request, kit, login) else "")
    member = await kit.ask(lambda session: people.by_login(session, login))
    known = member.password if member is not None else None
    if not await _matches(form.password[:LONGEST], known) or member is None:
        return _door(request, form.next, login=form.login, refused=True)
    token = new_token()
    opened = partial(
        letting_in.sign_in, staff_id=member.id, session_token=token, session_id=new_id(), browser=_browser(request)
    )
    if (await kit.act(None, None, opened))["waits"]:
        return _to_second_step(request, token, form.next)
    answer = let_in(request, RedirectResponse(local(form.next) or "/staff", 303), token)
    return feel_at_home(request, answer, kit, login)


@router.post("/session/end")
async def sign_out(staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    if staff.session_id:
        await kit.act(None, None, partial(letting_in.sign_out, session_id=staff.session_id))
        kit.forget_who()
    answer = RedirectResponse("/staff", 303)
    answer.delete_cookie(SESSION)
    return answer


@router.get("/enter")
async def link(request: Request) -> Response:
    """Where a one-time link leads: its token stands in the fragment, and the page posts it by itself."""
    return pages.page(request, "sign_in/enter.html", face="console")


@router.post("/enter")
async def enter(request: Request, form: Annotated[Token, Form()], kit: Kit = Depends(kit)) -> Response:
    await kit.limits.hit(LINKS_PER_ADDRESS, "link", _address(request))
    token = new_token()
    opened = partial(
        letting_in.enter, token=form.token.strip(), session_token=token, session_id=new_id(), staff_id=new_id(),
        browser=_browser(request),
    )  # fmt: skip
    if (await kit.act(None, None, opened))["waits"]:
        return _to_second_step(request, token, "/staff/password")
    # Also for who has a password: they asked for a link because it is forgotten.
    return let_in(request, RedirectResponse("/staff/password", 303), token)


@router.get("/password")
async def password(request: Request, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Response:
    known = await kit.ask(lambda session: people.login_of(session, staff.id))
    return _choosing(request, staff, login=known or staff.name.split()[0].lower())


@router.post("/password")
async def choose_password(
    request: Request, form: Annotated[Chosen, Form()], staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)
) -> Response:
    """What is wrong is said beside its field, and what was typed as a name stays."""
    if len(form.password) < letting_in.PASSWORD_LENGTH:
        return _choosing(request, staff, form.login, wrong={"password"})
    hashed = await asyncio.to_thread(passwords.hash, form.password[:LONGEST])
    try:
        chosen = partial(
            letting_in.choose_password, staff_id=staff.id, login=form.login, password_hash=hashed,
            session_id=staff.session_id,
        )  # fmt: skip
        await kit.act(None, None, chosen)
    except Invalid as refused:
        return _choosing(request, staff, form.login, wrong=set(refused.fields))
    return feel_at_home(request, RedirectResponse(onward(staff), 303), kit, form.login.strip().lower())


def onward(staff: Staff) -> str:
    """Where a day begins: a manager's with the setup, an agent's with choosing a counter."""
    if staff.held_back:
        return "/staff/codes"
    return "/setup" if any(role != "agent" for role in staff.grants.values()) else "/counter"


def _door(request: Request, next: str, login: str = "", *, refused: bool = False) -> Response:
    return pages.page(
        request,
        "sign_in/sign_in.html",
        status=401 if refused else 200,
        face="console",
        next=next,
        login=login,
        refused=refused,
    )


def _to_second_step(request: Request, token: str, next: str) -> Response:
    return let_in(request, RedirectResponse(f"/staff/code?next={quote(local(next))}", 303), token)


def _browser(request: Request) -> str | None:
    return browser_named(request.headers.get("user-agent", ""))


def _choosing(request: Request, staff: Staff, login: str, wrong: set[str] | None = None) -> Response:
    return pages.page(
        request,
        "sign_in/password.html",
        status=422 if wrong else 200,
        language=staff.language,
        face="console",
        staff=staff,
        login=login,
        wrong=wrong or set(),
        least=letting_in.PASSWORD_LENGTH,
        onward=onward(staff),
    )


def let_in(request: Request, answer: Response, token: str) -> Response:
    set_cookie(request, answer, SESSION, token, days=SESSION_DAYS)
    return answer


def feel_at_home(request: Request, answer: Response, kit: Kit, login: str) -> Response:
    set_cookie(request, answer, _home(login), kit.presence.sign(AT_HOME, hashed(login)), days=HOME_DAYS)
    return answer


def is_at_home(request: Request, kit: Kit, login: str) -> bool:
    return kit.presence.unsign(AT_HOME, request.cookies.get(_home(login), "")) == hashed(login)


def _home(login: str) -> str:
    """The cookie's name: several people may share a counter's computer."""
    return f"{AT_HOME}_{hashed(login)[:12]}"


def local(path: str) -> str:
    """An address of ours, else ""; anything else would lead a person who trusts us somewhere else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""


async def _matches(given: str, known: str | None) -> bool:
    """Takes as long for a name nobody has, so that nobody can find out which names there are."""
    right = await asyncio.to_thread(passwords.verify, given, known or _nobodys())
    return right and known is not None


@cache
def _nobodys() -> str:
    return passwords.hash(new_token())


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
