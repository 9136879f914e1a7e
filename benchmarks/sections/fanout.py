"""Server CPU per delivery, ours beside three others, at 1,000 and 5,000 sockets.

The marginal cost, for all servers alike: the server's CPU while events reach N sockets, less its CPU for as many events
that one socket watches, divided by the frames that were heard more. So what an event costs however many watch it (the
call, its commit and its answer; asking for what changed, drawing the board, wording the frame all share) is not in it,
and everything is that another socket adds. What is left out is told in a column of its own. Heartbeats are frames and
count as such on both sides.

An event of ours is a call over HTTP, or the putting back of who was called: so the queues stay as long as they are, and
the one socket watches a branch like the one that all watch. An event of the others is one line on a control port. All
send as many bytes per frame as ours, without compression, to the same client. CPU is read from the scheduler, all
threads.

"one frame for all" are programs that watch a branch: the same text goes to every socket, as in a lobby. "own frames"
are phones in one queue: each is sent its own people ahead, its own wait.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Protocol

from rich.progress import track

from benchmarks.agent import Agent, Told
from benchmarks.anchors.anchor import Anchor
from benchmarks.http import Connection
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.phones.phone import Phone
from benchmarks.phones.wire import handshake
from benchmarks.process import Process, running
from benchmarks.report import MICRO, Report, note, spread
from benchmarks.scale import often
from benchmarks.town import Town, town

SOCKETS = (1000, 5000)
ROUNDS = 9  # a round tells little: each figure is the difference of two costs
DELIVERIES, EVENTS = 40_000, (8, 40)  # per phase; of events at least and at most
LIMITS = {"minimal": 1.5, "stock": 0.6, "library": 1.0}
CALLED = 8  # then a branch's frame has its full length
WARM_UP = 4  # events
PACE_SECONDS, PACE_PER_SOCKET = 0.1, 50e-6  # between our events, so that no burst is sent as one
PATIENCE = 30.0
GROUP, LONE = "/group", "/lone"  # LONE: one socket, for what an event costs by itself
WHAT = {"watched": "one frame for all", "queue": "own frames"}


@dataclass(frozen=True, slots=True)
class Scale:
    sockets: int
    events: int  # per phase


class Source(Protocol):
    """A server that can be made to send."""

    @property
    def name(self) -> str: ...

    @property
    def process(self) -> Process: ...

    @property
    def crowd(self) -> Crowd: ...

    @property
    def alone(self) -> list[float]:
        """Seconds of CPU for an event that one socket watches, round by round."""
        ...

    async def events(self, count: int, *, watched: bool) -> None:
        """So many, and until the last frame of the last has been heard."""


async def run() -> bool:
    """Print a table for each number of sockets; whether every limit was kept."""
    return all([await _at(often(sockets, sockets, least=50)) for sockets in SOCKETS])


async def _at(wanted: int) -> bool:
    servers = 1 + len(LIMITS)
    sockets = min(wanted, (allow_files(servers * wanted + 500) - 300) // servers)
    if sockets < wanted:
        note(f"{sockets} sockets instead of {wanted}: the system allows no more open files")
    fewest, most = EVENTS
    events = min(max(DELIVERIES // sockets, fewest), often(most, most, least=fewest))
    report = Report(
        f"CPU per delivery, {sockets} sockets, {ROUNDS} rounds", "", "server", "bytes", "µs", ratio="ours ÷ it"
    )
    people = CALLED + 1
    async with town(
        {"watched": people, _quiet("watched"): people, "queue": sockets + people, _quiet("queue"): people}
    ) as here:
        anchors = {kind: Anchor(kind, here.folder) for kind in LIMITS}
        async with running(*(anchor.process for anchor in anchors.values())):
            scale = Scale(sockets, events)
            await _compare(here, "watched", anchors, LIMITS, scale, report)
            await _compare(here, "queue", {"minimal": anchors["minimal"]}, {}, scale, report)
    return report.say()


async def _compare(
    here: Town, branch: str, anchors: Mapping[str, Anchor], limits: Mapping[str, float], scale: Scale, report: Report
) -> None:
    """Ours beside these anchors, all sending what whoever watches this branch is sent."""
    async with AsyncExitStack() as stack:
        ours = await _ours(here, stack, branch, scale.sockets)
        others = {kind: await _theirs(anchor, stack, scale.sockets, ours) for kind, anchor in anchors.items()}
        sources: list[Source] = [ours, *others.values()]
        cost, *costs = await _rounds(sources, scale.events)
        report.row(WHAT[branch], ours.name, str(ours.size), spread(cost, MICRO))
        note(f"{WHAT[branch]}: an event by itself, watched by one, costs {median(ours.alone) * 1000:.1f} ms of CPU")
        for (kind, other), theirs in zip(others.items(), costs, strict=True):
            ratio = median(cost) / median(theirs)
            cells = (WHAT[branch], other.name, "", spread(theirs, MICRO))
            report.row(*cells, ratio=ratio, at_most=limits.get(kind), name=f"{WHAT[branch]}, ours ÷ {other.name}")


async def _rounds(sources: Sequence[Source], events: int) -> list[list[float]]:
    """Seconds of CPU per delivery: for each source one figure a round, all in turn."""
    costs: list[list[float]] = [[] for _ in sources]
    for _ in track(range(ROUNDS), "Rounds", transient=True):
        for source, cost in zip(sources, costs, strict=True):
            cost.append(await _marginal(source, events))
    return costs


async def _marginal(source: Source, events: int) -> float:
    alone, unheard = await _phase(source, events, watched=False)
    busy, heard = await _phase(source, events, watched=True)
    source.alone.append(alone / events)
    return (busy - alone) / (heard - unheard)


async def _phase(source: Source, events: int, *, watched: bool) -> tuple[float, int]:
    """(seconds of CPU, frames heard) while these events happened."""
    cpu, frames = source.process.cpu(), source.crowd.frames
    await source.events(events, watched=watched)
    return source.process.cpu() - cpu, source.crowd.frames - frames


@dataclass
class Ours:
    """The real server: Ken calls in the branch that is watched, or in one that a single program watches."""

    process: Process
    crowd: Crowd
    watched: Agent
    quiet: Agent
    name: str = "ours"
    alone: list[float] = field(default_factory=list)
    _at_the_counter: dict[Agent, Told] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of the newest frame."""
        return len(self.crowd.phones[-1].frame)

    async def events(self, count: int, *, watched: bool) -> None:
        agent = self.watched if watched else self.quiet
        pace = max(PACE_SECONDS, PACE_PER_SOCKET * len(self.crowd.phones))
        for _ in range(count):
            began = perf_counter()
            version = await self._event(agent)
            audience = self.crowd.audience(agent.branch.id)
            audience.expect(version)
            if not await audience.heard(PATIENCE):
                raise TimeoutError(f"{audience.left} sockets did not hear of version {version}")
            await asyncio.sleep(max(0.0, began + pace - perf_counter()))
        await self.crowd.quiet()

    async def _event(self, agent: Agent) -> int:
        """The version after it."""
        if agent in self._at_the_counter:
            done = await agent.puts_back(self._at_the_counter.pop(agent))
        else:
            done = self._at_the_counter[agent] = await agent.calls()
        return int(done["version"])


@dataclass
class Theirs:
    """An anchor, sending frames of our size to its sockets or to one."""

    anchor: Anchor
    crowd: Crowd
    ours: Ours
    alone: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.anchor.name

    @property
    def process(self) -> Process:
        return self.anchor.process

    async def events(self, count: int, *, watched: bool) -> None:
        group = GROUP if watched else LONE
        audience = self.crowd.audience(group)
        for _ in range(count):
            version = await self.anchor.send(group, self.ours.size)
            audience.expect(version)
            if not await audience.heard(PATIENCE):
                raise TimeoutError(f"{audience.left} sockets did not hear of version {version}")


async def _ours(here: Town, stack: AsyncExitStack, branch: str, sockets: int) -> Ours:
    crowd = Crowd(here.port)
    stack.push_async_callback(crowd.hang_up)
    watched, quiet = here.branches[branch], here.branches[_quiet(branch)]
    connection = Connection(here.port)
    stack.callback(connection.close)
    ours = Ours(here.process, crowd, Agent(connection, watched), Agent(connection, quiet))
    for agent in (ours.watched, ours.quiet):
        await agent.takes_the_counter()
        await agent.frees_the_counter()
        for _ in range(CALLED):
            await agent.misses(await agent.calls())
    await crowd.arrive(here.watchers(crowd, quiet, 1) + _sockets(here, crowd, branch, sockets))
    await ours.events(WARM_UP, watched=True)
    await ours.events(WARM_UP, watched=False)
    return ours


def _quiet(branch: str) -> str:
    """The branch beside it that one program watches."""
    return f"quiet-{branch}"


def _sockets(here: Town, crowd: Crowd, branch: str, sockets: int) -> list[Phone]:
    watched = here.branches[branch]
    if branch == "watched":
        return here.watchers(crowd, watched, sockets)
    return [here.phone(crowd, watched, ticket) for ticket in watched.tickets[-sockets:]]


async def _theirs(anchor: Anchor, stack: AsyncExitStack, sockets: int, ours: Ours) -> Theirs:
    crowd = Crowd(anchor.port)
    stack.push_async_callback(crowd.hang_up)
    await crowd.arrive([_socket(anchor, crowd, LONE, 0), *(_socket(anchor, crowd, GROUP, n) for n in range(sockets))])
    theirs = Theirs(anchor, crowd, ours)
    await theirs.events(2, watched=True)
    await theirs.events(2, watched=False)
    return theirs


def _socket(anchor: Anchor, crowd: Crowd, group: str, number: int) -> Phone:
    return Phone(handshake(f"127.0.0.1:{anchor.port}", group, {}), crowd.audience(group), f"socket {number}")
