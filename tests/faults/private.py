"""A PostgreSQL of our own, to crash and to start again as a test likes; everybody else's stays as it is."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import psycopg

from tests.machine import POSTGRESQL_PROGRAMS, need
from tests.running import free_port

START_SECONDS = 60
STOP_SECONDS = 60
OWNER = "nowserving"
LATE_WRITER = ("wal_writer_delay=10s", "wal_writer_flush_after=1GB")  # what nobody waits for is not saved by luck


class PrivatePostgreSQL:
    """One cluster in `folder`, with an empty database; `programs`: where PostgreSQL's own are; `user`: whom to be."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self.port = free_port()
        self._folder, self._user = folder, user
        self._command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(self.port)]
        for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", *LATE_WRITER):
            self._command += ["-c", setting]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The same database through a proxy."""
        return f"postgresql://{OWNER}@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log, user=self._user)
        until = monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or monotonic() > until:
                raise AssertionError((self._folder / "log").read_text()[-4000:])

    def stop(self) -> None:
        """Send everybody away, and save what is in memory."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Without saving anything but what was committed."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        with suppress(psycopg.Error):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False


@contextmanager
def private_postgresql() -> Iterator[PrivatePostgreSQL]:
    programs, user = Path(need(POSTGRESQL_PROGRAMS)), _somebody()
    # Not pytest's folder: its parents are closed to whoever PostgreSQL must run as.
    folder = Path(tempfile.mkdtemp(prefix="nowserving-postgresql-"))
    cluster = PrivatePostgreSQL(programs, folder, user)
    try:
        if user is not None:
            shutil.chown(folder, user)
        made = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", OWNER, "--auth=trust", "-E", "UTF8"]
        subprocess.run(made, cwd=folder, user=user, check=True, capture_output=True)
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _somebody() -> str | None:
    """Whom to run PostgreSQL as, which refuses to be root; None when we are not."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(user.pw_name == "postgres" for user in pwd.getpwall()) else "nobody"
