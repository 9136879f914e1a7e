"""What every form of the floor starts from: the branch's board, and the way back with what was done."""

from fastapi.responses import RedirectResponse, Response

from server.live.views import BoardView
from server.web import pages
from staff_console.setup.forms import Form
from staff_console.setup.room import Room
from staff_console.setup.room import named_languages as languages_of


def back(here: Room, done: str, undo: str = "") -> Response:
    """On to the floor, which says what was done; `undo`: the ticket of a move that can be taken back."""
    return RedirectResponse(f"/floor/{here.branch_id}?done={done}" + (f"&undo={undo}" if undo else ""), 303)


async def page(here: Room, template: str, view: BoardView, form: Form, **context: object) -> Response:
    """A form's page; 422 when it comes back with what to look at."""
    setup = await here.arrangement()
    return pages.page(
        here.request, template, status=422 if form.problems else 200, language=here.language,
        tz=view.branch.time_zone, face="console", now=here.kit.now(), staff=here.staff, branch=view.branch, view=view,
        form=form, languages=languages_of(setup), **context,
    )  # fmt: skip
