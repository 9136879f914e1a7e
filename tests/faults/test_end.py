"""Told to end while PostgreSQL says nothing, or a branch is locked: gone in time, and nobody is told what is not so."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import monotonic

import httpx2
import psycopg
import pytest
from sqlalchemy import make_url

from tests import databases
from tests.faults.nodes import SETTINGS
from tests.faults.proxy import Proxy
from tests.faults.test_silence import WAITING, adds
from tests.faults.waiting import until
from tests.live.test_endings import STOPPED_WITHIN
from tests.running import PATIENCE, Running, running

PEOPLE = 60  # who ask at once: several times as many as there are threads
BUSY = 2.0  # seconds that this machine may be late itself
Trouble = Callable[[Running, Proxy, str], AbstractAsyncContextManager[None]]
pytestmark = pytest.mark.postgres


@asynccontextmanager
async def locked(server: Running, line: Proxy, url: str) -> AsyncIterator[None]:
    """Somebody holds the branch, and everybody waits for it."""
    with psycopg.connect(url) as holder:
        holder.execute("SELECT 1 FROM branches WHERE id = %s FOR UPDATE", [server.branch])
        yield


@asynccontextmanager
async def silent(server: Running, line: Proxy, url: str) -> AsyncIterator[None]:
    line.half_open(new=True)
    yield


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with databases.empty("postgresql", tmp_path) as url:
        yield url


@pytest.mark.parametrize(
    ("trouble", "sent"), [(locked, signal.SIGTERM), (silent, signal.SIGTERM), (silent, signal.SIGINT)]
)
async def test_the_process_is_gone_in_time(url: str, tmp_path: Path, trouble: Trouble, sent: signal.Signals) -> None:
    with Proxy(make_url(url).port or 5432) as line:
        through = make_url(url).set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        with running(url, tmp_path, settings=SETTINGS | {"DATABASE_URL": through}) as server:
            assert server.process is not None
            async with trouble(server, line, url):
                asking = [asyncio.create_task(adds(server)) for _ in range(PEOPLE)]
                if trouble is locked:
                    await until(lambda: _waits(url))
                else:
                    await until(lambda: _is_silent(server))
                server.process.send_signal(sent)
                begun = monotonic()
                await asyncio.to_thread(server.process.wait, PATIENCE)
                assert monotonic() - begun <= STOPPED_WITHIN + BUSY
                answers = await asyncio.gather(*asking, return_exceptions=True)
    said = [answer[0] for answer in answers if isinstance(answer, tuple)]
    assert 201 not in said


def _waits(url: str) -> bool:
    with psycopg.connect(url) as looker:
        return looker.execute(WAITING).fetchone() is not None


def _is_silent(server: Running) -> bool:
    """Whether one question at least has been begun in vain."""
    try:
        httpx2.get(f"{server.base}/readyz", timeout=1)
    except httpx2.TimeoutException:
        return True
    return False
