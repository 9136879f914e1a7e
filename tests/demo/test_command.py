"""`nowserving demo`: a real process that comes alive by itself, serves whoever joins, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest
from typer.testing import CliRunner

from server.__main__ import command
from tests.running import PATIENCE, ROOT, START_SECONDS, free_port

NUMBER = re.compile(r"\b[A-Z]\d{3}\b")


@dataclass
class Shown:
    """A demo that runs, and what it has said so far."""

    process: "subprocess.Popen[bytes]"
    base: str
    said: Path

    def says(self, pattern: str) -> str:
        """The first group of what it says sooner or later."""
        return eventually(lambda: (re.search(pattern, self.said.read_text()) or [None, None])[1], self.said.read_text)

    @contextmanager
    def opened(self, link: str) -> Iterator[httpx2.Client]:
        """A browser that has opened a one-time link."""
        with httpx2.Client(base_url=self.base, timeout=PATIENCE) as browser:
            path, token = link.split("#")
            assert browser.post(path, data={"token": token}).status_code == 303
            yield browser


def eventually(look: Callable[[], str | None], otherwise: Callable[[], str]) -> str:
    until = monotonic() + START_SECONDS
    while not (found := look()):
        assert monotonic() < until, otherwise()
        sleep(0.1)
    return found


@contextmanager
def shown(folder: Path, *words: str) -> Iterator[Shown]:
    """`demo` in a process whose temporary files stand in `folder`, beside an installation that is not its own."""
    port, said = free_port(), folder / "said"
    environment = {
        **os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", "DATA_DIR": str(folder / "real"),
        "DATABASE_URL": "postgresql://ken:secret@127.0.0.1:1/real", "REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    environment.pop("PUBLIC_URL", None)
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "demo", "--host", "127.0.0.1", "--port", str(port), *words],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Shown(process, f"http://127.0.0.1:{port}", said)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_demo_lives_calls_who_joins_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with shown(tmp_path, "--kind", "bank", "--speed", "120") as demo:
        door = demo.says(r"(/d/harbour/\S+)")
        with demo.opened(demo.says(r"lobby screen +\S+?(/pair#\S+)")) as lobby:
            eventually(lambda: str(NUMBER.search(lobby.get("/lobby").text) or ""), demo.said.read_text)
        assert ada_is_called(demo, door)
        assert "Demo 1" not in demo.said.read_text()
        demo.says(r"(\d\d:\d\d in the branch: \d+ waiting)")
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(PATIENCE) == 0, demo.said.read_text()
        assert [file.name for file in tmp_path.iterdir()] == ["said"]
        assert "Traceback" not in demo.said.read_text()


def ada_is_called(demo: Shown, door: str) -> bool:
    """She scans the door's code, joins with her phone, and waits for her turn."""
    with httpx2.Client(base_url=demo.base, timeout=PATIENCE) as phone:
        phone.get(door)
        form = {"service": "cash", "pass": phone.cookies["pass_harbour"], "key": "adas"}
        joined = phone.post("/b/harbour/tickets", data=form, headers={"Origin": demo.base})
        assert joined.status_code == 303, joined.text
        ticket = joined.headers["location"].rpartition("/")[2]
        hers = {"Authorization": f"Ticket {phone.cookies[f'ticket_{ticket}']}"}

        def state() -> str | None:
            found = phone.get(f"/api/v1/tickets/{ticket}", headers=hers).json()["state"]
            return str(found) if found in ("called", "serving", "served") else None

        return bool(eventually(state, demo.said.read_text))


def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    with shown(tmp_path) as demo:
        eventually(lambda: "".join(file.name for file in tmp_path.glob("nowserving-demo-*")), demo.said.read_text)
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE) == 0, demo.said.read_text()
        assert [file.name for file in tmp_path.iterdir()] == ["said"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--speed", "0"], "A demo cannot run at --speed 0: choose a number from 1 to 120."),
        (["--speed", "1e9"], "A demo cannot run at --speed 1e9: choose a number from 1 to 120."),
        (["--speed", "nan"], "A demo cannot run at --speed nan: choose a number from 1 to 120."),
        (["--speed", "fast"], "A demo cannot run at --speed fast: choose a number from 1 to 120."),
        (["--kind", "zoo"], "There is no demo of the kind zoo: choose --kind bank, clinic, office."),
        (["--port", "70000"], "The setting PORT cannot be used: input should be less than or equal to 65535."),
        (["--host", "192.0.2.7"], "192.0.2.7 is no address of this machine: set HOST to one, or leave it out."),
    ],
)
def test_what_a_person_can_get_wrong_is_one_sentence(words: list[str], sentence: str) -> None:
    with signals_kept():
        result = CliRunner().invoke(command, ["demo", *words])
    assert result.exit_code == 1
    assert result.output.strip() == sentence


def test_a_machine_without_a_place_for_temporary_files_is_told_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nothing"))
    with signals_kept():
        result = CliRunner().invoke(command, ["demo"])
    assert result.exit_code == 1
    assert result.output.strip().endswith("set TMPDIR to one that can be written.")


@contextmanager
def signals_kept() -> Iterator[None]:
    """The command takes these for itself; this process wants them back."""
    before = {sent: signal.getsignal(sent) for sent in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sent, handler in before.items():
            signal.signal(sent, handler)
