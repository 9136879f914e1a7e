"""A hundred screens that never read, among a thousand: do the other nine hundred notice?

All watch one lobby, so they are sent the same fragment of several kilobytes in the same loop. The hundred have a small
receive buffer and small segments (on loopback a small buffer alone is not enough) and read nothing after the handshake:
after some calls nothing more fits into what the system holds for them, and from then on it is the server that has to
deal with them. Only then are calls timed, from the request to the last of the nine hundred, in turn with the same calls
without the hundred. How much the system holds for the hundred shows that they are stuck; what the server holds for them
shows in its memory, after few calls and after many. In the end it must stop within 10 s while they hang on.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.http import Connection
from benchmarks.phones.audience import Audience
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.phones.wire import handshake
from benchmarks.report import MILLI, Report, note, spread
from benchmarks.scale import often
from benchmarks.town import Town, town

READERS, STUCK = 900, 100
CALLS = 15  # a round; so few that the server has not yet given the stuck ones up, which it does after 10 s
WITHIN = 1.2  # × the delay without them
KIB_AT_MOST = 256.0  # per stuck socket, in the server
STOP_SECONDS = 10.0
RECEIVE_BUFFER, SEGMENT = 2048, 536  # bytes
FILLING = 60  # calls at the most until they are stuck
PACE_SECONDS = 0.06  # a little longer than the server gathers what happens
PATIENCE = 20.0
BRANCH = "lobby"


@dataclass
class Found:
    """Seconds per call, KiB that the server grew by per stuck socket, and KiB that the system held for one."""

    without: list[float] = field(default_factory=list)
    among: list[float] = field(default_factory=list)
    grown: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    stopped: float = 0.0


async def run() -> bool:
    """Print the table; whether nobody noticed."""
    readers, stuck = often(READERS, READERS, least=90), often(STUCK, STUCK, least=10)
    rounds = often(5, 30, least=2)
    allow_files(readers + 2 * stuck + 500)
    async with town({BRANCH: (rounds + 1) * (2 * CALLS + FILLING)}) as here:
        found = await _measured(here, readers, stuck, rounds)
    report = Report(
        f"{stuck} that never read among {readers + stuck}, {rounds} rounds of {CALLS} calls", "", "", ratio=""
    )
    report.row("call to last reader without them, ms", spread(found.without, MILLI))
    noticed = median(found.among) / median(found.without)
    report.row("among them, ms", spread(found.among, MILLI), ratio=noticed, at_most=WITHIN)
    report.row("the system holds for one of them, KiB", spread(found.held))
    report.row("the server grew by, KiB for each", spread(found.grown), ratio=median(found.grown), at_most=KIB_AT_MOST)
    report.row("SIGTERM to exit, s", f"{found.stopped:.1f}", ratio=found.stopped, at_most=STOP_SECONDS)
    return report.say()


async def _measured(here: Town, readers: int, stuck: int, rounds: int) -> Found:
    found, branch = Found(), here.branches[BRANCH]
    crowd, connection = Crowd(here.port), Connection(here.port)
    agent = Agent(connection, branch)
    try:
        await agent.takes_the_counter()
        await crowd.arrive(here.screens(crowd, branch, readers))
        audience = crowd.audience(BRANCH)
        await _calls(agent, audience, CALLS)  # not counted: the server's code is warm then
        for number in track(range(rounds), "Rounds", transient=True):
            found.without += await _calls(agent, audience, CALLS)
            hanging = await _hang_on(here, stuck)
            try:
                await _among(here, agent, audience, hanging, found)
                if number == rounds - 1:
                    found.stopped = await here.process.stop()
            finally:
                for each in hanging:
                    each.close()
            await crowd.quiet()
    finally:
        connection.close()
        await crowd.hang_up()
    return found


async def _among(here: Town, agent: Agent, audience: Audience, hanging: list[socket.socket], found: Found) -> None:
    """Until they are stuck, and then the calls that count."""
    await _until_stuck(here.port, agent, audience)
    before = here.process.memory()
    found.among += await _calls(agent, audience, CALLS)
    found.grown.append(max(0, here.process.memory() - before) / len(hanging) / 1024)
    found.held.append(_held(here.port) / len(hanging) / 1024)


async def _calls(agent: Agent, audience: Audience, count: int) -> list[float]:
    """Seconds from each call's request to the last reader."""
    took = []
    for _ in range(count):
        began = perf_counter()
        called = await agent.calls()
        audience.expect(called["version"])
        if not await audience.heard(PATIENCE):
            raise TimeoutError(f"{audience.left} readers did not hear of version {called['version']}")
        took.append(audience.last_at - began)
        await asyncio.sleep(PACE_SECONDS)
        await agent.misses(called)
        await asyncio.sleep(PACE_SECONDS)
    return took


async def _hang_on(here: Town, count: int) -> list[socket.socket]:
    """So many who ask to watch the lobby, and then never read."""
    opening = handshake(f"127.0.0.1:{here.port}", "/live/lobby", here.branches[BRANCH].as_device("Wall"))
    return [await _one(here.port, opening) for _ in range(count)]


async def _one(port: int, opening: bytes) -> socket.socket:
    one = socket.socket()
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(one, ("127.0.0.1", port))
    await loop.sock_sendall(one, opening)
    return one


async def _until_stuck(port: int, agent: Agent, audience: Audience) -> None:
    """Call until the system takes no more for them."""
    held = -1
    for _ in range(FILLING // 5):
        if held == (held := _held(port)) and held > 0:
            return
        await _calls(agent, audience, 5)
    note("those who never read were not stuck: what follows shows little")


def _held(port: int) -> int:
    """Bytes that the system holds for sockets of this port and could not hand over."""
    total = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):
            total += sum(_sending(line, port) for line in _lines(table))
    return total


def _lines(table: str) -> list[list[str]]:
    with open(table) as opened:  # noqa: PTH123 - not a file of the disk
        return [line.split() for line in opened.readlines()[1:]]


def _sending(fields: list[str], port: int) -> int:
    local, queues = fields[1], fields[4]
    return int(queues.split(":")[0], 16) if int(local.rpartition(":")[2], 16) == port else 0
