"""A line to PostgreSQL that is silently dead: refused in time, nothing lost, and well again when the line is."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import monotonic

import psycopg
import pytest
from sqlalchemy import make_url

from tests import databases
from tests.faults.clients import Client, Refused
from tests.faults.crowd import crowd
from tests.faults.nodes import SETTINGS, twin
from tests.faults.office import Office, office
from tests.faults.proxy import Proxy
from tests.faults.truth import CUT_HEALS, become_true, gone_back
from tests.faults.waiting import until
from tests.faults.watchers import watching
from tests.running import PATIENCE, Running

ANSWERED = 11.0  # seconds: a statement in vain, then a connection in vain
LATEST = 16.0  # seconds: two statements in vain, where one of them waited for a lock
BUSY = 5.0  # seconds that this machine may be late itself: everybody asks at once, beside whatever else it does
AT_ONCE = 40  # people; more than there are threads
PEOPLE = 4
PAUSE = 0.05  # seconds
ANSWERS = 30
WAITS_FOR_EVER = "import server.patience as patience; patience.ANSWER_SECONDS = 1e9"
TELLS_NOTHING = "import server.patience as patience; patience.SERVERS_SIDE = 'SELECT 1'"
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.empty("postgresql", tmp_path_factory.mktemp("url")) as url:
        yield url


@pytest.fixture(scope="module")
def line(url: str) -> Iterator[Proxy]:
    """Between the server and its database."""
    with Proxy(make_url(url).port or 5432) as line:
        yield line


@pytest.fixture(autouse=True)
def healed(line: Proxy) -> Iterator[None]:
    """Whatever a test leaves behind, the next one begins with a line that works."""
    yield
    line.heal()


@pytest.fixture(scope="module")
def there(url: str, line: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    through = make_url(url).set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
    with office(url, tmp_path_factory.mktemp("silence"), SETTINGS | {"DATABASE_URL": through}) as there:
        yield there


async def test_a_silent_line_is_a_refusal_in_time_for_everybody_and_loses_nothing(there: Office, line: Proxy) -> None:
    there.ken_is_free("queue")
    async with watching(there.watchers(there.server.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        async with crowd(there.server, there.truth.now(), PEOPLE, PAUSE) as ledger:
            await until(lambda: len(ledger.saved) > ANSWERS)
            line.half_open(new=True)
            asked = [is_ready(there.server) for _ in range(AT_ONCE)]
            asked += [adds(there.server) for _ in range(AT_ONCE)]
            answers = await asyncio.gather(*asked)
            assert {status for status, _ in answers} == {503}
            assert median(seconds for _, seconds in answers) <= ANSWERED + BUSY
            assert max(seconds for _, seconds in answers) <= LATEST + BUSY
            line.heal()
            healed, before = monotonic(), len(ledger.saved)
            await until(lambda: len(ledger.saved) > before + ANSWERS, ANSWERED + CUT_HEALS)
        facts = there.truth.now()
        await become_true(watchers, facts, max(BUSY, healed + CUT_HEALS - monotonic()))
    assert (ledger.missing(facts), ledger.unasked(facts), gone_back(watchers)) == ([], [], [])
    assert ledger.failures > 0


async def test_a_server_that_waits_for_ever_is_noticed(there: Office, line: Proxy, tmp_path: Path) -> None:
    """Positive control."""
    with twin(there.server, tmp_path, WAITS_FOR_EVER) as patient:
        line.half_open(new=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(ANSWERED + BUSY):
                await is_ready(patient)
    line.heal()


async def test_a_lock_whose_holder_has_vanished_is_let_go_of(there: Office, line: Proxy, url: str) -> None:
    async with a_lock_left_behind(there, there.server, line, url):
        status, seconds = await adds(there.server)
    assert status == 201
    assert seconds <= ANSWERED + BUSY


async def test_a_lock_that_stays_behind_is_noticed(there: Office, line: Proxy, url: str, tmp_path: Path) -> None:
    """Positive control."""
    with twin(there.server, tmp_path, TELLS_NOTHING) as silent:
        async with a_lock_left_behind(there, silent, line, url):
            status, _ = await adds(silent)
    assert status == 503


async def is_ready(server: Running) -> tuple[int, float]:
    async with Client(server) as client:
        return await answered(client.ask("GET", "/readyz"))


async def adds(server: Running) -> tuple[int, float]:
    """Lola adds somebody who walked in."""
    path, headers = f"/api/v1/branches/{server.branch}/tickets", server.as_staff("Lola")
    async with Client(server) as client:
        key = {"Idempotency-Key": uuid.uuid4().hex + uuid.uuid4().hex}
        return await answered(client.ask("POST", path, {"service": "new-passport"}, headers | key))


async def answered(asked: Awaitable[tuple[int, object]]) -> tuple[int, float]:
    """The status, and seconds until it came."""
    begun = monotonic()
    try:
        status, _ = await asked
    except Refused as refused:
        status = refused.status
    return status, monotonic() - begun


@asynccontextmanager
async def a_lock_left_behind(there: Office, server: Running, line: Proxy, url: str) -> AsyncIterator[None]:
    """PostgreSQL gives the branch's lock to a transaction of `server` when nothing can be heard from there any more."""
    async with asyncio.TaskGroup() as meanwhile:
        with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as looker:
            holder.execute("SELECT 1 FROM branches WHERE id = %s FOR UPDATE", [there.server.branch])
            meanwhile.create_task(adds(server))
            await until(lambda: looker.execute(WAITING).fetchone() is not None)
            line.half_open()
            holder.commit()
        yield
