"""Kill -9 under ten thousand phones: how long until every one of them is true again, beside a bare server.

Both crowds come back as the page's own script does: first at a random moment within 5 s, later within 6 s, and a
handshake that is not answered in 6 s is given up. The clock runs from the kill to the last phone's first frame; the
server is started again at once. Just before, some branches call, and what was answered must be what the phones show
afterwards: their frames are compared with what the server then tells of every ticket. The bare server sends its newest
frame to whoever connects and knows nothing else.

Twice: in branches that opened today, and in branches with weeks behind them, which their forecasts learned from.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.anchors.anchor import Anchor
from benchmarks.history import remember
from benchmarks.http import Connection
from benchmarks.live.check import faults
from benchmarks.phones.audience import Audience
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.phones.phone import Phone
from benchmarks.phones.wire import handshake
from benchmarks.process import running
from benchmarks.report import Report, note, spread
from benchmarks.scale import often
from benchmarks.town import Town, founded, numbered, town
from benchmarks.waiting import OTHER_SERVICE

PHONES, BRANCHES, ROUNDS = 10_000, 100, 5
VISITS = 1_500  # served in each branch, of two services: what its forecast reads of a longer past
CALLING = 10  # branches that call before each kill
AT_MOST = 1.5
PATIENCE = 120.0
KEPT_SECONDS = 300.0  # until every branch's learning must have been kept
GROUP = "/group"


@dataclass
class Kills:
    """Seconds of each, and how many phones were not true afterwards."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    untrue: int = 0


async def run() -> bool:
    """Print the table; whether all were true again in time."""
    wanted = often(PHONES, PHONES, least=200)
    phones = min(wanted, (allow_files(2 * wanted + 500) - 300) // 2)
    if phones < wanted:
        note(f"{phones} phones instead of {wanted}: the system allows no more open files")
    report = Report(f"True again after kill -9: {phones} phones, {ROUNDS} rounds", "", "seconds", ratio="ours ÷ bare")
    for name, visits in (("opened today", 0), (f"{VISITS:,} visits behind each branch", VISITS)):
        kills = await _measured(phones, visits)
        ratio = median(kills.ours) / median(kills.bare)
        report.row("(a) minimal uvloop", spread(kills.bare))
        report.row(f"ours, {name}", spread(kills.ours), ratio=ratio, at_most=AT_MOST)
        report.row("untrue phones", str(kills.untrue), ratio=float(kills.untrue), at_most=0)
    return report.say()


async def _measured(phones: int, visits: int) -> Kills:
    kills = Kills()
    async with _served(phones, visits) as here:
        anchor = Anchor("minimal", here.folder)
        async with running(anchor.process), AsyncExitStack() as stack:
            crowd, sockets = Crowd(here.port, returning=True), Crowd(anchor.port, returning=True)
            for each in (crowd, sockets):
                stack.push_async_callback(each.hang_up)
            await crowd.arrive([phone for branch in here.branches.values() for phone in here.phones(crowd, branch)])
            await sockets.arrive(_sockets(sockets, phones))
            if visits:
                await _learning_is_kept(here)
            for _ in track(range(ROUNDS), "Kills", transient=True):
                kills.ours.append(await _kill_ours(here, crowd))
                kills.untrue += await _untrue(here, crowd)
                kills.bare.append(await _kill_bare(anchor, sockets))
    return kills


@asynccontextmanager
async def _served(phones: int, visits: int) -> AsyncIterator[Town]:
    """Branches with so many visits behind each, and so many people who wait in all of them."""
    if not visits:
        async with town(numbered(BRANCHES, phones)) as here:
            yield here
        return
    async with founded({id: count + 1 for id, count in numbered(BRANCHES, phones).items()}) as here:
        try:
            await here.process.start()
            await here.ready()
            await _serve_one_of_each(here)
            await here.process.stop()
            for id in track(here.branches, "Pasts", transient=True):
                await remember(_file(here), id, visits, quietly=True)
            await here.process.start()
            await here.ready()
            yield here
        finally:
            await here.process.stop()


async def _serve_one_of_each(here: Town) -> None:
    """The patterns of all visits: the first who waits in each branch, and somebody with another wish."""
    connection = Connection(here.port)
    for branch in here.branches.values():
        agent = Agent(connection, branch)
        await agent.takes_the_counter()
        served = await agent.serves(await agent.calls())
        branch.tickets.remove(served["id"])
        await agent.takes_the_counter([OTHER_SERVICE])
        await agent.lets_in(OTHER_SERVICE)
        await agent.serves(await agent.calls())
        await agent.takes_the_counter()
    connection.close()


async def _learning_is_kept(here: Town) -> None:
    """As it is of every server that has been there for more than some minutes."""
    async with asyncio.timeout(KEPT_SECONDS):
        while await asyncio.to_thread(_kept, _file(here)) < BRANCHES:  # noqa: ASYNC110 - a file has no event for it
            await asyncio.sleep(1)


def _kept(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM learned").fetchone()[0])


def _file(here: Town) -> Path:
    return here.folder / "data" / "nowserving.db"


async def _kill_ours(here: Town, crowd: Crowd) -> float:
    """After calls that were answered, and so must be shown."""
    connection = Connection(here.port)
    for branch in list(here.branches.values())[:CALLING]:
        agent = Agent(connection, branch)
        await agent.takes_the_counter()
        await agent.frees_the_counter()
        await agent.calls()
    connection.close()
    await crowd.quiet()  # who heard of it before the kill must not be taken for somebody who came back
    for audience in crowd.audiences.values():
        audience.expect(max(phone.version for phone in audience.phones), again=True)
    began = perf_counter()
    await here.process.kill()
    await here.process.start()
    return await _last(list(crowd.audiences.values()), began)


async def _kill_bare(anchor: Anchor, sockets: Crowd) -> float:
    sockets.audience(GROUP).expect(0, again=True)
    began = perf_counter()
    await anchor.kill()
    await anchor.restart()
    return await _last([sockets.audience(GROUP)], began)


async def _last(audiences: list[Audience], began: float) -> float:
    for audience in audiences:
        if not await audience.heard(PATIENCE):
            raise TimeoutError(f"{audience.left} phones of {audience.name} did not come back")
    return max(audience.last_at for audience in audiences) - began


async def _untrue(here: Town, crowd: Crowd) -> int:
    connection = Connection(here.port)
    found = [fault for branch in here.branches.values() for fault in await faults(Agent(connection, branch), crowd)]
    connection.close()
    for fault in found[:5]:
        note(fault)
    return len(found)


def _sockets(crowd: Crowd, count: int) -> list[Phone]:
    audience, opening = crowd.audience(GROUP), handshake(f"127.0.0.1:{crowd.port}", GROUP, {})
    return [Phone(opening, audience, f"socket {n}") for n in range(count)]
