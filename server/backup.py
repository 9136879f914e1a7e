"""Copy an embedded installation while it runs, and bring a copy back; always whole, never half."""

import os
import sqlite3
import tarfile
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

DATABASE = "nowserving.db"
KEY = "secret.key"


class NotABackup(Exception):
    """The file is not one of ours, or is damaged; the text says what was found."""


def back_up(data_dir: Path, to: Path) -> int:
    """Write database and key as one archive; its size in bytes. Runs beside the server. OSError when it cannot."""
    with tempfile.TemporaryDirectory(dir=to.parent) as draft:
        copy = Path(draft) / DATABASE
        _copy(data_dir / DATABASE, copy)
        archive = Path(draft) / "archive"
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(copy, DATABASE)
            if (data_dir / KEY).exists():
                packed.add(data_dir / KEY, KEY)
        _settle(archive)
        archive.replace(to)
    return to.stat().st_size


def restore(data_dir: Path, file: Path) -> Path | None:
    """Put an archive's contents in place; the folder where the former ones are kept, None when there were none.

    The caller holds the folder's lock. A new epoch begins: every screen takes the restored state, whatever its version.
    """
    with tempfile.TemporaryDirectory(dir=data_dir) as draft:
        _unpack(file, Path(draft))
        _begin_epoch(Path(draft) / DATABASE, _epoch(data_dir / DATABASE))
        kept = _keep(data_dir)
        for name in (KEY, DATABASE):  # the database last: with it the restored installation begins
            if (Path(draft) / name).exists():
                _settle(Path(draft) / name)
                (Path(draft) / name).replace(data_dir / name)
    return kept


def _copy(source: Path, to: Path) -> None:
    """SQLite's own backup: copying the file of a live database keeps nothing."""
    if not source.exists():
        raise FileNotFoundError(2, "there is no database yet", str(source))
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as live, sqlite3.connect(to) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    live.close()
    copy.close()


def _unpack(file: Path, to: Path) -> None:
    try:
        with tarfile.open(file, "r:gz") as packed:
            names = packed.getnames()
            if DATABASE not in names or not set(names) <= {DATABASE, KEY}:
                raise NotABackup("it does not hold a database of Now Serving")
            for name in names:
                content = packed.extractfile(name) or BytesIO()
                handle = os.open(to / name, os.O_WRONLY | os.O_CREAT, 0o600)
                with os.fdopen(handle, "wb") as out:
                    while chunk := content.read(1 << 20):
                        out.write(chunk)
    except (tarfile.TarError, EOFError, OSError) as problem:
        if isinstance(problem, FileNotFoundError):
            raise
        raise NotABackup(f"it cannot be read ({problem})") from problem
    _check(to / DATABASE)


def _check(database: Path) -> None:
    try:
        with sqlite3.connect(database) as opened:
            found = opened.execute("PRAGMA integrity_check").fetchone()[0]
            opened.execute("SELECT epoch FROM installation").fetchall()
        opened.close()
    except sqlite3.DatabaseError as problem:
        raise NotABackup(f"its database cannot be read ({problem})") from problem
    if found != "ok":
        raise NotABackup(f"its database is damaged ({found})")


def _epoch(database: Path) -> int:
    """The epoch of the installation that is there now; 0 when none can be read."""
    if not database.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as opened:
            row = opened.execute("SELECT epoch FROM installation").fetchone()
        opened.close()
    except sqlite3.DatabaseError:
        return 0
    return int(row[0]) if row else 0


def _begin_epoch(database: Path, present: int) -> None:
    """Later than both: screens take a new epoch whatever its version."""
    with sqlite3.connect(database) as opened:
        opened.execute("UPDATE installation SET epoch = max(epoch, ?) + 1", (present,))
    opened.close()


def _keep(data_dir: Path) -> Path | None:
    """Move what is there aside: a wrong restore can be taken back."""
    present = [name for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", KEY) if (data_dir / name).exists()]
    if not present:
        return None
    kept = data_dir / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    kept.mkdir()
    for name in present:
        (data_dir / name).replace(kept / name)
    return kept


def _settle(file: Path) -> None:
    """On the disk before it takes its name."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
