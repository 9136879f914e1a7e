"""The command: serve · setup · migrate · backup · restore. What a person can get wrong is answered in one sentence."""

import gc
import json
import os
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from server import backup as backups
from server import words
from server.branch_file import BranchFileProblem, read
from server.data_folder import DataFolder, FolderInUse
from server.domain.errors import Refusal
from server.first_start import prepare, set_up_now
from server.live.wire import LARGEST_MESSAGE
from server.observe import start_logging
from server.schema import NewerSchema, hidden, migrate
from server.settings import Settings
from server.terminal import say_hello, say_setup
from server.web.connection import KERNEL_BYTES, Connection

GRACEFUL_SECONDS = 5
GARBAGE_AFTER = 10_000  # new objects; Python's default is 700
FILES_WANTED = 12_000  # ten thousand phones and what else is open
command = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Now Serving: a touchless queue.", rich_markup_mode=None
)
out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)


@command.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; else HOST, else every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; else PORT, else 8000.")] = None,
) -> None:
    """Run the server; the first start makes a demo branch and prints one-time links."""
    settings = _settings(host=host, port=port)
    with _held(settings):
        listening = _listen(settings)
        _migrated(settings)
        start_logging(readable=sys.stderr.isatty())
        _allow_many_sockets()
        with _plainly(hidden(settings.database)):
            beginning = prepare(settings.database)
        from server.app import create_app  # the faces load only for who serves

        app = create_app(settings)
        say_hello(out, settings, listening.getsockname()[1], beginning, app.state.kit)
        _calm_the_collector()
        server = uvicorn.Server(_uvicorn(app, settings))
        server.run(sockets=[listening])


@command.command()
def setup(
    file: Annotated[Path, typer.Argument(help="A branch file (TOML).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Create or update a branch from its file; prints one-time links and keys once."""
    settings = _settings()
    try:
        branch = read(file)
    except BranchFileProblem as problem:
        _fail(str(problem))
    with _held(settings):
        _migrated(settings)
        with _plainly(str(file)):
            answer = set_up_now(settings.database, branch, settings.public_url or f"http://localhost:{settings.port}")
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        say_setup(out, answer)


@command.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to this version of the program."""
    settings = _settings()
    with _held(settings):
        before, now = _migrated(settings)
    out.print(f"The database is at {now} already." if before == now else f"The database is at {now} now.")


@command.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to write.")]) -> None:
    """Copy the embedded installation into one archive, also while it serves."""
    settings = _embedded(_settings(), "pg_dump makes the copy")
    try:
        size = backups.back_up(settings.data_dir, file)
    except OSError as problem:
        _fail(f"The backup could not be written: {problem.strerror or problem} ({problem.filename or file}).")
    out.print(f"{file} holds everything: {size:,} bytes.")


@command.command()
def restore(file: Annotated[Path, typer.Argument(help="An archive that backup wrote.")]) -> None:
    """Bring a backup back; what was there before is kept beside it."""
    settings = _embedded(_settings(), "pg_restore brings a copy back")
    with _held(settings):
        try:
            kept = backups.restore(settings.data_dir, file)
        except backups.NotABackup as problem:
            _fail(f"{file} is not a backup: {problem}.")
        except OSError as problem:
            _fail(f"The backup could not be restored: {problem.strerror or problem} ({problem.filename or file}).")
        _migrated(settings)
    out.print(f"Restored from {file}." + (f" What was there before is in {kept}." if kept else ""))


def _settings(**overrides: object) -> Settings:
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        _fail(f"The setting {str(first['loc'][0]).upper()} cannot be used: {first['msg'].lower()}.")


def _embedded(settings: Settings, instead: str) -> Settings:
    if not settings.embedded:
        _fail(f"DATABASE_URL names {hidden(settings.database)}: {instead} (docs/OPERATIONS.md says how).")
    return settings


@contextmanager
def _held(settings: Settings) -> Iterator[None]:
    """The data folder, for us alone when the database is inside it."""
    folder = None
    try:
        folder = DataFolder(settings.data_dir)
        if settings.embedded:
            folder.lock()
    except FolderInUse:
        _fail(f"The data folder {settings.data_dir} is in use by another Now Serving: stop it first, or set DATA_DIR.")
    except OSError as problem:
        _fail(
            f"The data folder {settings.data_dir} cannot be used: {problem.strerror}. "
            "Set DATA_DIR to one that can be written."
        )
    try:
        yield
    finally:
        folder.unlock()


@contextmanager
def _plainly(what: str) -> Iterator[None]:
    """A refusal becomes its sentences, with what it is about before them."""
    try:
        yield
    except Refusal as refusal:
        about = [f"{thing} {refusal.params[thing]}" for thing in ("service", "counter") if thing in refusal.params]
        said = [words.say("en", f"error.{refusal.slug}.{part}", **refusal.params) for part in ("title", "text")]
        _fail(f"{', '.join([what, *about])}: {'. '.join(said)}")


def _migrated(settings: Settings) -> tuple[str | None, str]:
    try:
        return migrate(settings.database)
    except NewerSchema as newer:
        _fail(f"A newer Now Serving wrote this database (at {newer.found}): start that version, or restore a backup.")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        _fail("DATABASE_URL is not an address we know; it looks like postgresql://user:password@host/database.")
    except OperationalError as problem:
        reason = str(problem.orig).strip().splitlines()[0] if problem.orig else "no answer"
        _fail(f"The database cannot be opened ({hidden(settings.database)}): {reason}.")


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as problem:
        where = f"{settings.host}:{settings.port}"
        if isinstance(problem, PermissionError):
            _fail(f"{where} needs more rights than this user has: choose a PORT above 1023.")
        reason = os.strerror(problem.errno or 0).lower()
        _fail(f"{where} cannot be listened at: {reason}. Set PORT to another one.")
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)  # every connection inherits it
    return listening


def _allow_many_sockets() -> None:
    """Each phone is an open file: take what the system allows, and say so when it is little."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if max(soft, wanted) < FILES_WANTED:
        err.print(
            f"Only {wanted} files may be open here, about as many phones: raise it with ulimit -n {FILES_WANTED}."
        )


def _calm_the_collector() -> None:
    """What is loaded stays: never look through it again, and look for garbage less often: 0 to 7 % of a join here."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 50)


def _uvicorn(app: object, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None, access_log=False, ws=Connection, ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
        ws_ping_interval=None, timeout_graceful_shutdown=GRACEFUL_SECONDS, server_header=False,
        proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies or None,
    )  # fmt: skip


def _fail(sentence: str) -> NoReturn:
    err.print(sentence, style="bold", markup=False, highlight=False)
    raise typer.Exit(1)


def main() -> None:
    """The entrance of the `nowserving` command."""
    command()


if __name__ == "__main__":
    main()
