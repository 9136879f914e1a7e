"""How an anchor is told to send: one line in on a second port, one line back when everything was handed over."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

HOST = "127.0.0.1"
SMALLEST = 64  # bytes: what is no longer is taken for a heartbeat by the phones


@dataclass
class Newest:
    """What an anchor says last, like ours: an epoch, a version, and as many bytes as ours has."""

    epoch: int
    version: int = 1
    size: int = 160

    def text(self) -> str:
        head = f'{{"e":{self.epoch},"v":{self.version},"pad":"'
        return head + "x" * (max(self.size, SMALLEST) - len(head) - 2) + '"}'


Send = Callable[[str, str], Awaitable[None]]
"""(text, group) → when every socket of the group was given it."""


@dataclass(frozen=True)
class Orders:
    """What the command line says: where to listen for sockets and for orders, and the epoch."""

    port: int
    control: int
    epoch: int


def orders() -> Orders:
    port, control, epoch = map(int, sys.argv[1:4])
    return Orders(port, control, epoch)


async def obey(port: int, newest: Newest, send: Send) -> None:
    """Each line "group size" makes a new version for that group's sockets; it is answered with the version."""

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            group, size = line.decode().split()
            newest.version, newest.size = newest.version + 1, int(size)
            await send(newest.text(), group)
            writer.write(b"%d\n" % newest.version)
        writer.close()

    await asyncio.start_server(hear, HOST, port)
