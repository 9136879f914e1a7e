"""The page of the branch file: take it along, or bring one and see first what it would change."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response
from starlette.datastructures import UploadFile

from server.actions.arranging import from_file, to_file
from server.branch_file import BranchFile, BranchFileProblem, parse, written
from server.branch_file.comparing import changes
from server.chance import new_id, new_token
from server.domain.errors import Conflict, Invalid
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room
from staff_console.setup.telling import what

DIGITS = 18  # of a version
CHANCE = from_file.Chance(new_id, new_token)
router = APIRouter(prefix="/setup/{branch_id}/file")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def show(here: Here) -> Response:
    return await _page(here)


@router.get("/download")
async def download(here: Here) -> Response:
    """The file as `nowserving export` prints it."""
    name = f'attachment; filename="{here.branch_id}.toml"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return PlainTextResponse(written(await _present(here)), media_type="application/toml", headers=headers)


@router.post("")
async def compare(here: Here) -> Response:
    """What a file would change; nothing has happened yet."""
    try:
        text = await _sent(here)
        file = _read(here, text)
    except BranchFileProblem as problem:
        return await _page(here, problem=problem, status=422)
    except Invalid as refused:
        return await _page(here, form=filled().with_problems(refused.fields), status=422)
    setup = await here.arrangement()
    try:
        present = await _present(here)
    except Conflict:  # a new branch: everything in the file is new
        present = file.model_copy(update={"services": (), "counters": (), "priorities": ()})
    found = changes(present, file)
    return await here.page(
        "setup/file_changes.html", "file", setup=setup, found=found, text=text, seen=setup.branch.rules["arranged"],
        apart=bool(file.people or file.devices), what=lambda slug: what(slug, here.language),
    )  # fmt: skip


@router.post("/changes")
async def bring(here: Here) -> Response:
    """What was shown is done, unless somebody changed the branch since."""
    form = await here.form("text", "seen")
    try:
        file = _read(here, form.value("text").replace("\r\n", "\n"))
    except BranchFileProblem as problem:
        return await _page(here, problem=problem, status=422)
    seen = form.value("seen")
    await here.act(form, _bring, file=file, seen=int(seen) if seen.isdecimal() and len(seen) <= DIGITS else -1)
    return here.back("file", done="file-brought")


def _bring(session: Any, branch: Any, now: Any, **arguments: Any) -> dict[str, Any]:
    """The keys and links of an answer are kept nowhere: there are none without people."""
    return {"branch": from_file.bring(session, branch, now, chance=CHANCE, **arguments)["branch"]}


async def _present(here: Room) -> BranchFile:
    return await here.kit.ask(lambda session: to_file.file_of(session, here.branch_id))


async def _sent(here: Room) -> str:
    """The text of the chosen file; Invalid when none was chosen or it is no text."""
    async with here.request.form() as sent:
        file = sent.get("file")
        content = await file.read() if isinstance(file, UploadFile) else b""
    if not content:
        raise Invalid("invalid-input", {"file": "file-needed"})
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Invalid("invalid-input", {"file": "file-no-text"}) from None


def _read(here: Room, text: str) -> BranchFile:
    file = parse(text, "branch.toml")
    if file.branch.id != here.branch_id:
        raise BranchFileProblem("branch.toml", 0, f'This file is of the branch "{file.branch.id}".')
    return file


async def _page(
    here: Room, *, form: Form | None = None, problem: BranchFileProblem | None = None, status: int = 200
) -> Response:
    return await here.page("setup/file.html", "file", status=status, form=form or filled(), problem=problem)
