"""Frames that no browser sends, by the thousand: each ends its own socket with a clean code, and nothing else."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from websockets.asyncio.client import ClientConnection

from tests import machine
from tests.live.conftest import PATIENCE, Wire
from tests.live.raw import masked

FRAMES = machine.often(200, 20_000)
LONG = 7200  # seconds, for the long count
HARBOUR = "/api/v1/live/branches/harbour"
PROTOCOL, NO_TEXT, TOO_LARGE = 1002, 1007, 1009
TEXT, PING, CONTINUED = 1, 9, 0
RESERVED = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
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
