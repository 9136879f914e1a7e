"""Clients that read late, or never, or go in the middle of something: they harm nobody, and are told the newest."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from statistics import median
from time import monotonic

import pytest

from server.live.watching import Watcher
from server.live.wire import SEND_SECONDS, Close, framed
from server.web import connection, plain_line
from server.web.connection import Connection, Guarded
from tests.live.conftest import Wire
from tests.live.raw import PATIENCE, RawClient, masked
from tests.world import Customer

PROMPT = 5.0  # seconds in which others hear of a change, however busy the machine
PATIENT = 1.0  # seconds that a client may take that does not read, where a test says so
TICK = 0.01  # seconds by which a timer may be early: the loop that serves counts them in whole milliseconds
STUCK = 0.3  # seconds without taking anything: so it is stuck
FILLER = framed('{"v":0,"filler":"' + "x" * 2000 + '"}')


async def test_whoever_never_reads_delays_nobody_and_is_cut_in_time(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    _impatient(monkeypatch)
    await _joins(wire, *(f"Guest {n}" for n in range(10)))
    (ada, bo), _ = await _joins(wire, "Ada", "Bo"), await wire.world.ken.takes("1")
    stuck, reads = await _phone(wire, ada), await _phone(wire, bo)
    await reads.messages()
    since = monotonic()
    await _stuff(_watcher(wire, ada))
    took = []
    for _ in range(10):
        asked, called = monotonic(), await _calls(wire)
        await _hears(reads, await _version(wire))  # a call moves Bo; what follows it changes nothing he is shown
        took.append(monotonic() - asked)
        await wire.world.ken.serves(called)
    assert median(took) < PROMPT
    await _until(lambda: _count(wire) == 1)
    assert monotonic() - since > PATIENT - TICK
    assert await stuck.code() is None
    await _until(lambda: len(wire.server.server_state.connections) == 1)


async def test_whoever_reads_again_in_time_hears_the_newest_and_nothing_of_what_was_before(wire: Wire) -> None:
    await _joins(wire, "Guest 1", "Guest 2", "Guest 3", "Guest 4")
    (ada,), _ = await _joins(wire, "Ada"), await wire.world.ken.takes("1")
    slow = await _phone(wire, ada)
    stuffed = await _stuff(_watcher(wire, ada))
    newest = 0
    for _ in range(3):
        newest = await _goes_on(wire)
        await _until(partial(_is_drawn, wire, newest))
    read = await slow.messages(1 + stuffed + 1)
    assert [message["v"] for message in read[1:-1]] == [0] * stuffed
    assert (read[-1]["v"], read[-1]["ahead"]) == (newest, 1)
    later = await _goes_on(wire)
    assert newest < (await slow.messages())[0]["v"] <= later  # and nothing in between


async def test_whoever_is_stuck_and_missed_nothing_is_told_nothing_again(wire: Wire) -> None:
    (ada,) = await _joins(wire, "Ada")
    slow = await _phone(wire, ada)
    stuffed = await _stuff(_watcher(wire, ada))
    await slow.messages(1 + stuffed)
    await wire.world.ken.takes("1")
    assert (await slow.messages())[0]["wait"] is not None  # now somebody serves


async def test_a_client_that_vanishes_between_a_message_and_its_end_is_forgotten(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    (ada,) = await _joins(wire, "Ada")
    phone = await _phone(wire, ada)
    await phone.messages()
    watcher = _watcher(wire, ada)
    watcher.line.write(FILLER)
    phone.vanishes()
    watcher.close(Close.NOT_YOURS)
    await _until(lambda: not wire.server.server_state.connections and not wire.server.server_state.tasks)
    assert _count(wire) == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_whoever_is_told_to_go_while_stuck_reads_what_was_on_its_way_and_then_why(wire: Wire) -> None:
    (ada,) = await _joins(wire, "Ada")
    slow = await _phone(wire, ada)
    watcher = _watcher(wire, ada)
    stuffed = await _stuff(watcher)
    watcher.close(Close.NOT_YOURS)
    assert _count(wire) == 0
    await _goes_on(wire)
    await slow.messages(1 + stuffed)
    opcode, payload = await slow.frame()
    assert (opcode, int.from_bytes(payload[:2])) == (8, Close.NOT_YOURS)


async def test_whoever_is_told_to_go_twice_hears_the_first_reason_once(wire: Wire) -> None:
    (ada,) = await _joins(wire, "Ada")
    phone = await _phone(wire, ada)
    watcher = _watcher(wire, ada)
    watcher.close(Close.NOT_YOURS)
    watcher.close(Close.RESTART)
    assert await phone.code() == Close.NOT_YOURS
    await phone.sends(int(Close.NOT_YOURS).to_bytes(2), opcode=8)
    assert await phone.code() is None
    await _until(lambda: not wire.server.server_state.connections)


async def test_whoever_hangs_up_while_stuck_is_not_waited_for(wire: Wire) -> None:
    (ada,) = await _joins(wire, "Ada")
    slow = await _phone(wire, ada)
    await _stuff(_watcher(wire, ada))
    slow.closes()
    await _until(lambda: not wire.server.server_state.connections, SEND_SECONDS / 2)
    assert _count(wire) == 0


async def test_whoever_says_goodbye_and_reads_no_answer_is_cut(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    _impatient(monkeypatch)
    (ada,) = await _joins(wire, "Ada")
    slow = await _phone(wire, ada)
    await _stuff(_watcher(wire, ada))
    await slow.sends((1000).to_bytes(2), opcode=8)
    await _until(lambda: not wire.server.server_state.connections and _count(wire) == 0)


async def test_pings_whose_answers_are_not_read_are_not_answered_for_long(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    _impatient(monkeypatch)
    (ada,) = await _joins(wire, "Ada")
    phone = await _phone(wire, ada)
    with suppress(OSError):  # the server may have read it all before it cuts the line, and looks at no more of it
        await phone.floods(masked(b"p" * 125, opcode=9), times=500_000)
    await _until(lambda: not wire.server.server_state.connections)


async def test_whoever_acknowledges_nothing_has_gone(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when we have room for what they do not take, so that nothing is stuck here."""
    monkeypatch.setattr(connection, "GONE_SECONDS", 1)
    (ada,) = await _joins(wire, "Ada")
    await _phone(wire, ada)
    watcher = _watcher(wire, ada)
    for _ in range(4):
        await _until(lambda: watcher.deliver is not None)
        watcher.line.write(FILLER)
    await _until(lambda: not wire.server.server_state.connections)


async def test_no_task_is_kept_for_a_phone_at_the_end_of_a_line(wire: Wire) -> None:
    before = len(asyncio.all_tasks())
    phones = [await _phone(wire, customer) for customer in await _joins(wire, *(f"Guest {n}" for n in range(10)))]
    assert _count(wire) == len(phones)
    if _is_line(wire):
        await _until(lambda: len(asyncio.all_tasks()) <= before and not wire.server.server_state.tasks)
    else:
        assert len(asyncio.all_tasks()) >= before + len(phones)


async def test_told_to_stop_the_server_waits_for_nobody_who_is_stuck(wire: Wire) -> None:
    ada, bo = await _joins(wire, "Ada", "Bo")
    stuck, reads = await _phone(wire, ada), await _phone(wire, bo)
    await _stuff(_watcher(wire, ada))
    wire.server.should_exit = True
    assert await reads.code() == Close.RESTART
    async with asyncio.timeout(SEND_SECONDS / 2):
        await asyncio.shield(wire.running)
    assert _count(wire) == 0
    stuck.vanishes()


async def _joins(wire: Wire, *names: str) -> list[Customer]:
    people = [wire.world.customer(name) for name in names]
    for person in people:
        await person.joins()
    return people


async def _phone(wire: Wire, customer: Customer) -> RawClient:
    path, who = f"/api/v1/live/tickets/{customer.ticket}", f"Ticket {wire.secret(customer.ticket)}"
    client = await wire.connects_raw(path, {"Authorization": who})
    await _until(lambda: any(w.subject == customer.ticket for w in wire.app.state.kit.hub._all()))
    return client


def _watcher(wire: Wire, customer: Customer) -> Watcher:
    found: list[Watcher] = [w for w in wire.app.state.kit.hub._all() if w.subject == customer.ticket]
    assert isinstance(found[0].line, Connection) == _is_line(wire)
    return found[0]


def _is_line(wire: Wire) -> bool:
    return wire.server.config.ws is not Guarded


async def _stuff(watcher: Watcher) -> int:
    """Send until neither its kernel nor ours takes any more; how many messages that were."""
    for sent in count():
        with suppress(TimeoutError):
            await _until(lambda: watcher.deliver is not None, STUCK)
        if watcher.deliver is None:
            return sent
        watcher.line.write(FILLER)
    raise AssertionError


async def _goes_on(wire: Wire) -> int:
    """The next is called and served; the version after it."""
    await wire.world.ken.serves(await _calls(wire))
    return await _version(wire)


async def _calls(wire: Wire) -> str:
    """The next is called: their ticket."""
    ken = wire.world.ken
    if not ken.counter:
        await ken.takes("1")
    called = await ken.calls_next()
    assert called is not None
    return str(called["ticket"])


async def _version(wire: Wire) -> int:
    return (await wire.world.branch_row()).version


async def _hears(phone: RawClient, version: int) -> None:
    while (await phone.messages())[0]["v"] < version:
        pass


def _is_drawn(wire: Wire, version: int) -> bool:
    view = wire.app.state.kit.boards.last("harbour")
    return bool(view and view.version >= version)


def _count(wire: Wire) -> int:
    return int(wire.app.state.kit.hub.count())


def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connection, plain_line):
        monkeypatch.setattr(module, "SEND_SECONDS", PATIENT)


async def _until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)
