"""A server in a process of its own: started, measured from outside, and ended whatever happens."""

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from benchmarks.disk import ROOT

START_SECONDS = 60
STOP_SECONDS = 15.0
PROC = Path("/proc")
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # a start finds its modules compiled, as it does wherever it has run before
_alive: set[int] = set()


class Process:
    """One command on one port. It may be killed and started again."""

    def __init__(self, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None):
        """`command`: what follows `python`; what it says goes to `log`."""
        self.command, self.port, self._log = command, port, log
        self._environment = {**os.environ, **COMPILED, **(environment or {})}
        self._running: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.returncode is None

    async def start(self) -> None:
        """Start it, and wait until its port answers; ChildProcessError with its last words when it does not."""
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, *self.command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        _alive.add(self.pid)
        until = monotonic() + START_SECONDS
        while not await _answers(self.port):
            if self._running.returncode is not None or monotonic() > until:
                raise ChildProcessError(self._log.read_text()[-2000:])
            await asyncio.sleep(0.02)

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads and its children's."""
        return sum(_cpu(pid) for pid in self._family())

    def memory(self) -> int:
        """Bytes in memory now, its children's with it."""
        return sum(_resident(pid) for pid in self._family())

    async def kill(self) -> None:
        """As a power cut does it."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> float:
        """Politely, and by force when that does not help; how many seconds it took."""
        began = monotonic()
        await self._end(signal.SIGTERM)
        return monotonic() - began

    async def _end(self, how: signal.Signals) -> None:
        if self._running is None:
            return
        with suppress(ProcessLookupError):
            self._running.send_signal(how)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._running.wait()
        except TimeoutError:
            for pid in self._family():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self._running.wait()
        _alive.discard(self.pid)
        self._running = None

    def _family(self) -> list[int]:
        family = [self.pid]
        for pid in family:  # grows while it is walked: children's children too
            with suppress(OSError):
                family += map(int, (PROC / str(pid) / "task" / str(pid) / "children").read_text().split())
        return family


@atexit.register
def _kill_the_rest() -> None:
    """Whoever presses Ctrl-C twice leaves no time to end things politely."""
    for pid in _alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[None]:
    """All of them, until the `with` ends."""
    try:
        await asyncio.gather(*(process.start() for process in processes))
        yield
    finally:
        await asyncio.gather(*(process.stop() for process in processes))


def _cpu(pid: int) -> float:
    """From the scheduler, in ns; where it keeps no count, from the clock ticks of stat."""
    try:
        threads = (PROC / str(pid) / "task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except FileNotFoundError:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
