"""The unit for systemd: what it names exists, it gives the server what it needs, and takes away what it does not."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from typer.main import get_command

from server.__main__ import GRACEFUL_SECONDS, command
from server.listening import FILES_WANTED
from tests.live.test_endings import STOPPED_WITHIN
from tests.running import ROOT

UNIT = ROOT / "docs" / "nowserving.service"
FOLDER = "/opt/nowserving"
EXPOSURE = 2.0  # of 10, as systemd-analyze reckons; a service without any of it has 9.6

Unit = dict[str, list[str]]


def unit() -> Unit:
    """Every setting with its values, in their order."""
    found: Unit = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith(("#", "[")):
            found[name].append(value)
    return found


def test_what_it_starts_exists() -> None:
    (start,) = unit()["ExecStart"]
    program, *words = start.split()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert program == f"{FOLDER}/.venv/bin/nowserving"
    assert Path(program).name in scripts
    assert words[0] in get_command(command).commands  # type: ignore[attr-defined]


def test_the_documents_it_names_exist() -> None:
    (document,) = unit()["Documentation"]
    assert (ROOT / document.removeprefix(f"file://{FOLDER}/")).is_file()
    assert unit()["WorkingDirectory"] == [FOLDER]


def test_the_manual_installs_what_the_unit_names() -> None:
    manual = (ROOT / "docs" / "OPERATIONS.md").read_text()
    (state,), (user,) = unit()["StateDirectory"], unit()["User"]
    for named in (FOLDER, f"DATA_DIR=/var/lib/{state}", f"useradd --system --home-dir /var/lib/{state}", UNIT.name):
        assert named in manual, named
    assert re.search(rf"useradd .* {user}$", manual, re.MULTILINE)


def test_it_leaves_the_server_time_to_end_and_files_to_open() -> None:
    (seconds,), (files,) = unit()["TimeoutStopSec"], unit()["LimitNOFILE"]
    assert int(seconds) > STOPPED_WITHIN > GRACEFUL_SECONDS
    assert int(files) >= FILES_WANTED
    assert (unit()["KillSignal"], unit()["Restart"]) == (["SIGTERM"], ["always"])


def test_it_starts_again_however_long_the_database_is_away() -> None:
    about, _, _ = UNIT.read_text().partition("[Service]")
    assert "\nStartLimitIntervalSec=0\n" in about


def test_systemd_understands_it_and_finds_little_exposed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not there: sudo apt-get install -y --no-install-recommends systemd")
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace(f"{FOLDER}/.venv/bin/nowserving", sys.executable))
    said = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    assert exposure(here) <= EXPOSURE


def test_an_open_unit_would_be_noticed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not there: sudo apt-get install -y --no-install-recommends systemd")
    here = tmp_path / UNIT.name
    here.write_text(f"[Service]\nExecStart={sys.executable}\n")
    assert exposure(here) > EXPOSURE


def exposure(unit: Path) -> float:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit], capture_output=True, text=True, check=True
    )
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", said.stdout)
    assert found, said.stdout
    return float(found[1])
