"""The real server in a process of its own, for whoever wants to ask it, kill it or look at it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any

import httpx2

from server.branch_file import parse
from server.data_folder import DataFolder
from server.first_start import set_up_now
from server.schema import migrate
from tests.world import harbour

ROOT = Path(__file__).parents[1]
START_SECONDS = 90
PATIENCE = 60  # seconds for one answer on a machine that is busy


@dataclass
class Running:
    """One installation: its folder, its address, and what `setup --json` said."""

    folder: Path
    environment: dict[str, str]
    port: int
    made: dict[str, Any]
    others: list[dict[str, Any]]
    more: tuple[str, ...] = ()  # words for `serve`
    process: "subprocess.Popen[bytes] | None" = None
    flaw: str = ""
    """Python that runs before the server does: a planted defect."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def branch(self) -> str:
        name: str = self.made["branch"]["id"]
        return name

    def counter(self, label: str) -> str:
        return str(next(c["id"] for c in self.made["counters"] if c["label"] == label))

    def person(self, name: str) -> dict[str, str]:
        found: dict[str, str] = next(p for p in self.made["people"] if p["name"] == name)
        return found

    def device(self, name: str) -> dict[str, str]:
        found: dict[str, str] = next(d for d in self.made["devices"] if d["name"] == name)
        return found

    def as_staff(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.person(name)['key']}"}

    def as_device(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Device {self.device(name)['key']}"}

    def at(self, made: dict[str, Any]) -> "Running":
        """The same server, seen from another of its branches."""
        return replace(self, made=made, others=[])

    def twin(self, folder: Path) -> "Running":
        """Another node of the same installation, not yet started; `folder` is its own."""
        environment = {**self.environment, "DATA_DIR": str(folder / "data")}
        return replace(self, folder=folder, environment=environment, port=free_port(), process=None)

    def code(self) -> str:
        """The door's code as it is now."""
        answer = httpx2.get(
            f"{self.base}/api/v1/branches/{self.branch}/presence", headers=self.as_device("Door"), timeout=PATIENCE
        )
        return str(answer.json()["code"])

    def start(self) -> None:
        """Start serving, and wait until it answers."""
        log = (self.folder / "server.log").open("ab")
        program = ["-c", f"{self.flaw}\nfrom server.__main__ import main; main()"] if self.flaw else ["-m", "server"]
        command = [sys.executable, *program, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += self.more
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        log.close()
        until = monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or monotonic() > until:
                raise AssertionError((self.folder / "server.log").read_text()[-4000:])

    def kill(self) -> None:
        """As a power cut does it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 15) -> int:
        """Politely; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", self.port)):
                return False
        try:
            return httpx2.get(f"{self.base}/readyz", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False


@contextmanager
def running(
    url: str | None,
    folder: Path,
    beside: Sequence[str] = (),
    *,
    more: Sequence[str] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
    **rules: Any,
) -> Iterator[Running]:
    """A served branch, open at any time; `url` None: the embedded database in `folder`.

    `beside`: branch files of others on the same server; `Running.others` has what was said of them. `more`: words for
    `serve`. `settings`: more of them.
    """
    environment = {**os.environ, "DATA_DIR": str(folder / "data"), "DATABASE_URL": url or "", "PYTHONUNBUFFERED": "1"}
    environment.pop("PUBLIC_URL", None)
    port = free_port()
    DataFolder(folder / "data")
    texts = (always_open(harbour(**rules)), *beside)
    made, *others = _set_up(url or f"sqlite:///{folder / 'data' / 'nowserving.db'}", texts, f"http://127.0.0.1:{port}")
    server = Running(folder, environment | dict(settings), port, made, others, tuple(more))
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _set_up(url: str, texts: Sequence[str], base: str) -> list[dict[str, Any]]:
    """What `setup FILE --json` does for each; in a thread, because the caller may have an event loop of its own."""
    migrate(url)
    with ThreadPoolExecutor(1) as thread:
        return [thread.submit(set_up_now, url, parse(text), base).result() for text in texts]


def always_open(text: str) -> str:
    head, _, rest = text.partition("[branch.hours]")
    return head + "[[services]]" + rest.partition("[[services]]")[2]
