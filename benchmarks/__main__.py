"""Call next and join over HTTP beside a bare endpoint, and durable joins beside bare inserts: `make bench`."""

import asyncio
import os
import uuid
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.bare import autocommit_inserts
from benchmarks.http import Connection
from benchmarks.town import Town, town

BRANCHES = 50
PHONES = 1000
EVERY_SECONDS = 0.25
ROUNDS = {"full": 2000}.get(os.environ.get("SCALE", ""), 120)
CLIENTS = 32  # at once, for joins per second
BATCHES = 5  # of joins and of bare inserts, in turn
CALL_AT_MOST, JOIN_AT_MOST = 5.0, 4.0  # × the bare endpoint's p50
out = Console()


async def main() -> int:
    """Print the tables; 1 when a ratio is missed."""
    async with town(BRANCHES) as here:
        rates = await joins_per_second(here)
        with out.status(f"{PHONES} phones connect …"):
            await here.listen()
        times = await interleaved(here)
        frames = here.frames
        await here.hang_up()
    return report(times, rates, frames)


async def joins_per_second(here: Town) -> tuple[list[float], list[float]]:
    """Durable joins over HTTP, and bare autocommit inserts on the same disk, batch by batch."""
    ours, bare = [], []
    codes = await _codes(here)
    for batch in track(range(BATCHES), "Joins", transient=True):
        count = PHONES // BATCHES
        wanted = [(here.branches[n % BRANCHES], codes[n % BRANCHES]) for n in range(count)]
        began = perf_counter()
        here.tickets += await _join_all(here, wanted)
        ours.append(count / (perf_counter() - began))
        began = perf_counter()
        await asyncio.to_thread(_insert, here.folder / f"inserts{batch}.sqlite3", count)
        bare.append(count / (perf_counter() - began))
    return ours, bare


async def interleaved(here: Town) -> dict[str, list[float]]:
    """Every 250 ms a bare row and a call, and half-way to the next a join in another branch; seconds of each."""
    ours, bare = Connection(here.port), Connection(here.bare_port)
    for branch in here.branches:
        await ours.ask("POST", f"/api/v1/counters/{branch['counters'][0]['id']}/duty", {}, here.key(branch))
    times: dict[str, list[float]] = {"bare": [], "call": [], "join": []}
    for number in track(range(ROUNDS), "Calls", transient=True):
        began = perf_counter()
        branch, other = here.branches[number % BRANCHES], here.branches[(number + BRANCHES // 2) % BRANCHES]
        code = await here.code(ours, other)
        times["bare"].append(await _timed(bare.ask("POST", "/rows", {"said": f"row {number}"})))
        calls = f"/api/v1/counters/{branch['counters'][0]['id']}/calls"
        headers = {**here.key(branch), "Idempotency-Key": uuid.uuid4().hex}
        asked = asyncio.ensure_future(ours.ask("POST", calls, {}, headers))
        times["call"].append(await _timed(asked))
        await _until(began + EVERY_SECONDS / 2)
        times["join"].append(await _timed(_join(ours, other, code)))
        called = asked.result()
        await ours.ask("POST", f"/api/v1/tickets/{called['id']}/miss", {}, here.key(branch))
        await _until(began + EVERY_SECONDS)
    ours.close()
    bare.close()
    return times


def report(times: dict[str, list[float]], rates: tuple[list[float], list[float]], frames: int) -> int:
    """The figures, and whether they reach what was set."""
    anchor = median(times["bare"])
    table = Table("", "p50 ms", "p99 ms", "× bare p50", "at most", title=f"{PHONES} phones, {BRANCHES} branches")
    met = True
    for name, limit in (("bare", None), ("call", CALL_AT_MOST), ("join", JOIN_AT_MOST)):
        p50, p99 = median(times[name]), quantiles(times[name], n=100)[98]
        met = met and (limit is None or p50 / anchor <= limit)
        most = f"{limit:.1f}" if limit else ""
        table.add_row(name, f"{p50 * 1000:.2f}", f"{p99 * 1000:.2f}", f"{p50 / anchor:.2f}", most)
    out.print(table)
    ours, bare = median(rates[0]), median(rates[1])
    out.print(f"durable joins over HTTP {ours:.0f}/s, bare autocommit inserts {bare:.0f}/s: ratio {ours / bare:.3f}")
    out.print(f"frames to phones meanwhile: {frames}")
    out.print("every ratio is within its limit" if met else "a ratio is over its limit")
    return 0 if met else 1


async def _codes(here: Town) -> list[str]:
    connection = Connection(here.port)
    codes = [await here.code(connection, branch) for branch in here.branches]
    connection.close()
    return codes


async def _join_all(here: Town, wanted: list[tuple[dict[str, Any], str]]) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []

    async def client() -> None:
        connection = Connection(here.port)
        while wanted:
            branch, code = wanted.pop()
            joined.append(await _join(connection, branch, code))
        connection.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return joined


async def _join(connection: Connection, branch: dict[str, Any], code: str) -> dict[str, Any]:
    path = f"/api/v1/branches/{branch['branch']['id']}/tickets"
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    return dict(await connection.ask("POST", path, {"service": "new-passport", "presence": code}, headers))


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - perf_counter()))


async def _timed(doing: Any) -> float:
    began = perf_counter()
    await doing
    return perf_counter() - began


def _insert(file: Path, count: int) -> None:
    autocommit_inserts(str(file), count).close()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
