"""Anchor (a): uvloop and nothing else; one frame is built, and the same bytes are written to every transport."""

import asyncio
from base64 import b64encode
from collections import defaultdict
from hashlib import sha1
from typing import cast

import uvloop

from benchmarks.anchors.control import HOST, Newest, obey, orders
from benchmarks.phones.wire import CLOSE, GUID

BACKLOG = 2048
newest = Newest(0)
groups: defaultdict[str, set[asyncio.Transport]] = defaultdict(set)


class Watcher(asyncio.Protocol):
    """One socket: the handshake, the newest frame, and then whatever its group is sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._head, self._group = cast(asyncio.Transport, transport), b"", ""

    def data_received(self, data: bytes) -> None:
        if self._group:
            if data[0] & 0x0F == CLOSE:
                self._transport.close()
            return
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            self._agree(self._head.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        groups[self._group].discard(self._transport)

    def _agree(self, head: str) -> None:
        key = next(line[18:].strip() for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key:"))
        accept = b64encode(sha1((key + GUID).encode()).digest())  # noqa: S324 - the protocol's own
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._transport.write(answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + framed(newest.text()))
        self._group = head.split(" ", 2)[1]
        groups[self._group].add(self._transport)


def framed(text: str) -> bytes:
    """One unmasked text frame of fewer than 64 KiB."""
    content = text.encode()
    length = len(content)
    return (bytes((0x81, length)) if length < 126 else b"\x81\x7e" + length.to_bytes(2)) + content


async def send(text: str, group: str) -> None:
    frame = framed(text)
    for transport in groups[group]:
        transport.write(frame)


async def main() -> None:
    told = orders()
    newest.epoch = told.epoch
    await obey(told.control, newest, send)
    server = await asyncio.get_running_loop().create_server(Watcher, HOST, told.port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
