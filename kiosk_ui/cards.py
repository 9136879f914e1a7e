"""Show one ticket to whoever holds it: the whole page, or its card for htmx; in the words of their language."""

from functools import partial
from typing import Any

from fastapi.requests import Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from kiosk_ui.ticket_page import Keep, TicketPage, ticket_page
from server import words
from server.domain.moves import State
from server.live.views import BranchView
from server.queries import stories
from server.web import pages, qr
from server.web.kit import Kit

SPEAKING_LABEL = 3  # characters; a longer label, "Room 4", needs no "Counter" before it
FOR_SCRIPT = ("ahead", "ahead-at")  # with their plurals …
FOR_SCRIPT_ONE = ("ahead-none", "ahead-none-at", "nearly-at", "about", "by", "over-hour")  # … and without


async def card(request: Request, kit: Kit, ticket_id: str, *, face: str | None = None, status: int = 200) -> Response:
    """The ticket as it is now. `face`: what was asked for ("keep", "change", "rate"), where it makes sense."""
    story = await kit.ask(partial(stories.story, now=kit.now(), ticket_id=ticket_id))
    board = await kit.board(story.branch_id)
    keep = _keep(request, kit, story) if face == "keep" and story.is_open else None
    kept = kit.honesty.of_ten(story.branch_id)
    page = ticket_page(story, board, face=face if _makes_sense(face, story) else None, keep=keep, kept=kept)
    if page.face == "change" and not page.may_change:
        page = ticket_page(story, board, kept=kept)
    return draw(request, page, status)


def draw(request: Request, page: TicketPage, status: int = 200) -> Response:
    language = language_of(request, page.branch)
    place_and_time = {"language": language, "tz": page.branch.time_zone, "now": page.ticket.at}
    context = {"page": page, "status": status, **place_and_time, **spoken(language)}
    if in_place(request):
        return pages.fragment(request, "phone/ticket.html", "card", **context)
    return pages.page(request, "phone/ticket.html", **context)


def draw_notice(request: Request, branch: BranchView) -> Response:
    """The branch's notice by itself, or its empty place."""
    return pages.fragment(request, "phone/notice.html", "notice", language=language_of(request, branch), branch=branch)


def in_place(request: Request) -> bool:
    """Whether only the card is swapped; going back in the history asks for the whole page."""
    return pages.is_htmx(request) and "hx-history-restore-request" not in request.headers


async def moved(request: Request, kit: Kit, ticket_id: str, *, face: str | None = None) -> Response:
    """What a form is answered: the new card in place, or without JavaScript a way to the page."""
    if in_place(request):
        return await card(request, kit, ticket_id, face=face)
    return RedirectResponse(f"/t/{ticket_id}" + ("?change=1" if face == "rate" else ""), 303)


def drawn(link: str) -> Markup:
    """A code that opens `link`."""
    return Markup(qr.svg(link))  # noqa: S704 - our own drawing


def language_of(request: Request, branch: BranchView) -> str:
    return pages.choose_language(request, languages(branch))


def languages(branch: BranchView) -> list[str]:
    """The branch's languages that have a catalogue."""
    return [known for known in branch.languages if known in words.LANGUAGES] or [words.LANGUAGES[0]]


def spoken(language: str) -> dict[str, Any]:
    """What the phone's templates need besides the words."""
    return {
        "face": "phone",
        "languages": languages,
        "language_name": words.language_name,
        "place": partial(place, language),
        "speaks_for_itself": speaks_for_itself,
        "script_words": _script_words(language),
    }


def place(language: str, label: str | None) -> str:
    """A counter as a person calls it: "Counter 3", "Room 4"."""
    if not label or speaks_for_itself(label):
        return label or ""
    return words.say(language, "phone.counter", counter=label)


def speaks_for_itself(label: str) -> bool:
    return len(label) > SPEAKING_LABEL and not label.isdecimal()


def _script_words(language: str) -> dict[str, Any]:
    """Sentences that the page fills in by itself between two fetches."""
    several: dict[str, Any] = {slug: words.forms(language, f"phone.{slug}") for slug in FOR_SCRIPT}
    one = {slug: words.forms(language, f"phone.{slug}")[0] for slug in FOR_SCRIPT_ONE}
    return several | one | {"minutes": words.forms(language, "common.minutes")[0]}


def _makes_sense(face: str | None, story: stories.Story) -> bool:
    if face == "rate":
        return story.state == State.SERVED and story.rating is not None and story.rating.changeable
    return face is not None and story.is_open and story.state != State.CALLED


def _keep(request: Request, kit: Kit, story: stories.Story) -> Keep:
    secret = kit.presence.secret(story.id, story.generation)
    link = f"{kit.base_url(request)}/keep#{story.id}.{secret}"
    return Keep(drawn(link), kit.presence.short_code(story.id, story.generation))
