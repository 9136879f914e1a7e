"""Call next and join over HTTP beside a bare endpoint, one by one and as many as it takes.

Every 250 ms a bare row and a call, and half-way to the next a join in another branch, while 1,000 phones listen. The
bare endpoint is FastAPI committing one row to SQLite with synchronous=FULL: what any durable answer costs here.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.bare import autocommit_inserts
from benchmarks.http import Connection, free_port
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.process import Process, running
from benchmarks.report import MILLI, Report, note, p99
from benchmarks.scale import often
from benchmarks.town import Branch, Town, numbered, town
from benchmarks.waiting import SERVICE

BRANCHES = 50
PHONES = 1000
EVERY_SECONDS = 0.25
CLIENTS = 32  # at once, for joins per second
BATCHES = 5  # of joins and of bare inserts, in turn
CALL_AT_MOST, JOIN_AT_MOST = 5.0, 4.0  # × the bare endpoint's p50


@dataclass
class Rates:
    """Per second, batch by batch."""

    joins: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    inserts: list[float] = field(default_factory=list)


async def run() -> bool:
    """Print the table; whether every limit was kept."""
    rounds, phones = often(120, 2000, least=10), often(PHONES, PHONES, least=BATCHES * CLIENTS)
    allow_files(phones + 500)
    async with town(numbered(BRANCHES, 0)) as here:
        port = free_port()
        command = ["-m", "benchmarks.bare", str(here.folder / "bare.sqlite3"), str(port)]
        bare = Process(command, port, here.folder / "bare.log")
        async with running(bare):
            rates = await _joins_per_second(here, bare, phones)
            crowd = Crowd(here.port)
            await crowd.arrive([phone for branch in here.branches.values() for phone in here.phones(crowd, branch)])
            times = await _interleaved(here, bare, rounds)
            frames = crowd.frames
            await crowd.hang_up()
    return _report(times, rates, phones, frames)


async def _joins_per_second(here: Town, bare: Process, phones: int) -> Rates:
    """Durable joins over HTTP, rows of the bare endpoint, and autocommit inserts on the same disk, batch by batch."""
    rates = Rates()
    branches = list(here.branches.values())
    for batch in track(range(BATCHES), "Joins", transient=True):
        count = phones // BATCHES
        codes = await _codes(here)  # new each time: they are good for a minute and a half
        wanted = [(branches[n % BRANCHES], codes[n % BRANCHES]) for n in range(count)]
        began = perf_counter()
        await _join_all(here, wanted)
        rates.joins.append(count / (perf_counter() - began))
        began = perf_counter()
        await _post_all(bare.port, count)
        rates.rows.append(count / (perf_counter() - began))
        began = perf_counter()
        await asyncio.to_thread(_insert, here.folder / f"inserts{batch}.sqlite3", count)
        rates.inserts.append(count / (perf_counter() - began))
    return rates


async def _interleaved(here: Town, bare: Process, rounds: int) -> dict[str, list[float]]:
    """Seconds of each: a bare row, a call, a join."""
    ours, rows = Connection(here.port), Connection(bare.port)
    agents = [Agent(ours, branch) for branch in here.branches.values()]
    joiner = Connection(here.port)
    for agent in agents:
        await agent.takes_the_counter()
    times: dict[str, list[float]] = {"bare": [], "call": [], "join": []}
    for number in track(range(rounds), "Calls", transient=True):
        began = perf_counter()
        agent, other = agents[number % BRANCHES], agents[(number + BRANCHES // 2) % BRANCHES].branch
        code = await _code(ours, other)
        times["bare"].append(await _timed(rows.ask("POST", "/rows", {"said": f"row {number}"})))
        called = asyncio.ensure_future(agent.calls())
        times["call"].append(await _timed(called))
        await _until(began + EVERY_SECONDS / 2)
        times["join"].append(await _timed(_join(joiner, other, code)))
        await agent.misses(called.result())
        await _until(began + EVERY_SECONDS)
    for connection in (ours, joiner, rows):
        connection.close()
    return times


def _report(times: dict[str, list[float]], rates: Rates, phones: int, frames: int) -> bool:
    anchor = median(times["bare"])
    report = Report(f"Calls and joins: {phones} phones, {BRANCHES} branches", "", "p50 ms", "p99 ms")
    for name, limit in (("bare endpoint", None), ("call", CALL_AT_MOST), ("join", JOIN_AT_MOST)):
        measured = times[name.split()[0]]
        p50 = median(measured)
        report.row(name, f"{p50 * MILLI:.2f}", f"{p99(measured) * MILLI:.2f}", ratio=p50 / anchor, at_most=limit)
    joins, rows, inserts = median(rates.joins), median(rates.rows), median(rates.inserts)
    met = report.say()
    note(f"{CLIENTS} clients: durable joins {joins:.0f}/s, {joins / rows:.2f} × the bare endpoint's {rows:.0f}/s")
    note(f"autocommit inserts without HTTP: {inserts:.0f}/s")
    note(f"frames to phones meanwhile: {frames}")
    return met


async def _codes(here: Town) -> list[str]:
    connection = Connection(here.port)
    codes = [await _code(connection, branch) for branch in here.branches.values()]
    connection.close()
    return codes


async def _code(connection: Connection, branch: Branch) -> str:
    """What the screen at the door shows now."""
    answer = await connection.ask("GET", f"/api/v1/branches/{branch.id}/presence", None, branch.as_device("Door"))
    return str(answer["code"])


async def _join_all(here: Town, wanted: list[tuple[Branch, str]]) -> None:
    async def client() -> None:
        connection = Connection(here.port)
        while wanted:
            branch, code = wanted.pop()
            branch.tickets.append((await _join(connection, branch, code))["id"])
        connection.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def _post_all(port: int, count: int) -> None:
    left = iter(range(count))

    async def client() -> None:
        connection = Connection(port)
        for number in left:
            await connection.ask("POST", "/rows", {"said": f"row {number}"})
        connection.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def _join(connection: Connection, branch: Branch, code: str) -> dict[str, Any]:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    asked = {"service": SERVICE, "presence": code}
    return dict(await connection.ask("POST", f"/api/v1/branches/{branch.id}/tickets", asked, headers))


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - perf_counter()))


async def _timed(doing: Any) -> float:
    began = perf_counter()
    await doing
    return perf_counter() - began


def _insert(file: Path, count: int) -> None:
    autocommit_inserts(str(file), count).close()
