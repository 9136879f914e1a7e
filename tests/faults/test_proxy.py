"""The proxy itself: what it promises to break, it breaks, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from tests.faults.proxy import Proxy
from tests.faults.waiting import until
from tests.running import PATIENCE

LATE = 0.3  # seconds
QUIET = 0.3  # seconds in which nothing is to arrive


class Echo:
    """A target that repeats each line with its own name before it."""

    def __init__(self, name: str) -> None:
        self.name, self.callers, self.port = name, 0, 0

    async def repeat(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers += 1
        try:
            while line := await reader.readline():
                writer.write(self.name.encode() + b" " + line)
        except ConnectionResetError:
            pass
        finally:
            self.callers -= 1
            writer.transport.abort()


class Caller:
    """Somebody at the near end, who says a word and hears it repeated."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def hears(self, word: str, within: float = PATIENCE) -> str:
        """What comes back for the word; TimeoutError when nothing does, ConnectionResetError when the line was cut."""
        self.says(word)
        async with asyncio.timeout(within):
            return (await self._reader.readline()).decode().strip()

    def says(self, word: str) -> None:
        self._writer.write(f"{word}\n".encode())

    def hangs_up(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def echoing(name: str) -> AsyncIterator[Echo]:
    echo = Echo(name)
    server = await asyncio.start_server(echo.repeat, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    yield echo
    server.close()
    await until(lambda: not echo.callers)


@asynccontextmanager
async def calling(proxy: Proxy) -> AsyncIterator[Caller]:
    caller = Caller(*await asyncio.open_connection("127.0.0.1", proxy.port))
    yield caller
    caller.hangs_up()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with echoing("one") as echo:
        yield echo


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    with Proxy(echo.port) as proxy:
        yield proxy


async def test_what_is_said_arrives_both_ways_and_hanging_up_is_heard(proxy: Proxy, echo: Echo) -> None:
    async with calling(proxy) as ada:
        assert await ada.hears("hello") == "one hello"
        assert await ada.hears("x" * 60_000) == "one " + "x" * 60_000
    await until(lambda: not echo.callers and not proxy.open())


async def test_a_cut_resets_both_ends_and_new_callers_are_taken(proxy: Proxy, echo: Echo) -> None:
    async with calling(proxy) as ada:
        assert await ada.hears("hello") == "one hello"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await ada.hears("hello")
        await until(lambda: not echo.callers)
    async with calling(proxy) as bo:
        assert await bo.hears("hello") == "one hello"


async def test_refused_means_nobody_listens_until_it_is_healed(proxy: Proxy) -> None:
    async with calling(proxy) as ada:
        for _ in range(2):
            proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await ada.hears("still here") == "one still here"
            proxy.heal()
            async with calling(proxy) as bo:
                assert await bo.hears("hello") == "one hello"


async def test_late_is_late_in_both_directions_and_keeps_its_order(proxy: Proxy) -> None:
    async with calling(proxy) as ada:
        assert await ada.hears("now") == "one now"
        proxy.delay(LATE)
        begun = monotonic()
        assert await ada.hears("first") == "one first"
        assert monotonic() - begun >= 2 * LATE
        ada.says("late")
        proxy.heal()
        assert [await ada.hears("later"), await ada.hears("latest")] == ["one late", "one later"]


async def test_half_open_is_silence_without_an_end(proxy: Proxy, echo: Echo) -> None:
    async with calling(proxy) as ada:
        assert await ada.hears("hello") == "one hello"
        proxy.half_open()
        with pytest.raises(TimeoutError):
            await ada.hears("hello", QUIET)
        async with calling(proxy) as bo:
            assert await bo.hears("hello") == "one hello"
        proxy.heal()
        with pytest.raises(TimeoutError):
            await ada.hears("hello", QUIET)
    assert (echo.callers, proxy.open()) == (1, 1)  # nobody told the server that Ada went


async def test_new_callers_can_be_swallowed_too(proxy: Proxy) -> None:
    proxy.half_open(new=True)
    async with calling(proxy) as ada:
        with pytest.raises(TimeoutError):
            await ada.hears("hello", QUIET)
    proxy.heal()
    async with calling(proxy) as bo:
        assert await bo.hears("hello") == "one hello"


async def test_between_two_targets_it_takes_turns_and_passes_over_a_dead_one(echo: Echo) -> None:
    async with echoing("two") as other:
        with Proxy(echo.port, other.port) as balancer:
            assert sorted([await one_word(balancer) for _ in range(4)]) == ["one", "one", "two", "two"]
    with Proxy(echo.port, other.port) as balancer:
        assert [await one_word(balancer) for _ in range(3)] == ["one", "one", "one"]


async def one_word(proxy: Proxy) -> str:
    async with calling(proxy) as caller:
        return (await caller.hears("hello")).split()[0]
