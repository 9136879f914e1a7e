"""The folder where an embedded installation keeps its database and key, and the lock that gives it to one process."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

KEY_BYTES = 32


class FolderInUse(Exception):
    """Another process holds the folder's lock."""


class NoFolder(Exception):
    """No folder for temporary files can be written."""


class DataFolder:
    """`path` is made when missing; OSError when that cannot be done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        path.mkdir(parents=True, exist_ok=True)

    def lock(self) -> None:
        """Hold the folder until this process ends; FolderInUse when another one does."""
        handle = (self.path / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise FolderInUse(str(self.path)) from None
        self._lock = handle

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def key(self) -> bytes:
        """The installation's key, made on the first call; readable by its owner alone."""
        file = self.path / "secret.key"
        if not file.exists():
            _write_whole(file, secrets.token_hex(KEY_BYTES))
        return file.read_text().strip().encode()


@contextmanager
def folder_that_goes() -> Iterator[Path]:
    """A folder for this process alone, removed with all that is in it; NoFolder when none can be made."""
    try:
        folder = TemporaryDirectory(prefix="nowserving-demo-")
    except OSError as problem:
        raise NoFolder from problem
    with folder as name:
        yield Path(name)


def _write_whole(file: Path, text: str) -> None:
    """The file appears complete or not at all; whoever comes second keeps the first one's."""
    draft = file.with_suffix(f".{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
