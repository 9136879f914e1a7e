"""Phones and screens without a browser: they come back as ours do, and remember what they were shown, and when."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.hands import Slip
from tests.running import Running

# Seconds; these are live.js's own.
SILENCE = 14.0
OPENING = 10.0
CONNECT = 6.0
FIRST = 5.0
LATER = 6.0
REVOKED = 4000


@dataclass(frozen=True, slots=True)
class Heard:
    """One message. `line`: the how-manieth connection it came on; `shows`: no heartbeat."""

    at: float
    line: int
    epoch: int
    version: int
    shows: bool
    said: Mapping[str, Any]


@dataclass
class Watcher:
    """`kind`: ticket, branch, lobby or console; `of`: the ticket's id."""

    kind: str
    path: str
    who: Mapping[str, str]
    port: int
    chance: Random
    of: str = ""
    heard: list[Heard] = field(default_factory=list)
    shown: list[Heard] = field(default_factory=list)
    """What of it was not older than what was there already."""
    lines: int = 0
    closes: list[int] = field(default_factory=list)
    """How each connection ended; 1006 when nobody said so."""
    ended: int | None = None
    """The code that told it not to come back."""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.of}".strip()

    def shows(self) -> Mapping[str, Any]:
        """What stands on it now; {} before the first word."""
        return self.shown[-1].said if self.shown else {}

    async def watch(self) -> None:
        """For as long as the watcher is looked at."""
        attempt = 1  # who was never let in is not cut off
        while self.ended is None:
            knocked = monotonic()
            with suppress(OSError, InvalidHandshake, InvalidMessage, TimeoutError):
                line = await connect(
                    f"ws://127.0.0.1:{self.port}{self.path}", additional_headers=self.who, proxy=None,
                    open_timeout=CONNECT, ping_interval=None, compression=None,
                )  # fmt: skip
                self.lines, attempt = self.lines + 1, 0
                try:
                    await self._listen(line)
                finally:
                    line.transport.abort()  # a page that goes says nothing, and waits for nothing
            # Knocking in vain counts as waiting; who was let in before waits its whole moment.
            within, waited = (LATER, monotonic() - knocked) if attempt else (FIRST, 0.0)
            await asyncio.sleep(max(self.chance.random() * within - waited, 0.0))
            attempt += 1

    async def _listen(self, line: ClientConnection) -> None:
        opened = monotonic()
        while True:
            patience = max(self._last() + SILENCE, opened + OPENING) - monotonic()
            try:
                async with asyncio.timeout(patience):
                    self._take(json.loads(await line.recv()))
            except TimeoutError:
                return
            except ConnectionClosed:
                self.closes.append(line.close_code or 0)
                if self.closes[-1] >= REVOKED:
                    self.ended = self.closes[-1]
                return

    def _last(self) -> float:
        return self.heard[-1].at if self.heard else 0.0

    def _take(self, said: dict[str, Any]) -> None:
        shows = not said.keys() <= {"e", "v", "at"}
        heard = Heard(monotonic(), self.lines, said["e"], said["v"], shows, said)
        self.heard.append(heard)
        newest = self.shown[-1] if self.shown else None
        if shows and (newest is None or (heard.epoch, heard.version) >= (newest.epoch, newest.version)):
            self.shown.append(heard)


def phones(slips: Iterable[Slip], port: int) -> list[Watcher]:
    """Each of them with its ticket in its hand, at the server or at a proxy before it."""
    return [
        Watcher(
            "ticket", f"/api/v1/live/tickets/{slip.id}", {"Authorization": f"Ticket {slip.secret}"}, port,
            Random(slip.id), slip.id,
        )
        for slip in slips
    ]  # fmt: skip


def screens(server: Running, port: int) -> list[Watcher]:
    """The lobby's, Ken's at counter 1, and a program's."""
    wall, ken = server.as_device("Wall"), server.as_staff("Ken")
    return [
        Watcher("lobby", "/live/lobby", wall, port, Random(f"lobby {port}")),
        Watcher("console", f"/live/counters/{server.counter('1')}", ken, port, Random(f"console {port}")),
        Watcher("branch", f"/api/v1/live/branches/{server.branch}", wall, port, Random(f"branch {port}")),
    ]


@asynccontextmanager
async def watching(watchers: Iterable[Watcher]) -> AsyncIterator[list[Watcher]]:
    """All of them, until the end of the block."""
    everybody = list(watchers)
    tasks = [asyncio.create_task(watcher.watch()) for watcher in everybody]
    try:
        yield everybody
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:  # a watcher that could not go on is a fault of this test
        if not task.cancelled():
            task.result()
