"""The first minutes of an installation: the demo branch, and the one-time links that let its people in."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from server.actions import letting_in, proving
from server.actions.arranging import access, from_file, to_file
from server.branch_file import BranchFile, read
from server.bus import Bus, InProcessBus
from server.chance import new_id, new_token
from server.db import Database
from server.domain.branch import Branch
from server.domain.people import SYSTEM, Installation
from server.engines import in_turn, reading_engine
from server.queries import branches, people

DEMO = Path(__file__).parent / "demo" / "examples" / "harbour.toml"
T = TypeVar("T")
FIRST_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # seconds since then fit into 31 bits until 2094
CHANCE = from_file.Chance(new_id, new_token)


@dataclass(frozen=True, slots=True)
class Door:
    """A way in not used yet. kind: setup, kiosk, lobby or console; `path` carries its token in the fragment."""

    kind: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """`doors` not used yet, and (branch, device) of the kiosk whose code the terminal may show."""

    doors: list[Door]
    kiosk: tuple[str, str] | None


async def set_up(db: Database, file: BranchFile) -> dict[str, Any]:
    """Create or update the branch of a file; see arranging.from_file.apply."""
    await db.act(None, None, partial(from_file.create, by=SYSTEM, section=file.branch))
    answer: dict[str, Any] = await db.act(
        file.branch.id, None, partial(from_file.apply, by=SYSTEM, file=file, chance=CHANCE)
    )
    return answer


def set_up_now(url: str, file: BranchFile, base: str, bus: Bus | None = None) -> dict[str, Any]:
    """`set_up`, by itself, for the command line; links are whole addresses below `base`. `bus`: whom to tell of it."""

    async def begin(db: Database) -> dict[str, Any]:
        await db.act(None, None, _installation)
        answer = await set_up(db, file)
        for person in answer["people"]:
            person["link"] = base + link_path("staff", person["link"]) if person["link"] else None
        for device in answer["devices"]:
            device["link"] = base + link_path("device", device["link"]) if device["link"] else None
        return answer

    return _alone(url, begin, bus or InProcessBus())


def let_in_now(url: str, name: str, bus: Bus | None = None) -> Door:
    """A way in for somebody who works here, whatever they have lost; NotFound when nobody alone is called that."""
    token = new_token()

    async def begin(db: Database) -> Door:
        answer = await db.act(None, None, partial(proving.let_in, name=name, token=token))
        return Door("console", answer["name"], link_path("staff", token))

    return _alone(url, begin, bus or InProcessBus())


def begin_epoch_now(url: str) -> int:
    """Begin a new life of the installation, after another program brought a copy of its database back; its number."""

    async def begin(db: Database) -> int:
        answer = await db.act(None, None, _next_epoch)
        return int(answer["epoch"])

    return _alone(url, begin, InProcessBus())


def branch_file_now(url: str, branch_id: str) -> BranchFile:
    """The branch as its file would say it, read beside whoever serves it. NotFound; Conflict: see to_file."""
    engine = reading_engine(url, 1)
    try:
        with Session(engine) as session:
            return to_file.file_of(session, branch_id)
    finally:
        engine.dispose()


def prepare(url: str) -> Beginning:
    """Make the demo branch when there is none; what the terminal shows then."""

    async def begin(db: Database) -> Beginning:
        await db.act(None, None, _installation)
        if not await db.ask(branches.all_branches):
            await set_up(db, read(DEMO).always_open())
        found: list[Door] = []
        if not await db.ask(people.anybody_admin):
            token = new_token()
            await db.act(None, None, partial(letting_in.make_setup_link, token=token))
            found.append(Door("setup", "", link_path("staff", token)))
        known = await db.ask(branches.all_branches)
        for branch in known[:1] if len(known) == 1 else []:
            found += await db.act(branch.id, None, _doors)
        return Beginning(found, await db.ask(_first_kiosk))

    return _alone(url, begin, InProcessBus())


def link_path(purpose: str, token: str) -> str:
    """Where a one-time link leads; the token stands in the fragment, which no server and no log ever sees."""
    return f"/pair#{token}" if purpose == "device" else f"/staff/enter#{token}"


def _doors(session: Session, branch: Branch, now: datetime) -> list[Door]:
    doors = []
    for device in people.devices(session, branch.id):
        if device.paired_at is None and device.revoked_at is None:
            token = access.new_link(session, now, "device", device.id, new_token(), instead=False)
            doors.append(Door(device.kind, device.name, link_path("device", token)))
    for member, _ in people.staff_of(session, branch.id):
        if not people.has_signed_in(session, member.id):
            token = access.new_link(session, now, "staff", member.id, new_token(), instead=False)
            doors.append(Door("console", member.name, link_path("staff", token)))
    return doors


def _first_kiosk(session: Session) -> tuple[str, str] | None:
    for branch in branches.all_branches(session):
        for device in people.devices(session, branch.id):
            if device.kind == "kiosk" and device.revoked_at is None:
                return branch.id, device.id
    return None


def _installation(session: Session, _: None, now: datetime) -> dict[str, Any]:
    if session.get(Installation, 1) is None:
        session.add(Installation(id=1, epoch=1, created_at=now))
    return {}


def _next_epoch(session: Session, _: None, now: datetime) -> dict[str, Any]:
    """Larger than any that screens may know: a copy does not say what came after it, so the clock does."""
    installation = session.get(Installation, 1) or Installation(id=1, epoch=0, created_at=now)
    session.add(installation)
    installation.epoch = max(installation.epoch + 1, int((now - FIRST_EPOCH).total_seconds()))
    return {"epoch": installation.epoch}


def _alone(url: str, do: Callable[[Database], Coroutine[Any, Any, T]], bus: Bus) -> T:
    """Run with a database of our own, before, beside or without a server."""
    db = Database(url, bus)

    async def told() -> T:
        await bus.start()
        try:
            return await do(db)
        finally:
            await bus.stop()

    try:
        with in_turn(url, "first start"):
            return asyncio.run(told())
    finally:
        db.close()
