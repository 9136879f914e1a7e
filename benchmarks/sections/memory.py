"""Memory per phone: what the server grows by when a phone connects and is sent frames.

Resident memory, from the system, before and after the phones come, with every branch's board read beforehand: the
tickets are there whether anybody watches or not, and are told in a row of their own. After the phones have come, each
branch calls a few times, so that what a socket needs to send is in it. Each round is a fresh process.
"""

from statistics import median

from rich.progress import track

from benchmarks.agent import Agent
from benchmarks.http import Connection
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.files import allow_files
from benchmarks.report import Report, spread
from benchmarks.scale import often
from benchmarks.town import Town, founded, numbered

PHONES, BRANCHES, ROUNDS, CALLS = 2000, 20, 5, 3
AT_MOST = 40.0  # KiB per phone
KIB = 1024


async def run() -> bool:
    """Print the table; whether a phone stays below its limit."""
    phones = often(PHONES, 10_000, least=400)
    allow_files(phones + 500)
    tickets, sockets = [], []
    async with founded(numbered(BRANCHES, phones)) as here:
        for _ in track(range(ROUNDS), "Rounds", transient=True):
            empty, read, connected = await _grown(here)
            tickets.append((read - empty) / phones / KIB)
            sockets.append((connected - read) / phones / KIB)
    report = Report(f"Memory, {phones} phones, {ROUNDS} rounds", "per", "KiB", ratio="KiB")
    report.row("ticket on a board", spread(tickets))
    report.row("phone connected", spread(sockets), ratio=median(sockets), at_most=AT_MOST)
    return report.say()


async def _grown(here: Town) -> tuple[int, int, int]:
    """Bytes of a fresh server: empty, with every board read, with every phone connected."""
    crowd = Crowd(here.port)
    try:
        await here.process.start()
        await here.ready()
        empty = here.process.memory()
        connection = Connection(here.port)
        for branch in here.branches.values():
            await connection.ask("GET", f"/api/v1/branches/{branch.id}", None)
        read = here.process.memory()
        await crowd.arrive([phone for branch in here.branches.values() for phone in here.phones(crowd, branch)])
        await _call_a_few(here, connection)
        await crowd.quiet()
        connected = here.process.memory()
        connection.close()
    finally:
        await crowd.hang_up()
        await here.process.stop()
    return empty, read, connected


async def _call_a_few(here: Town, connection: Connection) -> None:
    for branch in here.branches.values():
        agent = Agent(connection, branch)
        await agent.takes_the_counter()
        for _ in range(CALLS):
            await agent.misses(await agent.calls())
