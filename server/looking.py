"""The commands that only look: export and doctor. They run beside the server and change nothing."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from server.branch_file import written
from server.doctor import Finding, State, examine
from server.domain.errors import NotFound
from server.engines import is_sqlite
from server.first_start import branch_file_now
from server.schema import hidden
from server.settings import Settings
from server.terminal import fail, out, plainly, settings_with

STYLES = {State.GOOD: "green", State.MIND: "yellow", State.WRONG: "bold red"}


def export(branch: Annotated[str, typer.Argument(help="The branch's id, as it stands in addresses.")]) -> None:
    """Print a branch as its file (TOML), without secrets: nowserving export harbour > harbour.toml."""
    settings = settings_with()
    _must_exist(settings)
    try:
        text = _file(settings, branch)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError):
        fail("DATABASE_URL is not an address we know; it looks like postgresql://user:password@host/database.")
    except DatabaseError as problem:
        reason = str(problem.orig).strip().splitlines()[0] if problem.orig else "no answer"
        fail(f"{hidden(settings.database)} cannot be read: {reason}. If it is of an older version: nowserving migrate.")
    sys.stdout.write(text)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False) -> None:
    """Say what is wrong with this installation, and what to do about it; exit code 1 when something is."""
    settings, found = settings_with(), []
    for finding in examine(settings):
        found.append(finding)
        if not as_json:
            _say(finding)
    wrong = sum(finding.state == State.WRONG for finding in found)
    if as_json:
        print(json.dumps({"ok": not wrong, "checks": [asdict(finding) for finding in found]}, indent=2))
    elif wrong:
        out.print(f"\n{wrong} of {len(found)} need you.", style="bold", highlight=False)
    else:
        better = sum(finding.state == State.MIND for finding in found)
        said = f"Nothing is wrong; {better} could be better." if better else "All is well."
        out.print(f"\n{said}", style="bold", highlight=False)
    raise typer.Exit(1 if wrong else 0)


def _say(finding: Finding) -> None:
    """One line, and what to do below it; the mark is a word too, for who sees no colours and no signs."""
    style = STYLES[finding.state]
    out.print(f"{finding.state:<5}  {finding.name:<11}  {finding.found}", style=style, markup=False, highlight=False)
    if finding.do:
        out.print(f"{'':<20}{finding.do}", markup=False, highlight=False)


def _file(settings: Settings, branch: str) -> str:
    with plainly(branch):
        try:
            return written(branch_file_now(settings.database, branch))
        except NotFound:
            fail(f'There is no branch "{branch}" in {hidden(settings.database)}.')


def _must_exist(settings: Settings) -> None:
    """SQLite would make an empty file of a name that is misspelt."""
    file = Path(make_url(settings.database).database or "") if is_sqlite(settings.database) else None
    if file is not None and not file.exists():
        fail(f"There is no database in {file.parent} yet: nowserving setup makes one.")
