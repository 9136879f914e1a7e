"""A person's own page: the second step of signing in, the browsers they are signed in with, their password."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from server import words
from server.access import Staff
from server.actions import letting_in
from server.queries import branches, people
from server.web import pages
from server.web.kit import Kit, kit
from server.web.who import SESSION, signed_in
from staff_console.counter.stand import language_of
from staff_console.setup import wording
from staff_console.sign_in import Sent, onward

DONE = frozenset({"codes-ended", "session-ended"})  # slugs of the sentences `sign_in.done.*`
router = APIRouter(prefix="/staff/me")
TheKit = Annotated[Kit, Depends(kit)]
Me = Annotated[Staff, Depends(signed_in)]


class Nothing(Sent):
    key: str = ""


@router.get("")
async def own(request: Request, staff: Me, kit: TheKit, done: str = "", wrong: str = "") -> Response:
    now, language = kit.now(), language_of(request, staff)
    known = await kit.ask(lambda session: people.own_sign_in(session, staff.id, now))
    places = await kit.ask(branches.all_branches)
    tz = next((branch.time_zone for branch in places if staff.may("agent", branch.id)), "UTC")
    return pages.page(
        request, "me/me.html", language=language, tz=tz, face="console", now=now, staff=staff, known=known,
        must=kit.settings.second_step == "required", manages=any(role != "agent" for role in staff.grants.values()),
        onward=onward(staff), done=done if done in DONE else "", wrong=wrong == "code",
        moment=lambda at: wording.moment(at, now, language, tz), clocked=lambda at: words.clock(at, language, tz),
    )  # fmt: skip


@router.post("/sessions/end")
async def end_all(_: Annotated[Nothing, Form()], staff: Me, kit: TheKit) -> Response:
    """Signed out everywhere, here too."""
    await kit.act(None, None, partial(letting_in.end_own, staff_id=staff.id, session_id=None))
    kit.forget_who()
    answer = RedirectResponse("/staff", 303)
    answer.delete_cookie(SESSION)
    return answer


@router.post("/sessions/{session_id}/end")
async def end_one(session_id: str, _: Annotated[Nothing, Form()], staff: Me, kit: TheKit) -> Response:
    await kit.act(None, None, partial(letting_in.end_own, staff_id=staff.id, session_id=session_id))
    kit.forget_who()
    return RedirectResponse("/staff/me?done=session-ended", 303)
