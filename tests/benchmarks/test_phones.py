"""The cheap client understands the protocol, not only the server it was written beside."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import pytest

from benchmarks.anchors import minimal
from benchmarks.phones import crowd as crowds
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.phone import Phone
from benchmarks.phones.wire import ACCEPT, Socket, handshake
from tests.running import ROOT, free_port

AGREED = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
PATIENCE = 10.0


class Line:
    """Stands in for a transport: remembers what was written."""

    def __init__(self) -> None:
        self.written, self.is_closed = b"", False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True


class Heard(Socket):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__(b"hello")
        self.texts: list[bytes] = []
        self.code = 0
        self.line = Line()
        self.connection_made(cast(asyncio.Transport, self.line))

    def said(self, text: bytes) -> None:
        self.texts.append(text)

    def closed(self, code: int) -> None:
        self.code = code


SHORT, LONG, LONGEST = b"x" * 125, b"y" * 126, b"z" * 70_000
STREAM = AGREED + b"\x81\x7d" + SHORT + b"\x81\x7e\x00\x7e" + LONG + b"\x81\x7f" + (70_000).to_bytes(8) + LONGEST


@pytest.mark.parametrize("piece", [1, 2, 7, 1000, len(STREAM)])
def test_frames_of_every_length_arrive_however_they_are_cut(piece: int) -> None:
    socket = Heard()
    for start in range(0, len(STREAM), piece):
        socket.data_received(STREAM[start : start + piece])
    assert socket.texts == [SHORT, LONG, LONGEST]


def test_a_text_in_fragments_arrives_whole_with_a_ping_between_them() -> None:
    socket = Heard()
    socket.data_received(AGREED + b"\x01\x02ab\x89\x01!\x80\x02cd")
    assert socket.texts == [b"abcd"]
    assert socket.line.written == b"hello\x8a\x81\x00\x00\x00\x00!", "a pong, masked"


def test_the_servers_close_code_is_kept() -> None:
    socket = Heard()
    socket.data_received(AGREED + b"\x88\x02" + (4401).to_bytes(2))
    socket.connection_lost(None)
    assert socket.line.is_closed
    assert socket.code == 4401


@pytest.mark.parametrize("answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", AGREED.replace(ACCEPT, b"wrong")])
def test_a_server_that_does_not_agree_is_left(answer: bytes) -> None:
    socket = Heard()
    socket.data_received(answer)
    assert socket.line.is_closed
    assert not socket.is_open


async def test_a_crowd_too_large_for_one_address_comes_from_several() -> None:
    async with bare_server() as port:
        crowd = Crowd(port, per_address=2)
        phones = [phone(crowd, n) for n in range(5)]
        await crowd.arrive(phones)
        hosts = [str(each.transport.get_extra_info("sockname")[0]) for each in phones if each.transport]
        await crowd.hang_up()
    assert hosts == ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3"]
    assert crowd.connected == 0


async def test_who_is_cut_off_comes_back_and_hears_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "FIRST", 0.05)
    async with bare_server() as port:
        crowd = Crowd(port, returning=True)
        await crowd.arrive([phone(crowd, n) for n in range(20)])
        audience = crowd.audience("/group")
        audience.expect(1, again=True)
        for transport in list(minimal.groups["/group"]):
            transport.abort()
        assert await audience.heard(PATIENCE)
        assert (crowd.connected, crowd.frames) == (20, 40)
        await crowd.hang_up()


async def test_knocking_in_vain_counts_as_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "LATER", 1000.0)
    async with bare_server() as port:
        crowd = Crowd(port, returning=True)
        one = phone(crowd, 1)
        await crowd.arrive([one])
        crowd.audience("/group").expect(1, again=True)
        crowd.has_knocked(one, asyncio.get_running_loop().time() - 1000.0)  # and was not let in all the while
        for transport in list(minimal.groups["/group"]):
            transport.abort()
        assert await crowd.audience("/group").heard(PATIENCE)
        await crowd.hang_up()


@pytest.mark.parametrize(("ours", "theirs"), [("FIRST", "FIRST"), ("LATER", "LATER"), ("PATIENCE", "CONNECT")])
def test_a_crowd_comes_back_as_the_pages_do(ours: str, theirs: str) -> None:
    said = re.search(rf"const {theirs} = ([\d_]+);", (ROOT / "server/web/static/live.js").read_text())
    assert said is not None
    assert getattr(crowds, ours) * 1000 == int(said[1])


async def test_who_is_told_not_to_come_back_does_not() -> None:
    refuse = b"\x88\x02" + (4401).to_bytes(2)
    async with serving(lambda: Refusing(refuse)) as port:
        crowd = Crowd(port, returning=True)
        await crowd.arrive([phone(crowd, 1)])
        assert crowd.turned_away == [("socket 1", 4401)]
        assert crowd.connected == 0
        await crowd.hang_up()


class Refusing(asyncio.Protocol):
    """Agrees, and then says something else than a frame."""

    def __init__(self, then: bytes) -> None:
        self._then = then

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(AGREED + self._then)


def phone(crowd: Crowd, n: int) -> Phone:
    return Phone(handshake("127.0.0.1", "/group", {}), crowd.audience("/group"), f"socket {n}")


def bare_server() -> AbstractAsyncContextManager[int]:
    return serving(minimal.Watcher)


@asynccontextmanager
async def serving(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[int]:
    port = free_port()
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.close()
        await server.wait_closed()
