"""Frames that no browser sends, by the thousand: each ends its own socket with a clean code, and nothing else."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.protocol import Protocol

from server.live.wire import INBOUND_PER_MINUTE, Close
from server.web.connection import FRAGMENTS, PIECE
from tests import machine
from tests.live.conftest import PATIENCE, Wire
from tests.live.raw import masked

FRAMES = machine.often(200, 20_000)
LONG = 7200  # seconds, for the long count
HARBOUR = "/api/v1/live/branches/harbour"
PROTOCOL, NO_TEXT, TOO_LARGE = 1002, 1007, 1009
TEXT, CLOSED, PING, PONG, CONTINUED = 1, 8, 9, 10, 0
RESERVED = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
SMALLEST = len(masked(b"", PING))
FLOOD = 50_000  # frames of six bytes: more than one look into the kernel brings
Kind = Callable[[Random], tuple[bytes, set[int | None]]]


def _unmasked(chance: Random) -> tuple[bytes, set[int | None]]:
    text = chance.randbytes(chance.randrange(1, 120))
    return bytes([128 | TEXT, len(text)]) + text, {PROTOCOL}


def _no_text(chance: Random) -> tuple[bytes, set[int | None]]:
    return masked(b"hello" + bytes([chance.randrange(0xF8, 0x100)]) + b"!", TEXT), {NO_TEXT}


def _too_large(chance: Random) -> tuple[bytes, set[int | None]]:
    return masked(b"x" * chance.randrange(5_000, 60_000), TEXT), {TOO_LARGE}


def _of_no_kind(chance: Random) -> tuple[bytes, set[int | None]]:
    return masked(chance.randbytes(chance.randrange(100)), chance.choice(RESERVED)), {PROTOCOL}


def _with_reserved_bits(chance: Random) -> tuple[bytes, set[int | None]]:
    first, *rest = masked(b"hello", TEXT)
    return bytes([first | chance.choice((16, 32, 64, 112)), *rest]), {PROTOCOL}


def _continues_nothing(chance: Random) -> tuple[bytes, set[int | None]]:
    return masked(chance.randbytes(20), CONTINUED), {PROTOCOL}


def _interrupted(chance: Random) -> tuple[bytes, set[int | None]]:
    """A text that has begun, and another that begins before its end."""
    begun = bytearray(masked(b"hel", TEXT))
    begun[0] &= 127
    return bytes(begun) * chance.randrange(2, 5), {PROTOCOL}


def _long_ping(chance: Random) -> tuple[bytes, set[int | None]]:
    return masked(b"p" * chance.randrange(126, 300), PING), {PROTOCOL}


def _noise(chance: Random) -> tuple[bytes, set[int | None]]:
    """It may be the beginning of something, which is waited for: then who sent it hangs up."""
    return chance.randbytes(chance.randrange(1, 400)), {PROTOCOL, NO_TEXT, TOO_LARGE, None}


UVICORNS_WORD = "Invalid UTF-8 sequence received from client."
KINDS: tuple[Kind, ...] = (
    _unmasked, _no_text, _too_large, _of_no_kind, _with_reserved_bits, _continues_nothing, _interrupted, _long_ping,
    _noise,
)  # fmt: skip


@pytest.mark.timeout(LONG)
async def test_whatever_is_sent_ends_its_own_socket_cleanly_and_nobody_elses(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    chance = Random(20)
    async with wire.connects(HARBOUR, wire.device("Wall")) as other:
        await other.recv()
        news = asyncio.Queue[str]()
        reading = asyncio.create_task(_read(other, news))  # as a browser does: who reads nothing loses the line itself
        for turn in range(FRAMES):
            kind = KINDS[turn % len(KINDS)]
            sent, expected = kind(chance)
            assert await _ended_with(wire, sent, waits=kind is not _noise) in expected, (kind.__name__, sent[:80])
        async with asyncio.timeout(PATIENCE):
            while len(wire.server.server_state.connections) > 1:  # noqa: ASYNC110 - the last of them is still going
                await asyncio.sleep(0.01)
            assert wire.app.state.kit.hub.count() == 1
            while not news.empty():
                news.get_nowait()
            await wire.world.ada.joins()
            await news.get()
            reading.cancel()
    assert {record.getMessage() for record in caplog.records if record.levelname == "ERROR"} <= {UVICORNS_WORD}


def _begun(payload: bytes, opcode: int) -> bytes:
    """A frame that is not the last of its message."""
    first, *rest = masked(payload, opcode)
    return bytes([first & 127, *rest])


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", masked(b"", PING)),
        (b"", masked(b"", PONG)),
        (b"", masked(b"", TEXT)),
        (_begun(b"", TEXT), _begun(b"", CONTINUED)),
    ],
    ids=["pings", "pongs", "texts", "fragments"],
)
async def test_a_flood_of_small_frames_is_not_read_beyond_what_is_borne(
    wire: Wire, first: bytes, then: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, receive = [0], Protocol.recv_frame

    def received(protocol: Protocol, frame: Any) -> None:
        looked_at[0] += 1
        receive(protocol, frame)

    monkeypatch.setattr(Protocol, "recv_frame", received)
    assert await _ended_with(wire, first + then * FLOOD, waits=True) == Close.TOO_MUCH
    assert looked_at[0] <= INBOUND_PER_MINUTE + PIECE // SMALLEST + 1
    await _until_nobody_is_left(wire)


async def test_whoever_floods_and_hangs_up_in_one_breath_is_just_cut(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    flood = masked(b"", PING) * INBOUND_PER_MINUTE + masked(b"\x03\xe8", CLOSED)
    assert await _ended_with(wire, flood, waits=True) is None
    await _until_nobody_is_left(wire)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_message_of_many_fragments_is_refused_before_it_is_whole(wire: Wire) -> None:
    begun = _begun(b"", TEXT) + _begun(b"", CONTINUED) * FRAGMENTS
    assert await _ended_with(wire, begun, waits=True) == Close.TOO_MUCH


async def test_a_program_that_pings_every_second_is_let_be(wire: Wire) -> None:
    client = await wire.connects_raw(HARBOUR, wire.device("Wall"))
    await client.frame()
    pings = INBOUND_PER_MINUTE // 2 + 2  # of one minute, however its window falls
    await client.floods(masked(b"!", PING), times=pings)
    answers = [await client.frame() for _ in range(pings)]
    assert [opcode for opcode, _ in answers if opcode != TEXT].count(PONG) >= pings - 1  # and perhaps a heartbeat


async def _until_nobody_is_left(wire: Wire) -> None:
    async with asyncio.timeout(PATIENCE):
        while wire.server.server_state.connections:  # noqa: ASYNC110 - it is cut in a while
            await asyncio.sleep(0.01)
    assert wire.app.state.kit.hub.count() == 0


async def _read(other: ClientConnection, news: asyncio.Queue[str]) -> None:
    """All that comes; what says how the branch is goes into `news`, heartbeats do not."""
    async for message in other:
        if "services" in json.loads(message):
            news.put_nowait(str(message))


async def _ended_with(wire: Wire, sent: bytes, *, waits: bool) -> int | None:
    client = await wire.connects_raw(HARBOUR, wire.device("Wall"))
    wire.clients.remove(client)
    await client.frame()
    try:
        with suppress(OSError):
            await client.floods(sent, times=1)
        return await client.code() if waits else None
    finally:
        client.closes()
