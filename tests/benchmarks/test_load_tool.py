"""The load tool on the real server: it finds nothing where nothing is wrong, and every planted defect."""

from dataclasses import replace
from typing import Any

from rich.progress import Progress

from benchmarks.live.check import compared
from benchmarks.live.load import Load, loaded
from benchmarks.phones.audience import Audience
from benchmarks.phones.phone import Phone
from benchmarks.town import numbered, town

LOAD = Load(phones=50, branches=2, events=20)
PLANTS = ("drop", "alter", "back")
QUIET = Progress(disable=True)
TOLD = {"id": "ada", "number": "A007", "state": "waiting", "ahead": 3, "near": False}


async def test_every_phone_shows_what_is_so_and_every_planted_defect_is_found() -> None:
    async with town(numbered(LOAD.branches, LOAD.phones)) as here:
        honest = await loaded(LOAD, here, QUIET)
        # The planted ones are the last of each queue: they have been moved by every call.
        last = [branch.tickets[-1] for branch in here.branches.values()]
        before_last = here.branches["b0"].tickets[-2]
        planted = await loaded(replace(LOAD, plants=PLANTS, seed=2, patience=1), here, QUIET)
    assert honest["faults"] == []
    assert honest["phones"] == LOAD.phones + honest["events"].get("joined", 0)
    assert sum(honest["events"].values()) >= LOAD.events
    assert honest["frames"] > honest["phones"] * 2, "everybody heard of the calls"
    deaf, liar, muddled = last[0], last[1], before_last
    assert any(deaf in fault and "is at version" in fault for fault in planted["faults"])
    assert any(deaf in fault and "shows ahead" in fault for fault in planted["faults"])
    assert any(liar in fault and "shows ahead" in fault for fault in planted["faults"])
    assert any(muddled in fault and "then heard" in fault for fault in planted["faults"])


def test_a_phone_that_shows_the_truth_is_left_in_peace() -> None:
    assert said_of(frame()) == []


def test_each_untrue_part_of_a_frame_is_named() -> None:
    assert said_of(frame(state="called")) == ["b0, ada: shows state 'called', is 'waiting'"]
    assert said_of(frame(ahead=2)) == ["b0, ada: shows ahead 2, is 3"]
    assert said_of(frame(near="true")) == ["b0, ada: shows near True, is False"]
    assert said_of(frame(now='["A003"]')) == ["b0, ada: shows now ['A003'], is ['A004', 'A003']"]
    assert said_of(frame(v=8)) == ["b0, ada: is at version 8, the last action made 9"]


def test_a_phone_that_heard_nothing_shows_nothing_true() -> None:
    assert len(said_of()) == 5


def test_a_ticket_that_the_server_does_not_know_is_named() -> None:
    audience = watching(frame())
    assert compared(audience, {}, [], 9) == ["b0, ada: the server knows no such ticket"]


def test_a_heartbeat_brings_the_version_and_leaves_the_rest() -> None:
    assert said_of(frame(v=8), '{"e":1,"v":9,"at":1795286400}') == []


def test_a_version_that_goes_back_is_noticed_also_after_a_new_connection() -> None:
    audience = watching(frame(v=9))
    (phone,) = audience.phones
    phone.closed(1006)
    phone.said(frame(v=8).encode())
    assert audience.complaints == ["ada was at (1, 9), then heard (1, 8)"]


def test_a_new_epoch_may_begin_anywhere() -> None:
    assert watching(frame(v=9), frame(e=2, v=1)).complaints == []


def said_of(*frames: str) -> list[str]:
    return compared(watching(*frames), {"ada": TOLD}, ["B001", "A004", "A003", "A002"], 9)


def watching(*frames: str) -> Audience:
    """Ada's phone alone, after it was sent these frames."""
    audience = Audience("b0")
    phone = Phone(b"", audience, "ada")
    for text in frames:
        phone.said(text.encode())
    return audience


def frame(**parts: Any) -> str:
    words = {"e": 1, "v": 9, "m": 7, "state": "waiting", "ahead": 3, "near": "false", "now": '["A004","A003"]'} | parts
    return (
        '{{"e":{e},"v":{v},"m":{m},"state":"{state}","ahead":{ahead},"near":{near},"wait":null,"now":{now},"at":1}}'
    ).format(**words)
