"""Broken lines between the screens and one server: all are true again in time, and none goes back."""

from collections.abc import Iterator
from time import monotonic

import pytest

from tests.faults.office import Office, office
from tests.faults.proxy import Proxy
from tests.faults.thinning import Frames
from tests.faults.truth import CUT_HEALS, HALF_OPEN_HEALS, SOON, become_true, gone_back, too_quiet, untrue
from tests.faults.waiting import until
from tests.faults.watchers import phones, watching
from tests.running import PATIENCE

LATE = 0.6  # seconds
CUT_FOR = 4.0
BUSY = 1.0  # seconds that this machine may be late itself


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(None, tmp_path_factory.mktemp("lines")) as there:
        yield there


@pytest.fixture
def line(there: Office) -> Iterator[Proxy]:
    with Proxy(there.server.port) as line:
        yield line


async def test_a_line_that_is_late_makes_everything_late_and_cuts_nobody(there: Office, line: Proxy) -> None:
    async with watching(there.watchers(line.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        line.delay(LATE)
        await there.ken_calls()
        assert await become_true(watchers, there.truth.now(), PATIENCE) <= LATE + SOON + BUSY
        line.heal()
        await there.ken_calls()
        assert await become_true(watchers, there.truth.now(), PATIENCE) <= SOON + BUSY
    assert {watcher.lines for watcher in watchers} == {1}
    assert gone_back(watchers) == []


async def test_cut_screens_are_true_within_10_seconds_of_the_end_of_the_fault(there: Office, line: Proxy) -> None:
    async with watching(there.watchers(line.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        line.refuse()
        line.cut()
        begun = monotonic()
        await there.ken_calls(3)
        await until(lambda: monotonic() - begun > CUT_FOR)
        line.heal()
        await become_true(watchers, there.truth.now(), CUT_HEALS)
    assert gone_back(watchers) == []


async def test_half_open_screens_are_true_within_22_seconds_of_their_last_frame_and_others_notice_nothing(
    there: Office, line: Proxy
) -> None:
    async with watching(there.watchers(line.port)) as watchers, watching(there.watchers(there.server.port)) as others:
        await become_true(watchers + others, there.truth.now(), PATIENCE)
        line.half_open()
        last = max(watcher.heard[-1].at for watcher in watchers)
        await there.ken_calls(3)
        await become_true(others, there.truth.now(), SOON + BUSY)
        await become_true(watchers, there.truth.now(), last + HALF_OPEN_HEALS - monotonic())
        # Whoever was missed before has nothing new to be told: true all along, and back no later than the others.
        await until(lambda: {watcher.lines for watcher in watchers} == {2}, last + HALF_OPEN_HEALS - monotonic())
        assert too_quiet(others, monotonic(), BUSY) == []
    assert {watcher.lines for watcher in others} == {1}
    assert gone_back(watchers + others) == []


async def test_screens_of_a_server_that_was_killed_are_true_within_10_seconds_of_its_return(
    there: Office, line: Proxy
) -> None:
    async with watching(there.watchers(line.port)) as watchers:
        await become_true(watchers, there.truth.now(), PATIENCE)
        await there.ken_calls()
        there.server.kill()
        there.server.start()
        await become_true(watchers, there.truth.now(), CUT_HEALS)
        await there.ken_calls()
        await become_true(watchers, there.truth.now(), CUT_HEALS)
    assert gone_back(watchers) == []


async def test_frames_that_get_lost_on_a_line_that_looks_live_are_noticed(there: Office) -> None:
    """Positive control of what "true" means here: a screen that looks live and is not."""
    losing = Frames()
    with Proxy(there.server.port, thin=losing) as line:
        async with watching(phones(there.slips[-3:], line.port)) as watchers:
            await become_true(watchers, there.truth.now(), PATIENCE)
            losing.losing = True
            await there.ken_calls()
            await until(lambda: losing.lost >= len(watchers))
            assert {watcher.lines for watcher in watchers} == {1}
            assert len(untrue(watchers, there.truth.now())) == len(watchers)
            assert too_quiet(watchers, monotonic(), BUSY) == []
