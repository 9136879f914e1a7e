"""Workers that share an address tell their numbers together, whichever of them is asked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from server import observe
from tests.databases import copy_of
from tests.operations.numbers import Numbers, read
from tests.redis_server import private_redis
from tests.running import PATIENCE, ROOT, Running, running
from tests.world import KEY

WORKER = """
import sys
from server import observe
observe.bus_is_up(sys.argv[1] == "up")
observe.socket_opened("ticket")
observe.frames_sent("ticket", 3)
observe.request_served("GET", "/t/{ticket_id}", 200, 0.02, None)
for _ in sys.stdin:
    told = observe.told()
    print(len(told))
    print(told.decode(), end="", flush=True)
"""


class Worker:
    """A process that serves nobody, but has something to tell."""

    def __init__(self, bus: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, bus], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @property
    def pid(self) -> str:
        return str(self.process.pid)

    def tells(self) -> Numbers:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"?\n")
        self.process.stdin.flush()
        return read(self.process.stdout.read(int(self.process.stdout.readline())).decode())

    def dies(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.mark.postgres
@pytest.mark.redis
def test_of_a_real_server_every_scrape_tells_of_all_workers(postgresql_pattern: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.mkdir()
    with private_redis() as redis:
        settings = {"REDIS_URL": redis.url, "SECRET_KEY": KEY.decode(), "TMPDIR": str(numbers)}
        url = copy_of(postgresql_pattern, tmp_path)
        with running(url, tmp_path, more=("--workers", "2"), settings=settings) as server:
            scraped = [_scraped(server) for _ in range(20)]  # a new connection each, to whichever worker takes it
            assert server.stop() == 0
    counts = [each.of("nowserving_http_seconds_count", route="/metrics") for each in scraped]
    # Each has been told of all before it, but perhaps of the one just answered: that is counted after its answer.
    assert all(n - 1 <= count <= n for n, count in enumerate(counts))
    assert counts[-1] >= 18
    assert len(scraped[-1].labels("process_open_fds", "pid")) == 2
    assert scraped[-1].of("nowserving_bus_up") == 1
    assert list(numbers.iterdir()) == []


def _scraped(server: Running) -> Numbers:
    answer = httpx2.get(f"{server.base}/metrics", headers=server.as_staff("Mira"), timeout=PATIENCE)
    answer.raise_for_status()
    return read(answer.text)


@contextmanager
def two_workers() -> Iterator[tuple[Worker, Worker]]:
    workers = Worker("up"), Worker("down")
    try:
        for worker in workers:
            worker.tells()  # both have begun
        yield workers
    finally:
        for worker in workers:
            worker.dies()


def test_whichever_is_asked_tells_of_all() -> None:
    with observe.shared_by_workers(), two_workers() as workers:
        for worker in workers:
            told = worker.tells()
            assert told.of("nowserving_frames_total", kind="ticket") == 6
            assert told.of("nowserving_http_seconds_bucket", le="0.025") == 2
            assert told.of("nowserving_sockets") == 2
            assert told.labels("process_open_fds", "pid") == {each.pid for each in workers}


def test_one_that_hears_nobody_is_seen() -> None:
    with observe.shared_by_workers(), two_workers() as (up, _):
        assert up.tells().of("nowserving_bus_up") == 0


def test_what_a_dead_worker_did_still_counts_and_what_it_had_open_does_not() -> None:
    with observe.shared_by_workers(), two_workers() as (living, dead):
        dead.dies()
        told = living.tells()
        assert told.of("nowserving_frames_total") == 6
        assert told.of("nowserving_sockets") == 1
        assert told.of("nowserving_bus_up") == 1
        assert told.labels("process_open_fds", "pid") == {living.pid}


def test_workers_that_share_nothing_would_be_noticed() -> None:
    with two_workers() as (one, _):
        assert one.tells().of("nowserving_frames_total") == 3


def test_nothing_is_left_behind() -> None:
    before = dict(os.environ)
    with observe.shared_by_workers():
        (name,) = os.environ.keys() - before
        folder = Path(os.environ[name])
        assert folder.is_dir()
    assert (dict(os.environ), folder.exists()) == (before, False)
