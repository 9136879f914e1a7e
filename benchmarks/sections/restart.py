"""Kill -9 under ten thousand phones: how long until every one of them is true again, beside a bare server.

Both crowds come back as the page's own script does: first at a random moment within 5 s, later within 6 s, and a
handshake that is not answered in 4 s is given up. The clock runs from the kill to the last phone's first frame; the
server is started again at once. Just before, some branches call, and what was answered must be what the phones show
afterwards: their frames are compared with what the server then tells of every ticket. The bare server sends its newest
frame to whoever connects and knows nothing else.
"""

from contextlib import AsyncExitStack
from statistics import median
from time import perf_counter

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.anchors.anchor import Anchor
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
from benchmarks.town import Town, numbered, town

PHONES, BRANCHES, ROUNDS = 10_000, 100, 5
CALLING = 10  # branches that call before each kill
AT_MOST = 1.5
PATIENCE = 120.0
GROUP = "/group"


async def run() -> bool:
    """Print the table; whether all were true again in time."""
    wanted = often(PHONES, PHONES, least=200)
    phones = min(wanted, (allow_files(2 * wanted + 500) - 300) // 2)
    if phones < wanted:
        note(f"{phones} phones instead of {wanted}: the system allows no more open files")
    ours, bare, untrue = [], [], 0
    async with town(numbered(BRANCHES, phones)) as here:
        anchor = Anchor("minimal", here.folder)
        async with running(anchor.process), AsyncExitStack() as stack:
            crowd, sockets = Crowd(here.port, returning=True), Crowd(anchor.port, returning=True)
            for each in (crowd, sockets):
                stack.push_async_callback(each.hang_up)
            await crowd.arrive([phone for branch in here.branches.values() for phone in here.phones(crowd, branch)])
            await sockets.arrive(_sockets(sockets, phones))
            for _ in track(range(ROUNDS), "Kills", transient=True):
                ours.append(await _kill_ours(here, crowd))
                untrue += await _untrue(here, crowd)
                bare.append(await _kill_bare(anchor, sockets))
    report = Report(f"True again after kill -9: {phones} phones, {ROUNDS} rounds", "", "seconds", ratio="ours ÷ bare")
    report.row("(a) minimal uvloop", spread(bare))
    report.row("ours", spread(ours), ratio=median(ours) / median(bare), at_most=AT_MOST)
    report.row("untrue phones", str(untrue), ratio=float(untrue), at_most=0)
    return report.say()


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
