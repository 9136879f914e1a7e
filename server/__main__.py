"""The command. What a person gets wrong is answered in one line."""

import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from server import backup as backups
from server import interpreter, looking
from server.branch_file import BranchFileProblem, read
from server.bus import Bus
from server.data_folder import DataFolder, FolderInUse, NoFolder, folder_that_goes
from server.ending import EndingServer
from server.first_start import Beginning, begin_epoch_now, let_in_now, prepare, set_up_now
from server.listening import BACKLOG, CannotListen, allow_many_files, listen
from server.live.wire import LARGEST_MESSAGE
from server.observe import shared_by_workers, start_logging
from server.schema import NewerSchema, hidden, migrate
from server.settings import Settings
from server.terminal import StatusLine, err, out, say_demo, say_hello, say_let_in, say_setup
from server.terminal import fail as _fail
from server.terminal import plainly as _plainly
from server.terminal import settings_with as _settings
from server.web.connection import protocol
from server.workers import serve_together

if TYPE_CHECKING:
    from server.app import Beside

GRACEFUL_SECONDS = 5
command = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Now Serving: a touchless queue.", rich_markup_mode=None
)
command.command()(looking.export)
command.command()(looking.doctor)


@command.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; else HOST, else every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; else PORT, else 8000.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; several need PostgreSQL and Redis.")] = 1,
) -> None:
    """Run the server; the first start makes a demo branch and prints one-time links."""
    settings = _settings(host=host, port=port)
    _fit_for_neighbours(settings, workers)
    with _held(settings), ExitStack() as ours:
        listening = [ours.enter_context(each) for each in _listen(settings, workers)]
        _migrated(settings)
        start_logging(readable=sys.stderr.isatty())
        allow_many_files(err.print)
        with _plainly(hidden(settings.database)):
            beginning = prepare(settings.database)
        _greet(settings, listening[0].getsockname()[1], beginning)
        if workers == 1:
            serve_here(settings, listening[0])
            return
        with shared_by_workers():
            if not serve_together("server.__main__:serve_here", settings, listening):
                raise typer.Exit(1)


def serve_here(settings: Settings, listening: socket.socket, *beside: "Beside") -> None:
    """Serve in this process, which may be one of several, until SIGTERM; `beside` runs as long."""
    from server.app import create_app  # the faces load only for who serves

    start_logging(readable=sys.stderr.isatty())
    app = create_app(settings, beside=beside)
    interpreter.make_ready()
    EndingServer(_uvicorn(app)).run(sockets=[listening])


@command.command()
def demo(
    speed: Annotated[str, typer.Option(metavar="TIMES", help="How many times as fast as real, 1 to 120.")] = "20",
    kind: Annotated[str, typer.Option(metavar="KIND", help="bank, clinic or office.")] = "bank",
    seed: Annotated[int, typer.Option(help="Another number: other people.")] = 1,
    host: Annotated[str | None, typer.Option(help="Address to listen at; else HOST, else every one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; else PORT, else 8000.")] = None,
) -> None:
    """Serve a made-up branch that lives by itself, in a folder of its own that goes when it ends."""
    from server.app import presence_of
    from server.demo.living import Demo, Living, NoSuchDemo

    try:
        shown = Demo.of(kind, seed, speed)
    except NoSuchDemo as problem:
        _fail(str(problem))
    with _until_stopped() as folder:
        settings = _settings(host=host, port=port, data_dir=folder, database_url="", redis_url="", secret_key="")
        with _listen(settings, 1)[0] as listening:
            _migrated(settings)
            made = set_up_now(settings.database, shown.file(), "")
            say_demo(out, shown.speed, shown.kind.free, folder)
            _greet(settings, listening.getsockname()[1], shown.for_people(prepare(settings.database)))
            allow_many_files(err.print)
            living = Living(shown, made, presence_of(settings), StatusLine(out, monotonic).tell)
            serve_here(settings, listening, living.run)


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
            base = settings.public_url or f"http://localhost:{settings.port}"
            answer = set_up_now(settings.database, branch, base, _neighbours(settings))
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        say_setup(out, answer)


@command.command()
def let_in(name: Annotated[str, typer.Argument(help="What they sign in with, or what they are called.")]) -> None:
    """Sign somebody out everywhere, turn their second step off, and print a one-time link for them."""
    settings = _settings()
    with _held(settings), _plainly(name):
        _migrated(settings)
        say_let_in(out, settings, let_in_now(settings.database, name, _neighbours(settings)))


@command.command()
def new_epoch() -> None:
    """Begin a new epoch, once another program has brought a copy of the database back: screens then believe it."""
    settings = _settings()
    with _held(settings), _plainly(hidden(settings.database)):
        _migrated(settings)
        epoch = begin_epoch_now(settings.database)
    out.print(f"Epoch {epoch} has begun: phones and screens believe what is here.")


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


def _neighbours(settings: Settings) -> Bus | None:
    """The way to those who serve the branches already; without the key of all of them we do not know their channel."""
    if not (settings.shared and settings.secret_key):
        return None
    from server.app import bus_of

    return bus_of(settings)


def _greet(settings: Settings, port: int, beginning: Beginning) -> None:
    from server.app import presence_of

    say_hello(out, settings, port, beginning, presence_of(settings))


def _fit_for_neighbours(settings: Settings, workers: int) -> None:
    """What several processes must have in common."""
    if workers > 1 and (settings.embedded or not settings.shared):
        _fail("Several workers need PostgreSQL and Redis: set DATABASE_URL and REDIS_URL.")
    if settings.shared and not settings.embedded and not settings.secret_key:
        key = settings.data_dir / "secret.key"
        _fail(
            "Processes that share REDIS_URL must share one key: set SECRET_KEY, the same for all of them"
            + (f", to what stands in {key}." if key.exists() else ".")
        )


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
def _until_stopped() -> Iterator[Path]:
    """A folder that goes at the end, which SIGTERM and Ctrl-C make a good one."""
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, lambda *_: sys.exit(0))
    try:
        with folder_that_goes() as folder:
            yield folder
    except NoFolder:
        _fail("There is no place for a folder that goes when the demo ends: set TMPDIR to one that can be written.")


def _migrated(settings: Settings) -> tuple[str | None, str]:
    try:
        return migrate(settings.database)
    except NewerSchema as newer:
        _fail(f"A newer Now Serving wrote this database (at {newer.found}): start that version, or restore a backup.")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError):
        _fail("DATABASE_URL is not an address we know; it looks like postgresql://user:password@host/database.")
    except DatabaseError as problem:
        reason = str(problem.orig).strip().splitlines()[0] if problem.orig else "no answer"
        _fail(f"The database cannot be opened ({hidden(settings.database)}): {reason}.")


def _listen(settings: Settings, workers: int) -> list[socket.socket]:
    """A socket for each worker, all at the same port."""
    try:
        return listen(settings.host, settings.port, workers)
    except CannotListen as problem:
        _fail(str(problem))


def _uvicorn(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None, access_log=False, ws=protocol(), ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
        ws_ping_interval=None, timeout_graceful_shutdown=GRACEFUL_SECONDS, server_header=False, backlog=BACKLOG,
        proxy_headers=False,  # TRUSTED_PROXIES: server/web/numbered.py, which must see who really asks
    )  # fmt: skip


def main() -> None:
    """The entrance of the `nowserving` command."""
    command()


if __name__ == "__main__":
    main()
