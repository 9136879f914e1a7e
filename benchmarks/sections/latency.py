"""From a call to the last phone that heard of it, beside the bare server's trigger to its last socket.

The clock starts before the request is sent and stops when the last phone of the branch has read its frame; so the HTTP
call, the commit, the drawing of the board and every write are in it. The bare server, with as many sockets in as many
groups, writes one prebuilt frame to each. The two take turns, event by event.

Twice: many branches, where a call moves the phones of one of them, and one queue, where it moves everybody. What is
sent after the miss that follows each call (it frees the counter) is waited for and not counted.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.anchors.anchor import Anchor
from benchmarks.http import Connection
from benchmarks.phones.audience import Audience
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.phones.phone import Phone
from benchmarks.phones.wire import handshake
from benchmarks.process import running
from benchmarks.report import MILLI, Report, note, p99
from benchmarks.scale import often
from benchmarks.town import Town, numbered, town

PHONES = 10_000
BRANCHES = 100
PATIENCE = 60.0


@dataclass
class Times:
    """Seconds, one per event."""

    ours: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)  # until the call itself was answered
    bare: list[float] = field(default_factory=list)


async def run() -> bool:
    """Print the table; its ratios are told, none is judged."""
    wanted = often(PHONES, PHONES, least=200)
    phones = min(wanted, (allow_files(2 * wanted + 500) - 300) // 2)
    if phones < wanted:
        note(f"{phones} phones instead of {wanted}: the system allows no more open files")
    title = f"Call to last phone, {phones} phones"
    report = Report(title, "", "events", "", "ours ms", "its answer", "(a) ms", ratio="ours ÷ (a)")
    await _measure(numbered(BRANCHES, phones), often(300, 1000, least=10), report)
    await _measure(numbered(1, phones), often(40, 1000, least=5), report)
    return report.say()


async def _measure(waiting: dict[str, int], events: int, report: Report) -> None:
    async with town(waiting) as here:
        anchor = Anchor("minimal", here.folder)
        async with running(anchor.process), AsyncExitStack() as stack:
            ours, bare = Crowd(here.port), Crowd(anchor.port)
            for crowd in (ours, bare):
                stack.push_async_callback(crowd.hang_up)
            await ours.arrive([phone for branch in here.branches.values() for phone in here.phones(ours, branch)])
            await bare.arrive([socket for name, count in waiting.items() for socket in _sockets(bare, name, count)])
            times = await _in_turn(here, anchor, ours, bare, events)
    where = "one queue" if len(waiting) == 1 else f"{len(waiting)} branches"
    _rows(report, where, times)


async def _in_turn(here: Town, anchor: Anchor, ours: Crowd, bare: Crowd, events: int) -> Times:
    times = Times()
    connection = Connection(here.port)
    agents = [Agent(connection, branch) for branch in here.branches.values()]
    for agent in agents:
        await agent.takes_the_counter()
        await agent.misses(await agent.calls())  # from here on its next version is known
        await ours.quiet(after=(ours.audience(agent.branch.id), agent.version))
    for number in track(range(events), "Calls", transient=True):
        agent = agents[number % len(agents)]
        audience = ours.audience(agent.branch.id)
        await _call(agent, audience, times)
        await ours.quiet(after=(audience, agent.version))
        size = len(audience.phones[-1].frame)
        times.bare.append(await _trigger(anchor, bare.audience(agent.branch.id), size))
    connection.close()
    return times


async def _call(agent: Agent, audience: Audience, times: Times) -> None:
    """One call, timed when it made the very version that was waited for; then the counter is free again."""
    expected = agent.version + 1
    audience.expect(expected)
    began = perf_counter()
    called = await agent.calls()
    answered = perf_counter()
    if not await audience.heard(PATIENCE):
        raise TimeoutError(f"{audience.left} phones did not hear of version {expected}")
    if called["version"] == expected:
        times.answer.append(answered - began)
        times.ours.append(audience.last_at - began)
    await agent.misses(called)


async def _trigger(anchor: Anchor, audience: Audience, size: int) -> float:
    audience.expect(max(phone.version for phone in audience.phones) + 1)
    began = perf_counter()
    version = await anchor.send(f"/{audience.name}", size)
    audience.expect(version)
    if not await audience.heard(PATIENCE):
        raise TimeoutError(f"{audience.left} sockets did not hear of version {version}")
    return audience.last_at - began


def _sockets(crowd: Crowd, group: str, count: int) -> Sequence[Phone]:
    audience, opening = crowd.audience(group), handshake(f"127.0.0.1:{crowd.port}", f"/{group}", {})
    return [Phone(opening, audience, f"socket {n}") for n in range(count)]


def _rows(report: Report, where: str, times: Times) -> None:
    for name, of in (("p50", median), ("p99", p99)):
        ours, answer, bare = (of(each) for each in (times.ours, times.answer, times.bare))
        cells = [f"{each * MILLI:.1f}" for each in (ours, answer, bare)]
        report.row(where, str(len(times.ours)), name, *cells, ratio=ours / bare)
