"""Phones by the thousand on the real server, events through its API, and then: does every phone show the truth?

    python -m benchmarks.live --phones 10000 --branches 100 --events 1000

Starts a server of its own in a temporary folder, and ends with 1 when any phone shows what is not so.
"""

import json
from functools import partial
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.live.load import Load, loaded
from benchmarks.live.plants import PLANTS
from benchmarks.loop import run
from benchmarks.phones.files import allow_files
from benchmarks.report import note, out
from benchmarks.town import Setting, numbered, town

MOST_PHONES, MOST_BRANCHES, MOST_EVENTS, MOST_SECONDS, MOST_AT_ONCE = 20_000, 500, 100_000, 3600, 64
OTHER_FILES = 300  # what is open besides the phones
FAULTS_SHOWN = 20


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def live(
    phones: Annotated[int, typer.Option(min=1, max=MOST_PHONES)] = 1000,
    branches: Annotated[int, typer.Option(min=1, max=MOST_BRANCHES, help="1: one queue.")] = 10,
    events: Annotated[int, typer.Option(min=0, max=MOST_EVENTS, help="Calls, finishes, misses and joins.")] = 200,
    seconds: Annotated[float, typer.Option(min=1, max=MOST_SECONDS, help="At most, for the events.")] = 120,
    at_once: Annotated[int, typer.Option(min=1, max=MOST_AT_ONCE, help="Agents who act at the same time.")] = 4,
    patience: Annotated[
        float, typer.Option(min=1, max=60, help="Seconds until every phone must know of the end.")
    ] = 15,
    seed: Annotated[int, typer.Option(help="Of what happens in which order.")] = 1,
    plant: Annotated[list[str] | None, typer.Option(help="A defect in one phone: drop, alter or back.")] = None,
    postgres: Annotated[str, typer.Option(help="A PostgreSQL server: a database is created there, and dropped.")] = "",
    redis: Annotated[str, typer.Option(help="A Redis server, for several processes.")] = "",
    workers: Annotated[int, typer.Option(min=1, max=16, help="Processes; more than one needs both.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Say the result as JSON.")] = False,
) -> None:
    """Connect, drive, and compare the last frame of every phone with what the server tells of its ticket."""
    plants = plant or []
    if unknown := set(plants) - PLANTS.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(PLANTS)}")
    fit = allow_files(phones + OTHER_FILES) - OTHER_FILES
    if fit < phones:
        note(f"{fit} phones instead of {phones}: the system allows no more open files")
    load = Load(min(fit, phones), branches, events, seconds, at_once, seed, plants, patience)
    result = run(partial(_served, load, Setting(postgres, redis, workers), quiet=as_json))
    _say(result, as_json)
    raise typer.Exit(1 if result["faults"] else 0)


async def _served(load: Load, setting: Setting, *, quiet: bool) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=quiet) as progress:
        async with town(numbered(load.branches, load.phones), setting) as here:
            return await loaded(load, here, progress)


def _say(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for what, value in result.items():
        if what != "faults":
            note(f"{what.replace('_', ' ')}: {value}")
    for fault in result["faults"][:FAULTS_SHOWN]:
        note(f"untrue: {fault}")
    note(f"{len(result['faults'])} untrue" if result["faults"] else "every phone shows what is so")


if __name__ == "__main__":
    command()
