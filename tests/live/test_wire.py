"""What goes over the wire to one phone: little, and nothing about anybody else."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some
from websockets.frames import Frame, Opcode

from server.domain.forecast import Reason, Wait
from server.domain.moves import State
from server.live.views import BoardView, TicketView
from server.live.wire import (
    LARGEST_FRAME,
    LARGEST_MESSAGE,
    PhoneFrames,
    alike,
    branch_frame,
    dumped,
    fragment,
    framed,
    heartbeat,
    phone_frame,
    said,
)
from tests.screens.lobby_boards import board, call, service
from tests.world import World

LONG_MARK = {"en": "Fire drill at noon"}  # its mark has ten digits, and none has more
FAR_FUTURE = datetime(2999, 12, 31, tzinfo=UTC)
LONGEST = {
    "number": "ZZ99999", "letter": "ZZ", "digits": "99999", "state": "expected", "moved": 10**9, "ahead": 99_999,
    "wait": Wait(10_000, 20_000), "name": "N" * 40, "need": "W" * 200, "note": "x" * 4000, "near": False,
    "why": Reason.PRIORITY,
}  # fmt: skip


async def test_the_longest_frame_has_at_most_250_bytes(world: World) -> None:
    view, ticket = await _longest(world)
    frame = dumped(phone_frame(view, ticket, FAR_FUTURE))
    assert json.loads(frame)["notice"] >= 10**9
    assert json.loads(frame)["now"] == ["ZZ99999", "ZZ99998"]
    assert len(frame.encode()) <= LARGEST_FRAME


async def test_a_frame_that_grew_would_be_noticed(world: World) -> None:
    view, ticket = await _longest(world)
    frame = dumped(phone_frame(view, ticket, FAR_FUTURE) | {"link": "x" * 100})
    assert len(frame.encode()) > LARGEST_FRAME


async def test_a_phone_hears_nothing_of_anybody_else_but_numbers_being_served(world: World) -> None:
    await _a_full_room(world)
    view = await world.view()
    for mine in view.tickets:
        assert _strangers(view, mine, phone_frame(view, mine, view.at)) == set()


async def test_a_frame_that_tells_of_others_would_be_noticed(world: World) -> None:
    await _a_full_room(world)
    view = await world.view()
    mine, other = view.tickets[0], view.tickets[1]
    assert _strangers(view, mine, {"next": other.id, "who": other.name}) == {other.id, other.name}


BOARD, SERVICE = board(call("A001")), service(id="new-passport")
TICKETS = some.fixed_dictionaries(
    {
        "moved": some.integers(0, 2**40),
        "state": some.sampled_from([str(state) for state in State]),
        "ahead": some.none() | some.integers(0, 20_000),
        "near": some.booleans(),
        "wait": some.none() | some.builds(Wait, some.integers(0, 9_999), some.integers(0, 9_999)),
        "why": some.none() | some.sampled_from(list(Reason)),
        "service": some.sampled_from(["new-passport", "archived"]),
    }
)

TIMES = some.integers(0, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


NOTICES = some.none() | some.dictionaries(some.sampled_from(["en", "fr"]), some.text(), min_size=1)


@given(TICKETS, some.lists(some.text(max_size=7), max_size=3), some.integers(0, 2**40), TIMES, NOTICES)
def test_made_by_the_thousand_a_frame_is_the_same(
    changed: dict[str, object], numbers: list[str], version: int, now: datetime, notice: dict[str, str] | None
) -> None:
    view, ticket = _a_view(changed, numbers, version)
    view = replace(view, branch=replace(view.branch, notice=notice))
    said_fast = said(PhoneFrames(view, now).message(ticket))
    assert said_fast == dumped(phone_frame(view, ticket, now))


@given(TICKETS, TICKETS)
def test_tickets_are_alike_if_their_frames_are(one: dict[str, object], other: dict[str, object]) -> None:
    view, ticket = _a_view(one, ["A001"], 1)
    _, changed = _a_view(other | {"service": one["service"]}, ["A001"], 1)
    frames = PhoneFrames(view, FAR_FUTURE)
    assert alike(ticket, changed) == (frames.message(ticket) == frames.message(changed))


@given(NOTICES, NOTICES)
def test_a_notice_has_a_mark_of_its_own(one: dict[str, str] | None, other: dict[str, str] | None) -> None:
    first, second = (replace(BOARD.branch, notice=notice).notice_mark for notice in (one, other))
    assert (first == second) == (one == other)
    assert (first == 0) == (one is None)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_prebuilt_message_is_what_a_websocket_library_makes_of_it(size: int) -> None:
    text = "é" * (size // 2) + "x" * (size % 2)
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert said(framed(text)) == text


async def test_a_branchs_frame_names_no_person(world: World) -> None:
    await _a_full_room(world)
    view = await world.view()
    assert set(branch_frame(view)) == {"e", "v", "calls", "services"}
    assert set(branch_frame(view)["calls"][0]) == {"id", "number", "counter", "at"}
    assert _strangers(view, None, branch_frame(view)) == {call.ticket for call in view.calls}  # part of a call's id


async def test_every_message_carries_epoch_and_version_and_the_time_it_is_sent(world: World) -> None:
    view, now = await world.view(), FAR_FUTURE
    for message in (heartbeat(view, now), fragment(view, "<p>", now)):
        said = json.loads(message)
        assert (said["e"], said["v"], said["at"]) == (view.epoch, view.version, int(now.timestamp()))


async def test_a_heartbeat_swaps_nothing(world: World) -> None:
    assert "content" not in json.loads(heartbeat(await world.view(), FAR_FUTURE))


def test_what_comes_in_is_small() -> None:
    assert (LARGEST_MESSAGE, LARGEST_FRAME) == (4096, 250)


def _a_view(changed: dict[str, object], numbers: list[str], version: int) -> tuple[BoardView, TicketView]:
    served = replace(SERVICE, now_serving=tuple(numbers))
    (ticket,) = BOARD.tickets
    return replace(BOARD, epoch=3, version=version, services=(served,)), ticket._replace(**changed)  # type: ignore[arg-type]


async def _longest(world: World) -> tuple[BoardView, TicketView]:
    """The longest a ticket of ours can become."""
    await world.ada.joins()
    view = await world.view()
    ticket = view.tickets[0]._replace(**LONGEST)  # type: ignore[arg-type]
    services = tuple(replace(service, now_serving=("ZZ99999", "ZZ99998", "ZZ99997")) for service in view.services)
    branch = replace(view.branch, notice=LONG_MARK)
    return replace(view, epoch=2**31 - 1, version=10**9, services=services, branch=branch), ticket


async def _a_full_room(world: World) -> None:
    for n, name in enumerate(("Ada Lovelace", "Bo Diddley", "Cy Young")):
        world.clock.forward(seconds=1)
        await world.customer(name).joins(name=name, need=f"need {n} of {name}")
    await world.ken.takes("1")
    await world.ken.calls_next()


def _strangers(view: BoardView, mine: TicketView | None, message: object) -> set[str | None]:
    """What of other people a message holds: ids, names, needs, agents."""
    text = dumped({"message": message})
    others = [ticket for ticket in view.by_ticket.values() if ticket is not mine]
    private = {each for t in others for each in (t.id, t.name, t.need, t.visit, t.agent, t.device) if each}
    if mine is not None:
        private -= {mine.id, mine.visit, mine.device, mine.agent}
    return {each for each in private if each in text}
