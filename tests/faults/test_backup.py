"""A copy taken while people join is whole: somewhere else it serves the same tickets, opened by the same secrets."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.running import PATIENCE, ROOT, Running, free_port, running


def test_a_backup_taken_while_serving_is_restored_elsewhere_whole(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with running(None, tmp_path / "here") as server:
        ada = join(server)
        command(server.environment, "backup", str(tmp_path / "copy"))
        join(server)
        server.stop()
    elsewhere = tmp_path / "elsewhere"
    environment = {**os.environ, "DATA_DIR": str(elsewhere), "DATABASE_URL": ""}
    command(environment, "restore", str(tmp_path / "copy"))
    restored = Running(tmp_path, environment, free_port(), server.made, [])
    restored.start()
    try:
        headers = {"Authorization": f"Ticket {ada['secret']}"}
        found = httpx2.get(f"{restored.base}/api/v1/tickets/{ada['id']}", headers=headers, timeout=PATIENCE).json()
        assert (found["number"], found["state"], found["ahead"]) == ("A001", "waiting", 0)
        assert join(restored)["number"] == "A002"
        frame = httpx2.get(f"{restored.base}/api/v1/live/tickets/{ada['id']}", headers=headers, timeout=PATIENCE).json()
        assert frame["e"] == 2
    finally:
        restored.stop()


def join(server: Running) -> dict[str, str]:
    path = f"{server.base}/api/v1/branches/{server.branch}/tickets"
    body = {"service": "new-passport", "presence": server.code()}
    answer = httpx2.post(path, json=body, headers={"Idempotency-Key": os.urandom(16).hex()}, timeout=PATIENCE)
    assert answer.status_code == 201, answer.text
    joined: dict[str, str] = answer.json()
    return joined


def command(environment: dict[str, str], *words: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "server", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
