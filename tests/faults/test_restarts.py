"""PostgreSQL cut off, crashed and started again under load: nothing acknowledged is lost, screens are true in time."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests import machine
from tests.faults.crowd import Ledger, crowd
from tests.faults.nodes import twin
from tests.faults.office import Office, office
from tests.faults.private import PrivatePostgreSQL, private_postgresql
from tests.faults.proxy import Proxy
from tests.faults.truth import CUT_HEALS, HEARTBEAT, become_true, gone_back
from tests.faults.waiting import until
from tests.faults.watchers import Watcher, watching
from tests.hands import Hands
from tests.running import PATIENCE

AWAY = machine.often(3, 30)  # seconds
CUTS = machine.often(5, 50)
PEOPLE = 4
PAUSE = 0.05  # seconds
ANSWERS = 30  # that people get before and after something breaks
BUSY = 1.0  # seconds that this machine may be late itself
pytestmark = pytest.mark.own_postgres


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivatePostgreSQL]:
    with private_postgresql() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def line(cluster: PrivatePostgreSQL) -> Iterator[Proxy]:
    """Between the server and its database."""
    with Proxy(cluster.port) as line:
        yield line


@pytest.fixture(scope="module")
def there(cluster: PrivatePostgreSQL, line: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    through = {"DATABASE_URL": cluster.url_at(line.port)}
    with office(cluster.url, tmp_path_factory.mktemp("restarts"), through) as there:
        yield there


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_connections_that_break_in_the_middle_of_the_work_lose_nothing(there: Office, line: Proxy) -> None:
    there.ken_is_free()
    async with watching(there.watchers(there.server.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        async with crowd(there.server, there.truth.now(), PEOPLE, PAUSE) as ledger:
            for _ in range(CUTS):
                await answers(ledger)
                line.cut()
        await all_is_well(there, ledger, watchers, CUT_HEALS)
    assert ledger.failures > 0  # something was cut that somebody waited for


@pytest.mark.soak
async def test_postgresql_crashed_and_restarted_loses_nothing_and_screens_are_true_within_10_seconds(
    there: Office, cluster: PrivatePostgreSQL
) -> None:
    there.ken_is_free()
    async with watching(there.watchers(there.server.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        async with crowd(there.server, there.truth.now(), PEOPLE, PAUSE) as ledger:
            await answers(ledger)
            cluster.crash()
            crashed = monotonic()
            await until(lambda: monotonic() - crashed > AWAY)
            cluster.start()
            back = monotonic()
            await answers(ledger)
        await all_is_well(there, ledger, watchers, max(BUSY, back + CUT_HEALS - monotonic()))
    assert ledger.failures > 0
    # Whoever hears nothing for 15 s says so: what is shown is not called live while nobody can know.
    late = [seen for watcher in watchers for seen in watcher.heard if crashed + HEARTBEAT + BUSY < seen.at < back]
    assert late == []


def test_an_answer_that_comes_before_its_commit_is_on_disk_is_noticed(
    there: Office, cluster: PrivatePostgreSQL, tmp_path: Path
) -> None:
    """Positive control: a node that waits for no disk."""
    with twin(there.server, tmp_path, PGOPTIONS="-c synchronous_commit=off") as hasty:
        hands = Hands(hasty.base, hasty.made)
        joined = [hands.joins("new-passport") for _ in range(PEOPLE)]
        hands.close()
        cluster.crash()
        cluster.start()
    ledger = Ledger({slip.id: slip.number for slip in joined})
    assert ledger.missing(there.truth.now()) != []


async def answers(ledger: Ledger) -> None:
    enough = len(ledger.saved) + ANSWERS
    await until(lambda: len(ledger.saved) > enough)


async def all_is_well(there: Office, ledger: Ledger, watchers: list[Watcher], within: float) -> None:
    facts = there.truth.now()
    await become_true(watchers, facts, within)
    assert (ledger.missing(facts), ledger.unasked(facts), gone_back(watchers)) == ([], [], [])
