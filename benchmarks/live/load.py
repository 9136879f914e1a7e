"""One run: phones connect, agents work, and every phone is looked at."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from rich.progress import Progress

from benchmarks.live.check import faults
from benchmarks.live.drive import Drive
from benchmarks.live.plants import PLANTS
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.phone import Phone
from benchmarks.town import Town


@dataclass(frozen=True)
class Load:
    """What is asked for; `patience`: seconds after the last event in which every phone must have heard of it."""

    phones: int = 1000
    branches: int = 10
    events: int = 200
    seconds: float = 120.0
    at_once: int = 4
    seed: int = 1
    plants: Sequence[str] = ()
    patience: float = 15.0  # a heartbeat brings the newest version within 10 s


async def loaded(load: Load, here: Town, progress: Progress) -> dict[str, Any]:
    """Everything that was asked for on this town's server; `faults` has a sentence for each phone that is not right."""
    crowd = Crowd(here.port, returning=True)
    try:
        began = perf_counter()
        phones = _phones(here, crowd, load.plants)
        await crowd.arrive(phones, each=progress.track(phones, description="Phones connect"))
        connected = perf_counter() - began
        drive, took = await _driven(load, here, crowd, progress)
        found = await _checked(load, drive, crowd)
        return {
            "phones": len(crowd.phones), "branches": load.branches, "events": dict(drive.happened),
            "frames": crowd.frames, "connecting_seconds": round(connected, 2), "event_seconds": round(took, 2),
            "server_cpu_seconds": round(here.process.cpu(), 2), "faults": found,
        }  # fmt: skip
    finally:
        await crowd.hang_up()


async def _driven(load: Load, here: Town, crowd: Crowd, progress: Progress) -> tuple[Drive, float]:
    bar = progress.add_task("Events", total=load.events)
    drive = Drive(here, crowd, load.seed, lambda: progress.advance(bar))
    began = perf_counter()
    await drive.run(load.events, load.seconds, load.at_once)
    return drive, perf_counter() - began


async def _checked(load: Load, drive: Drive, crowd: Crowd) -> list[str]:
    """After every phone has heard of its branch's last action, or should have."""
    for agent in drive.agents:
        crowd.audience(agent.branch.id).expect(agent.version)
    await asyncio.gather(*(crowd.audience(agent.branch.id).heard(load.patience) for agent in drive.agents))
    await crowd.quiet()
    found = [fault for agent in drive.agents for fault in await faults(agent, crowd)]
    drive.close()
    return found + crowd.complaints + [f"{whose} was told {code}" for whose, code in crowd.turned_away]


def _phones(here: Town, crowd: Crowd, plants: Sequence[str]) -> list[Phone]:
    """One for everybody who waits; a planted one is the last of a queue, which stays in it longest."""
    planted = {}
    branches = list(here.branches.values())
    for n, plant in enumerate(plants):
        branch = branches[n % len(branches)]
        planted[branch.tickets[-1 - n // len(branches)]] = PLANTS[plant]
    return [
        here.phone(crowd, branch, ticket, planted.get(ticket, Phone))
        for branch in branches
        for ticket in branch.tickets
    ]
