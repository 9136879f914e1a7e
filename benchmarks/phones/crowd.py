"""Phones that come, stay, and come back as the page's own script does."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic, perf_counter

from benchmarks.phones.audience import Audience
from benchmarks.phones.phone import Phone

HOST = "127.0.0.1"
AT_ONCE = 128  # handshakes under way while the crowd arrives
FIRST, LATER, PATIENCE = 5.0, 6.0, 6.0  # seconds, as in server/web/static/live.js
DO_NOT_RETURN = 4000  # close codes from here on
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
ARRIVAL_SECONDS = 120.0
QUIET_SECONDS = 10.0


class Crowd:
    """Phones of one server. `returning`: who is cut off comes back by itself."""

    def __init__(self, port: int, *, returning: bool = False, per_address: int = 0) -> None:
        self.port, self.returning = port, returning
        self.phones: list[Phone] = []
        self.audiences: dict[str, Audience] = {}
        self.turned_away: list[tuple[str, int]] = []  # (whose phone, code) of those told not to come back
        self._per_address = per_address or _half_of_the_ports()
        self._addresses: dict[Phone, tuple[str, int] | None] = {}
        self._knocked: dict[Phone, float] = {}  # when those who are cut off knocked last
        self._arriving: dict[Phone, asyncio.Future[None]] = {}
        self._knocking: set[asyncio.Task[None]] = set()
        self._random = random.Random(self.port)
        self._over, self._leaving, self._gone = False, 0, asyncio.Event()

    @property
    def frames(self) -> int:
        return sum(audience.frames for audience in self.audiences.values())

    @property
    def connected(self) -> int:
        return sum(1 for phone in self.phones if phone.is_open)

    @property
    def complaints(self) -> list[str]:
        return [complaint for audience in self.audiences.values() for complaint in audience.complaints]

    def audience(self, name: str) -> Audience:
        if name not in self.audiences:
            self.audiences[name] = Audience(name)
        return self.audiences[name]

    async def arrive(self, phones: Sequence[Phone], *, each: "Iterable[Phone] | None" = None) -> None:
        """Connect all, and wait until each has its first frame. `each`: the same phones, counted by a progress bar."""
        for phone in phones:
            phone.on_opened, phone.on_closed = self._opened, self._closed
            self._addresses[phone] = self._address(len(self.phones))
            self.phones.append(phone)
        audiences = {phone.audience for phone in phones}
        for audience in audiences:
            audience.expect(0)
        line = iter(each if each is not None else phones)
        async with asyncio.timeout(ARRIVAL_SECONDS):
            async with asyncio.TaskGroup() as ushers:
                for _ in range(min(AT_ONCE, len(phones))):
                    ushers.create_task(self._usher(line))
            for audience in audiences:
                await audience.heard(ARRIVAL_SECONDS)

    async def hang_up(self) -> None:
        """Everybody goes, and nobody comes back."""
        self._over = True
        for task in self._knocking:
            task.cancel()
        leaving = [phone.transport for phone in self.phones if phone.transport is not None]
        self._leaving = len(leaving)
        for transport in leaving:
            transport.abort()
        if leaving:
            await self._gone.wait()

    async def quiet(self, seconds: float = 0.1, *, after: tuple[Audience, int] | None = None) -> None:
        """Until nobody has heard anything for so long. `after`: not before somebody there has heard of that version."""
        frames, until = -1, monotonic() + QUIET_SECONDS
        while frames != self.frames or (after and after[0].newest < after[1] and monotonic() < until):
            frames = self.frames
            await asyncio.sleep(seconds)

    async def _usher(self, line: "Iterable[Phone]") -> None:
        """One after another through one door of many."""
        loop = asyncio.get_running_loop()
        for phone in line:
            let_in = self._arriving[phone] = loop.create_future()
            await self._connect(phone)
            await let_in

    async def _connect(self, phone: Phone) -> None:
        await asyncio.get_running_loop().create_connection(
            lambda: phone, HOST, self.port, local_addr=self._addresses[phone]
        )

    def _address(self, place: int) -> tuple[str, int] | None:
        """Whence the phone at this place connects: one address has ports for so many only."""
        block = place // self._per_address
        return (f"127.0.0.{block + 1}", 0) if block else None

    def _opened(self, phone: Phone) -> None:
        self._knocked.pop(phone, None)
        if (arriving := self._arriving.pop(phone, None)) is not None and not arriving.done():
            arriving.set_result(None)

    def _closed(self, phone: Phone, code: int) -> None:
        if (arriving := self._arriving.pop(phone, None)) is not None and not arriving.done():
            arriving.set_exception(ConnectionError(f"{phone.subject} was refused: {code}"))
        if self._over:
            self._leaving -= 1
            if self._leaving == 0:
                self._gone.set()
            return
        if code >= DO_NOT_RETURN:
            self.turned_away.append((phone.subject, code))
            phone.audience.arrived(perf_counter())  # nobody need wait for this one
        elif self.returning:
            self._later(phone)

    def has_knocked(self, phone: Phone, at: float) -> None:
        """`at`: the loop's time."""
        self._knocked[phone] = at

    def _later(self, phone: Phone) -> None:
        """At a random moment, so that a thousand phones do not return at once; knocking in vain counts as waiting."""
        loop, knocked = asyncio.get_running_loop(), self._knocked.get(phone)
        at = loop.time() + self._random.random() * FIRST if knocked is None else knocked + self._random.random() * LATER
        loop.call_at(at, self._knock, phone)

    def _knock(self, phone: Phone) -> None:
        if self._over:
            return
        task = asyncio.get_running_loop().create_task(self._try(phone))
        self._knocking.add(task)
        task.add_done_callback(self._knocking.discard)

    async def _try(self, phone: Phone) -> None:
        """Knock; a handshake that is not answered in time is given up as a page gives it up."""
        self.has_knocked(phone, asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(PATIENCE):
                await self._connect(phone)
        except (OSError, TimeoutError):
            self._later(phone)
            return
        asyncio.get_running_loop().call_later(PATIENCE, _give_up, phone, phone.transport)


def _give_up(phone: Phone, transport: asyncio.Transport | None) -> None:
    """Unless it was let in meanwhile, or is another connection by now."""
    if transport is not None and phone.transport is transport and not phone.is_open:
        transport.abort()


def _half_of_the_ports() -> int:
    low, high = (int(port) for port in PORT_RANGE.read_text().split())
    return (high - low) // 2
