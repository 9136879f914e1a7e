"""The client's half of a WebSocket, by hand: one handshake, frames in, hardly a byte out.

A library's client costs more than the server it is to measure. Here nearly every frame is one read of one whole short
text: two comparisons and a slice. Whatever else the protocol allows takes the slow road and arrives the same.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import cast

KEY = b64encode(b"now serving load").decode()  # the same for all: no cache stands between us and the server
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
ACCEPT = b64encode(sha1((KEY + GUID).encode()).digest()).lower()  # noqa: S324 - the protocol's own
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
LOST = 1006  # the line broke without a close frame
LONGEST_HEAD = 16 * 1024


def handshake(host: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The opening request, as a browser words it."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Socket(asyncio.Protocol):
    """One connection at a time; whoever inherits hears `opened`, `said` and `closed`."""

    __slots__ = ("_code", "_opening", "_parts", "_rest", "is_open", "transport")

    def __init__(self, opening: bytes) -> None:
        self._opening = opening
        self.transport: asyncio.Transport | None = None
        self.is_open = False

    def opened(self) -> None:
        """The server has agreed."""

    def said(self, text: bytes) -> None:
        """One whole message."""

    def closed(self, code: int) -> None:
        """`code`: the server's, or LOST."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.is_open, self._rest, self._parts, self._code = False, b"", b"", LOST
        self.transport.write(self._opening)

    def data_received(self, data: bytes) -> None:
        if self.is_open and not self._rest and data[0] == 0x81:
            length = data[1] if len(data) > 1 else 0
            if length < 126:
                if len(data) == length + 2:
                    self.said(data[2:])
                    return
            elif length == 126 and len(data) == int.from_bytes(data[2:4]) + 4:
                self.said(data[4:])
                return
        self._take(self._rest + data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport, self.is_open = None, False
        self.closed(self._code)

    def _take(self, data: bytes) -> None:
        """Whatever came: the answer to the handshake, several frames, half a frame."""
        if not self.is_open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                if len(head) > LONGEST_HEAD:
                    self._break()
                return
            if not self._agreed(head):
                self._break()
                return
            self.is_open = True
            self.opened()
        self._rest = self._frames(data)

    def _agreed(self, head: bytes) -> bool:
        return b" 101 " in head.partition(b"\r\n")[0] and ACCEPT in head.lower()

    def _frames(self, data: bytes) -> bytes:
        """Hear every whole frame; what is left of the last."""
        while (frame := _first(data)) is not None:
            final, kind, text, data = frame
            if kind <= TEXT:
                self._parts += text
                if final:
                    whole, self._parts = self._parts, b""
                    self.said(whole)
            elif kind == CLOSE:
                self._code = int.from_bytes(text[:2]) if len(text) >= 2 else 1005
                self._say(CLOSE, text[:2])
                self._break()
                return b""
            elif kind == PING:
                self._say(PONG, text)
        return data

    def _say(self, kind: int, text: bytes) -> None:
        """A control frame; it must be masked, and zeros are a mask."""
        if self.transport is not None:
            self.transport.write(bytes((0x80 | kind, 0x80 | len(text), 0, 0, 0, 0)) + text)

    def _break(self) -> None:
        if self.transport is not None:
            self.transport.close()


def _first(data: bytes) -> tuple[bool, int, bytes, bytes] | None:
    """(final, kind, payload, what follows) of the first frame; None while it is not whole."""
    if len(data) < 2:
        return None
    length, start = data[1] & 0x7F, 2
    if length >= 126:
        start = 4 if length == 126 else 10
        length = int.from_bytes(data[2:start])
    if len(data) < start + length:
        return None
    return bool(data[0] & 0x80), data[0] & 0x0F, data[start : start + length], data[start + length :]
