"""A client down to the bytes: it reads when the test says so, and its kernel takes next to nothing by itself."""

import asyncio
import json
import socket as plain
import struct
from typing import Any

PATIENCE = 20.0  # seconds for one word on a machine that is busy
ROOM = 2048  # bytes that its kernel receives unread
SEGMENT = 536  # bytes; with the usual 64 KiB of loopback one segment alone would fill any small room


class RawClient:
    """A WebSocket client that has shaken hands."""

    def __init__(self, socket: plain.socket) -> None:
        self._socket, self._read = socket, b""

    async def messages(self, until: int = 1) -> list[dict[str, Any]]:
        """The next ones; all that come until so many were read."""
        return [json.loads(await self._text()) for _ in range(until)]

    async def code(self) -> int | None:
        """What it is closed with, whatever is said before; None when the connection just ends."""
        while True:
            try:
                opcode, payload = await self.frame()
            except OSError:
                return None
            if opcode == 8:
                return int.from_bytes(payload[:2])

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; OSError when there is none any more."""
        head = await self._exactly(2)
        size = head[1]
        if size >= 126:
            size = int.from_bytes(await self._exactly(2 if size == 126 else 8))
        return head[0] & 15, await self._exactly(size)

    async def sends(self, payload: bytes, opcode: int = 1) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, masked(payload, opcode))

    async def floods(self, frame: bytes, times: int) -> None:
        """Without reading; OSError when the server has had enough."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_sendall(self._socket, frame * times)

    def vanishes(self) -> None:
        """As a phone whose battery is empty, but for one last packet that says so."""
        self._socket.setsockopt(plain.SOL_SOCKET, plain.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def closes(self) -> None:
        self._socket.close()

    async def _text(self) -> bytes:
        opcode, payload = await self.frame()
        assert opcode == 1, (opcode, payload)
        return payload

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        while len(self._read) < size:
            async with asyncio.timeout(PATIENCE):
                more = await loop.sock_recv(self._socket, 65536)
            if not more:
                raise ConnectionResetError
            self._read += more
        found, self._read = self._read[:size], self._read[size:]
        return found


async def shake_hands(host: str, path: str, who: dict[str, str]) -> RawClient:
    name, _, port = host.partition(":")
    client = plain.socket()
    client.setsockopt(plain.SOL_SOCKET, plain.SO_RCVBUF, ROOM)
    client.setsockopt(plain.IPPROTO_TCP, plain.TCP_MAXSEG, SEGMENT)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (name, int(port)))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    lines += [f"{header}: {value}" for header, value in who.items()]
    await loop.sock_sendall(client, "\r\n".join(lines).encode() + b"\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):  # byte by byte: what follows is left for who reads
        async with asyncio.timeout(PATIENCE):
            answer += await loop.sock_recv(client, 1)
    assert b" 101 " in answer, answer
    return RawClient(client)


def masked(payload: bytes, opcode: int) -> bytes:
    """As a client sends it; the mask of zeros changes nothing."""
    size = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
    return bytes([128 | opcode]) + size + bytes(4) + payload
