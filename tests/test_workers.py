"""`serve --workers`: several processes behind one port are one server, and end together."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import httpx2 as httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.databases import copy_of
from tests.redis_server import private_redis
from tests.running import PATIENCE, ROOT, Running, running
from tests.world import KEY

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

WORKERS = 2
SCREENS = 60  # by fair lots each of two workers gets 12 or more, but for one time in a million
UNFINISHED = (
    b"POST /staff/enter HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
END_SECONDS = 10  # the promise of SIGTERM


@pytest.fixture
def together(postgresql_pattern: str, tmp_path: Path) -> Iterator[Running]:
    with private_redis() as redis, _served(copy_of(postgresql_pattern, tmp_path), tmp_path, redis.url) as server:
        yield server


@contextmanager
def _served(url: str, folder: Path, redis_url: str) -> Iterator[Running]:
    settings = {"REDIS_URL": redis_url, "SECRET_KEY": KEY.decode()}
    with running(url, folder, more=("--workers", str(WORKERS)), settings=settings) as server:
        _until(lambda: len(_workers(server)) == WORKERS)
        yield server


def test_several_workers_are_one_server_and_end_together(together: Running) -> None:
    asyncio.run(_everybody_is_told(together))
    workers = _workers(together)
    os.kill(workers[0], signal.SIGKILL)
    _until(lambda: len(_workers(together)) == WORKERS and workers[0] not in _workers(together))
    _until(lambda: _answers(together))
    said = (together.folder / "server.log").read_text()
    assert said.count("Now Serving is at") == 1
    assert f"worker {workers[0]} ended" in said
    workers = _workers(together)
    os.kill(workers[1], signal.SIGSTOP)  # and cannot hear that it is to end
    began = time.monotonic()
    assert together.stop(PATIENCE) == 0
    assert time.monotonic() - began < END_SECONDS + 2  # two for a machine that is busy
    assert not [pid for pid in workers if _lives(pid)]


async def _everybody_is_told(server: Running) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/v1/live/branches/harbour"
    async with AsyncExitStack() as stack, httpx.AsyncClient(timeout=PATIENCE) as http:
        door = server.as_device("Wall")
        screens = [
            await stack.enter_async_context(connect(address, additional_headers=door, proxy=None))
            for _ in range(SCREENS)
        ]
        assert all(len(_connections(pid, server.port)) >= SCREENS // 5 for pid in _workers(server))
        for count in range(1, 4):
            path = f"{server.base}/api/v1/branches/harbour/tickets"
            answer = await http.post(path, json={"service": "renewals"}, headers=server.as_staff("Ken"))
            assert answer.status_code == 201
            await asyncio.gather(*(_shows(screen, count) for screen in screens))


async def _shows(screen: ClientConnection, waiting: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while sum(service["waiting"] for service in json.loads(await screen.recv()).get("services", [])) != waiting:
            pass


def test_whoever_comes_while_they_end_is_refused_at_once(together: Running) -> None:
    """And not let in by the kernel to wait for nobody: a balancer then asks another machine."""
    assert together.process is not None
    with socket.create_connection(("127.0.0.1", together.port), PATIENCE) as unfinished:
        unfinished.sendall(UNFINISHED)
        assert unfinished.recv(1000).startswith(b"HTTP/1.1 100")  # one of them waits for the rest of it
        workers = _workers(together)
        together.process.terminate()
        _until(lambda: _is_free(together.port))
        assert [pid for pid in workers if _lives(pid)]
    assert together.process.wait(PATIENCE) == 0


def test_workers_do_not_outlive_the_first_of_them(together: Running) -> None:
    workers = _workers(together)
    together.kill()
    _until(lambda: not [pid for pid in workers if _lives(pid)])
    assert _is_free(together.port)


def test_workers_that_cannot_start_end_the_first_instead_of_trying_for_ever() -> None:
    tries = (
        "import socket, sys; from server.settings import Settings; from server.workers import serve_together;"
        "listening = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)];"
        "sys.exit(0 if serve_together('builtins:nobody', Settings(), listening) else 7)"
    )
    ended = subprocess.run([sys.executable, "-c", tries], cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 7, ended.stderr
    assert b"could not start" in ended.stderr


def _workers(server: Running) -> list[int]:
    """The processes that hold the port, but for the first."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [pid for pid in map(int, children) if _listens(pid, server.port)]


def _listens(pid: int, port: int) -> bool:
    return bool(_sockets(pid, port, "0A"))


def _connections(pid: int, port: int) -> set[str]:
    return _sockets(pid, port, "01")


def _sockets(pid: int, port: int, state: str) -> set[str]:
    """A process's sockets at this port, by inode; `state` as the kernel writes it."""
    at_port = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == state:
            at_port.add(f"socket:[{fields[9]}]")
    mine = set()
    with suppress(OSError):  # it may have ended
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                mine.add(str(handle.readlink()))
    return mine & at_port


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _answers(server: Running) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{server.base}/readyz", timeout=5).status_code == 200
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)
