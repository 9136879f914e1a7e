"""Sockets, really connected: where from, by whom, what is seen first, and what ends them."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import httpx2 as httpx
import pytest
from websockets.asyncio.client import ClientConnection

from server.actions.arranging import place
from server.live.hub import PER_TICKET
from server.live.wire import INBOUND_PER_MINUTE, Close
from server.web import sockets
from server.web.connection import FRAGMENTS
from tests.live.conftest import PATIENCE, Wire, ended, finally_ended

HARBOUR = "/api/v1/live/branches/harbour"
FOREIGN = "https://evil.example"
LATE = timedelta(
    seconds=2.5
)  # a second is promised: the rest is left to a busy machine, and it is less than the redraw


async def test_a_socket_from_a_foreign_page_is_accepted_and_then_turned_away(wire: Wire) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    wall = await wire.enters("Wall")
    for path, who in ((_ticket(ada), wire.holds(ada)), ("/live/lobby", wall), (_ticket(ada), wire.person("Ken"))):
        assert await wire.refusal(path, who, origin=FOREIGN) == Close.FOREIGN_ORIGIN
    assert await wire.refusal(_ticket(ada), wire.holds(ada)) is None


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"])
async def test_an_origin_that_only_looks_like_ours_is_foreign(wire: Wire, origin: str) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    assert await wire.refusal(_ticket(ada), wire.holds(ada), origin=origin) == Close.FOREIGN_ORIGIN


async def test_without_an_origin_a_cookie_is_not_enough_but_a_key_is(wire: Wire) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    assert await wire.refusal(_ticket(ada), wire.holds(ada), origin=None) == Close.FOREIGN_ORIGIN
    assert await wire.refusal("/live/lobby", await wire.enters("Wall"), origin=None) == Close.FOREIGN_ORIGIN
    assert await wire.refusal("/live/lobby", wire.device("Wall"), origin=None) is None
    assert await wire.refusal(HARBOUR, wire.person("Ken"), origin=None) is None
    key = {"Authorization": f"Ticket {wire.secret(ada)}"}
    assert await wire.refusal(_ticket(ada), key, origin=None) is None


async def test_a_program_may_say_the_tickets_secret_first(wire: Wire) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    async with wire.connects(_ticket(ada), origin=None) as socket:
        await socket.send(json.dumps({"secret": wire.secret(ada)}))
        assert (await _says(socket))["state"] == "waiting"


@pytest.mark.parametrize(
    "word",
    ['{"secret": "wrong"}', '{"secret": "\\ud800"}', '{"secret": 7}', "[]", "not JSON", "[" * 4000, b"\x00\xff"],
)
async def test_a_wrong_first_word_ends_the_socket_and_nothing_else(wire: Wire, word: str | bytes) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    async with wire.connects(_ticket(ada), origin=None) as socket:
        await socket.send(word)
        assert await ended(socket, PATIENCE) == Close.NOT_YOURS


async def test_whoever_never_says_the_secret_is_not_waited_for(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "FIRST_MESSAGE_SECONDS", 0.05)
    ada = (await wire.world.ada.joins())["ticket"]
    assert await wire.refusal(_ticket(ada), origin=None) == Close.NOT_YOURS


async def test_somebody_elses_secret_and_an_unknown_ticket_are_answered_alike(wire: Wire) -> None:
    ada, bo = (await wire.world.ada.joins())["ticket"], (await wire.world.bo.joins())["ticket"]
    bos = {"Authorization": f"Ticket {wire.secret(bo)}"}
    for ticket in (ada, "nosuchticket", "%00", "x" * 2000):
        assert await wire.refusal(_ticket(ticket), bos, origin=None) == Close.NOT_YOURS


async def test_what_is_watched_follows_from_who_asks(wire: Wire) -> None:
    """The address names it; the right decides."""
    harbours, markets = wire.world.counters["1"], wire.market.counters["1"]
    refused = [
        ("/api/v1/live/branches/market", wire.device("Door")),
        ("/api/v1/live/branches/market", wire.device("Wall")),
        ("/api/v1/live/branches/market", wire.person("Ken")),
        (HARBOUR, wire.person("Mira", "market")),
        (HARBOUR, None),
        (f"/live/counters/{markets}", wire.person("Ken")),
        (f"/live/counters/{harbours}", wire.device("Door")),
        (f"/live/counters/{harbours}", None),
        ("/live/counters/nosuchcounter", wire.person("Ken")),
        ("/live/floor/harbour", wire.person("Ken")),
        ("/live/floor/harbour", wire.device("Wall")),
        ("/live/floor/market", wire.person("Mira")),
        ("/live/floor/nosuchbranch", wire.person("Mira")),
        ("/live/kiosk", wire.device("Wall")),
        ("/live/lobby", wire.device("Door")),
        ("/live/lobby", wire.person("Mira")),
        ("/live/console", wire.device("Wall")),
    ]
    for path, who in refused:
        assert await wire.refusal(path, who) == Close.NOT_YOURS, (path, who)
    assert await wire.refusal(f"/live/counters/{harbours}", wire.person("Ken")) is None
    assert await wire.refusal(f"/live/counters/{markets}", wire.person("Ken", "market")) is None
    assert await wire.refusal("/live/floor/harbour", wire.person("Mira")) is None


async def test_each_screen_sees_its_own_branch_and_nobodys_name(wire: Wire) -> None:
    await wire.world.ada.joins(name="Ada Lovelace")
    for name in ("Zoe", "Yan", "Xi"):
        await wire.market.customer(name).joins()
    for path, device in (("/live/lobby", "Wall"), ("/live/kiosk", "Door")):
        async with wire.connects(path, wire.device(device)) as socket:
            shown = await _says(socket)
        assert shown["v"] == (await wire.world.branch_row()).version
        assert "Lovelace" not in shown["content"]


async def test_the_newest_state_comes_first_and_then_every_change(wire: Wire) -> None:
    await wire.world.ada.joins()
    bo = (await wire.world.bo.joins())["ticket"]
    async with wire.connects(_ticket(bo), wire.holds(bo)) as socket:
        assert (await _says(socket))["ahead"] == 1
        await wire.world.ken.takes("1")
        await wire.world.ken.calls_next()
        while (frame := await _says(socket))["ahead"]:
            pass
        assert frame["now"] == ["A001"]


async def test_an_open_phone_hears_of_a_notice_at_once_and_of_its_end(wire: Wire) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    async with wire.connects(_ticket(ada), wire.holds(ada)) as socket:
        assert "notice" not in await _says(socket)
        await wire.world.act(place.put_up, by=wire.world.mira.actor, notice={"en": "Fire drill"})
        frame = await _says(socket)
        assert frame["notice"] == (await wire.world.view()).branch.notice_mark
        async with httpx.AsyncClient(base_url=wire.home, headers=wire.holds(ada)) as http:
            assert (await http.get(_ticket(ada))).json() == frame | {"at": ANY}
        await wire.world.act(place.put_up, by=wire.world.mira.actor, notice=None)
        assert "notice" not in await _says(socket)


async def test_a_notice_with_its_time_comes_and_goes_by_itself(wire: Wire) -> None:
    ada = (await wire.world.ada.joins())["ticket"]
    async with wire.connects(_ticket(ada), wire.holds(ada)) as socket:
        first = await _says(socket)
        begins = wire.world.clock() + timedelta(seconds=1)
        ends = begins + timedelta(seconds=1.5)
        await wire.world.act(
            place.put_up, by=wire.world.mira.actor, notice={"en": "Fire drill"}, begins=begins, ends=ends
        )
        up = await _says(socket)
        assert up["notice"]
        assert begins <= wire.world.clock() <= begins + LATE
        down = await _says(socket)
        assert "notice" not in down
        assert ends <= wire.world.clock() <= ends + LATE
        assert up["v"] == down["v"] == first["v"] + 1  # the clock alone


async def test_asked_once_it_is_the_same_frame(wire: Wire) -> None:
    await wire.world.ada.joins()
    bo = (await wire.world.bo.joins())["ticket"]
    async with wire.connects(_ticket(bo), wire.holds(bo)) as socket:
        frame = await _says(socket)
    async with httpx.AsyncClient(base_url=wire.home, headers=wire.holds(bo)) as http:
        once = (await http.get(_ticket(bo))).json()
    assert frame | {"at": 0} == once | {"at": 0}
    assert len(json.dumps(frame, separators=(",", ":")).encode()) <= 250


async def test_a_message_larger_than_four_kilobytes_ends_that_socket_only(wire: Wire) -> None:
    async with (
        wire.connects(HARBOUR, wire.device("Wall")) as large,
        wire.connects(HARBOUR, wire.device("Wall")) as other,
    ):
        await _says(large)
        await _says(other)
        await large.send("x" * 4097)
        assert await finally_ended(large, PATIENCE) == 1009
        await wire.world.ada.joins()
        assert (await _says(other))["v"]


async def test_a_message_that_is_no_text_ends_that_socket_with_the_code_for_it(wire: Wire) -> None:
    socket = await wire.connects_raw(HARBOUR, wire.device("Wall"))
    await socket.frame()
    await socket.sends(b"\xff\xfe")
    assert await socket.code() == 1007


async def test_a_ping_is_answered(wire: Wire) -> None:
    async with wire.connects(HARBOUR, wire.device("Wall")) as socket:
        await _says(socket)
        async with asyncio.timeout(PATIENCE):
            await (await socket.ping())


async def test_a_message_in_a_few_parts_is_borne(wire: Wire) -> None:
    async with wire.connects(HARBOUR, wire.device("Wall")) as socket:
        await _says(socket)
        await socket.send(["hello"] * (FRAGMENTS - 1))
        await wire.world.ada.joins()
        assert (await _says(socket))["v"]


async def test_one_ticket_is_shown_in_many_pages_and_not_in_any_number(wire: Wire) -> None:
    ada, bo = wire.world.ada, wire.world.bo
    await ada.joins()
    await bo.joins()
    hers, his = ((_ticket(each.ticket), wire.holds(each.ticket)) for each in (ada, bo))
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(wire.connects(*hers)) for _ in range(PER_TICKET)]
        for page in pages:
            assert (await _says(page))["state"] == "waiting"
        assert await wire.refusal(*hers) == Close.SLOW
        assert await wire.refusal(*his) is None
        await pages.pop().close()
        async with asyncio.timeout(PATIENCE):
            while wire.app.state.kit.hub.count() >= PER_TICKET:  # noqa: ASYNC110 - it happens at the other end
                await asyncio.sleep(0.01)
        assert await wire.refusal(*hers) is None
        await wire.world.ken.takes("1")
        await wire.world.ken.calls_next()
        for page in pages:
            while (await _says(page))["state"] != "called":
                pass


async def test_a_flood_ends_that_socket_only(wire: Wire) -> None:
    async with (
        wire.connects(HARBOUR, wire.device("Wall")) as flood,
        wire.connects(HARBOUR, wire.device("Wall")) as other,
    ):
        await _says(flood)
        await _says(other)
        for _ in range(INBOUND_PER_MINUTE):
            await flood.send("hello")
        await wire.world.ada.joins()
        assert (await _says(flood))["v"]  # up to there it is borne
        await flood.send("hello")
        assert await finally_ended(flood, PATIENCE) == Close.TOO_MUCH
        await wire.world.bo.joins()
        assert (await _says(other))["v"]


def _ticket(id: str) -> str:
    return f"/api/v1/live/tickets/{id}"


async def _says(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no heartbeat."""
    async with asyncio.timeout(PATIENCE):
        while True:
            said: dict[str, Any] = json.loads(await socket.recv())
            if len(said) > 3:
                return said
