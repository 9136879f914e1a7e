"""The console of one counter: the page, and the fragment that a move answers with and the live socket sends."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from server.domain.errors import NotFound
from server.live.views import BoardView
from server.web import pages
from staff_console.counter.desk import BREAK_REASONS, BREAKS, PLACES, REASONS, ROWS, Desk, desk
from staff_console.counter.foreseen import after_call
from staff_console.counter.stand import Stand, stand
from staff_console.walk_in import told

PAGE = "counter/counter.html"
REMEMBERED = 64  # drawings
LINE = "x-live"  # "open": who asks has the live socket, and hears the rest by it
PANELS = frozenset({"outcome", "transfer", "walk-in", "duty", "keys"})
KEYS = (
    ("N", "counter.call-next"),
    ("R", "counter.recall"),
    ("S", "counter.start"),
    ("F", "counter.finish"),
    ("M", "counter.miss"),
    ("B", "counter.put-back"),
    ("P", "counter.park"),
    ("T", "counter.transfer"),
    ("U", "counter.undo"),
    ("W", "counter.walk-in"),
    ("K", "counter.break"),
    ("?", "counter.all-keys"),
    ("H", "counter.help-come"),
    ("1–9", "counter.key-digits"),
    ("Esc", "counter.key-escape"),
)
DRAWN_WITH: Mapping[str, Any] = {
    "rows": ROWS,
    "places": PLACES,
    "breaks": BREAKS,
    "break_reasons": BREAK_REASONS,
    "face": "console",
}

router = APIRouter()


def fragment(view: BoardView, language: str, subject: str) -> bytes:
    """The console of the counter `subject`, for everybody who watches it; empty when the branch has it no more."""
    found = desk(view, subject, view.at)
    return b"" if found is None else _draw(found, language).encode()


SCREENS: Mapping[str, Callable[[BoardView, str, str], bytes]] = {"console": fragment}


@router.get("/counters/{counter_id}")
async def show(stand: Stand = Depends(stand), panel: str = "", ticket: str = "", given: str = "") -> Response:
    """The page. Without a script it also opens a `panel` or the sheet of one `ticket`; `given`: a new walk-in."""
    view = await stand.kit.board(stand.branch_id)
    found = _found(view, stand)
    if found.counter.duty is None or found.counter.duty.staff_id != stand.staff.id:
        return RedirectResponse(f"/counter?taken={stand.counter_id}", 303)
    return pages.page(
        stand.request, PAGE, language=stand.language, tz=view.branch.time_zone, desk=found, staff=stand.staff,
        panel=panel if panel in PANELS else "", chosen=view.by_ticket.get(ticket), all_keys=KEYS, reasons=REASONS,
        brief=False, said=told(view, view.by_ticket.get(given), stand.language), **DRAWN_WITH,
    )  # fmt: skip


async def answer(stand: Stand, said: str = "", onward: str = "", *, whole: bool = False) -> Response:
    """After a move: the console as it is now, with a sentence about what happened; without a script, its page again.

    Not `whole`: without what is beside the card where the live socket brings it a moment later.
    """
    if not pages.is_htmx(stand.request):
        return RedirectResponse(f"/counters/{stand.counter_id}{onward}", 303)
    view = await stand.kit.board(stand.branch_id)
    drawn = _draw(_found(view, stand), stand.language, brief=_has_line(stand) and not whole)
    if said:
        drawn += pages.render_block("counter/told.html", "told", stand.language, None, said=said)
    return _html(drawn)


def answer_at_once(stand: Stand, called: dict[str, Any]) -> Response | None:
    """The same after a call, from what was shown; None where the line does not bring the rest, or more has changed."""
    view = stand.kit.boards.last(stand.branch_id)
    if view is None or not _has_line(stand):
        return None
    was, now = desk(view, stand.counter_id, view.at), stand.now()
    found = after_call(was, called, now) if was else None
    return _html(_draw(found, stand.language, brief=True)) if found else None


def _found(view: BoardView, stand: Stand) -> Desk:
    found = desk(view, stand.counter_id, view.at)
    if found is None:
        raise NotFound
    return found


def _has_line(stand: Stand) -> bool:
    return pages.is_htmx(stand.request) and stand.request.headers.get(LINE) == "open"


def _html(drawn: str) -> Response:
    return Response(drawn, media_type="text/html", headers={"Cache-Control": "no-store"})


def _draw(found: Desk, language: str, *, brief: bool = False) -> str:
    """Drawn once for each view, however many watch and ask."""
    key = found.counter.id, language, brief
    view, drawn = _drawn.get(key, (None, ""))
    if view is not found.view:
        if len(_drawn) >= REMEMBERED:
            _drawn.clear()
        drawn = pages.render_block(
            PAGE, "console", language, found.view.branch.time_zone, desk=found, said="", brief=brief, **DRAWN_WITH
        )
        _drawn[key] = found.view, drawn
    return drawn


_drawn: dict[tuple[str, str, bool], tuple[BoardView, str]] = {}
