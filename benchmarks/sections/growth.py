"""What one call costs as a queue grows from 10 to 10,000 waiting, and as the branch remembers more and more visits.

Server CPU around one call, read from the scheduler before the request and after its answer, and the time until the
answer; the same person is called and put back, so that every queue keeps its length. Nobody watches. The queues stand
in one installation and take turns; the histories are two installations whose servers take turns. What the first look at
a branch costs after a start is told beside it, and not judged.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.history import remember
from benchmarks.http import Connection
from benchmarks.report import MILLI, Report
from benchmarks.scale import often
from benchmarks.town import Town, founded

QUEUES = (10, 100, 1000, 10_000)
SHORT = 20  # people waiting, while the history grows
CALLS = 60
AT_MOST = 1.3
WARM_UP = 5  # calls


@dataclass
class Calls:
    """Seconds of each call: of the server's CPU, and until the answer. `first`: CPU of the first look at the branch."""

    agent: Agent
    town: Town
    first: float
    cpu: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)

    async def call(self) -> None:
        cpu, began = self.town.process.cpu(), perf_counter()
        called = await self.agent.calls()
        self.answer.append(perf_counter() - began)
        self.cpu.append(self.town.process.cpu() - cpu)
        await self.agent.puts_back(called)


async def run() -> bool:
    """Print the table; whether the cost stays flat."""
    calls, visits = often(CALLS, 400, least=10), often(100_000, 1_000_000, least=1000)
    longest = often(QUEUES[-1], QUEUES[-1], least=100)
    report = Report(
        f"Cost of one call, {calls} calls each", "", "CPU ms", "p50 ms", "first look, CPU ms", ratio="÷ the smallest"
    )
    _told(report, await _queues([n for n in QUEUES if n < longest] + [longest], calls))
    _told(report, await _histories(visits, calls))
    return report.say()


async def _queues(lengths: list[int], calls: int) -> Mapping[str, Calls]:
    async with founded({f"q{n}": n for n in lengths}) as here, AsyncExitStack() as stack:
        measured = {f"{n:,} waiting": await _served(here, f"q{n}", stack) for n in lengths}
        await _in_turn(measured, calls)
        return measured


async def _histories(visits: int, calls: int) -> Mapping[str, Calls]:
    async with founded({"young": SHORT}) as young, founded({"old": SHORT + 1}) as old:
        await _serve_one(old)
        await remember(old.folder / "data" / "nowserving.db", "old", visits)
        async with AsyncExitStack() as stack:
            towns = {"0 old tickets": (young, "young"), f"{visits:,} old tickets": (old, "old")}
            measured = {name: await _served(here, branch, stack) for name, (here, branch) in towns.items()}
            await _in_turn(measured, calls)
            return measured


async def _served(here: Town, branch: str, stack: AsyncExitStack) -> Calls:
    """Serve the town unless it is served already, and take the counter."""
    if not here.process.is_running:
        stack.push_async_callback(here.process.stop)
        await here.process.start()
        await here.ready()
    connection = Connection(here.port)
    stack.callback(connection.close)
    cpu = here.process.cpu()
    await connection.ask("GET", f"/api/v1/branches/{branch}", None)
    first = here.process.cpu() - cpu
    agent = Agent(connection, here.branches[branch])
    await agent.takes_the_counter()
    return Calls(agent, here, first)


async def _in_turn(measured: Mapping[str, Calls], calls: int) -> None:
    for _ in track(range(calls + WARM_UP), "Calls", transient=True):
        for each in measured.values():
            await each.call()
    for each in measured.values():
        del each.cpu[:WARM_UP], each.answer[:WARM_UP]


async def _serve_one(here: Town) -> None:
    """One visit from its beginning to its end: the pattern of all the old ones."""
    async with AsyncExitStack() as stack:
        agent = (await _served(here, "old", stack)).agent
        await agent.serves(await agent.calls())


def _told(report: Report, measured: Mapping[str, Calls]) -> None:
    smallest = next(iter(measured.values()))
    for name, each in measured.items():
        cpu, answer = median(each.cpu), median(each.answer)
        cells = (name, f"{cpu * MILLI:.2f}", f"{answer * MILLI:.2f}", f"{each.first * MILLI:.0f}")
        if each is smallest:
            report.row(*cells)
        else:
            report.row(*cells, ratio=max(cpu / median(smallest.cpu), answer / median(smallest.answer)), at_most=AT_MOST)
