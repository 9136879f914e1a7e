"""An anchor as a benchmark holds it: its process, and the line it is told to send on."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from time import time

from benchmarks.http import free_port
from benchmarks.process import Process

KINDS: Mapping[str, str] = {
    "minimal": "(a) minimal uvloop",
    "stock": "(b) uvicorn, send_text",
    "library": "(c) websockets, broadcast()",
}


class Anchor:
    """One of KINDS. Its sockets are grouped by the path they connect to."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.name = KINDS[kind]
        self.port, self._control = free_port(), free_port()
        self._kind = kind
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.process = Process(self._command(), self.port, folder / f"{kind}.log")

    async def send(self, group: str, size: int) -> int:
        """One text of `size` bytes to every socket of the group; its version, when all was handed to the system."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._control)
        reader, writer = self._streams
        writer.write(f"{group} {size}\n".encode())
        return int(await reader.readline())

    async def kill(self) -> None:
        await self.process.kill()
        self.forget()

    async def restart(self) -> None:
        """On the same port, in a new epoch, as a server that remembers nothing."""
        self.process.command = self._command()
        await self.process.start()

    def forget(self) -> None:
        """Let go of the line to a process that has ended."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _command(self) -> list[str]:
        return ["-m", f"benchmarks.anchors.{self._kind}", str(self.port), str(self._control), str(int(time()))]
