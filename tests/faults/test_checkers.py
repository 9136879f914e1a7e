"""Positive controls: what watches the watchers notices each thing it is there for."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.faults import watchers
from tests.faults.crowd import Ledger
from tests.faults.thinning import Nudges
from tests.faults.truth import Facts, delays, gone_back, too_quiet, untrue
from tests.faults.waiting import until
from tests.faults.watchers import Heard, Watcher, watching
from tests.running import ROOT

LIVE_JS = ROOT / "server" / "web" / "static" / "live.js"


def a_phone(*versions: int, epoch: int = 1) -> Watcher:
    """One that was shown these, a second apart, on one connection."""
    phone = Watcher("ticket", "/", {}, 0, Random(1), of="ada", lines=1)
    phone.shown = [Heard(float(at), 1, epoch, version, True, frame(version)) for at, version in enumerate(versions)]
    phone.heard = list(phone.shown)
    return phone


def frame(v: int, e: int = 1, **more: Any) -> dict[str, Any]:
    return {"e": e, "v": v, "m": 1, "state": "waiting", "ahead": 0, **more}


def facts(**more: Any) -> Facts:
    ada = {"id": "ada", "number": "A001", "state": "waiting", "moved": 1, **more}
    waiting = ["ada"] if ada["state"] == "waiting" else []
    return Facts(7, {"ada": ada}, waiting, [])


def test_a_version_that_goes_back_is_noticed_and_a_new_epoch_is_none() -> None:
    assert gone_back([a_phone(4, 4, 5, 9)]) == []
    assert len(gone_back([a_phone(4, 5, 4)])) == 2  # shown, and sent
    phone = a_phone(40, 50)
    phone.shown.append(Heard(9.0, 2, 2, 3, True, frame(3, 2)))
    assert gone_back([phone]) == []


async def test_a_server_that_sends_an_older_version_is_noticed_though_the_phone_ignores_it() -> None:
    async def server(line: ServerConnection) -> None:
        for version in (5, 4, 6):
            await line.send(json.dumps(frame(version)))
        await line.wait_closed()

    async with serve(server, "127.0.0.1", 0) as serving:
        port = next(iter(serving.sockets)).getsockname()[1]
        async with watching([Watcher("ticket", "/", {}, port, Random(1), of="ada")]) as [phone]:
            await until(lambda: len(phone.heard) == 3)
    assert [shown.version for shown in phone.shown] == [5, 6]
    assert gone_back([phone]) == ["ticket ada was sent (1, 4) after (1, 5) on line 1"]


async def test_whoever_is_told_not_to_come_back_does_not_and_is_noticed() -> None:
    async def server(line: ServerConnection) -> None:
        await line.close(4401)

    async with serve(server, "127.0.0.1", 0) as serving:
        port = next(iter(serving.sockets)).getsockname()[1]
        async with watching([Watcher("ticket", "/", {}, port, Random(1), of="ada")]) as [phone]:
            await until(lambda: phone.ended)
    assert untrue([phone], facts()) == ["ticket ada was told 4401: not to come back"]


def test_a_silence_longer_than_a_heartbeat_is_noticed_and_a_cut_is_none() -> None:
    phone = a_phone(1, 2, 3)
    assert too_quiet([phone], until=12.0) == []
    assert too_quiet([phone], until=14.0) == ["ticket ada heard nothing for 12.0 s"]
    phone.lines = 2
    assert too_quiet([phone], until=14.0) == []


def test_a_phone_that_shows_what_was_is_noticed() -> None:
    assert untrue([a_phone(7)], facts()) == []
    assert len(untrue([a_phone(7)], facts(state="called"))) == 1
    assert len(untrue([a_phone(7)], facts(moved=2))) == 1
    assert untrue([a_phone()], facts()) == ["ticket ada shows nothing"]


def test_a_call_that_comes_late_or_never_is_measured() -> None:
    assert delays([a_phone(5, 6)], {5: 0.0, 6: 0.25}) == [0.0, 0.75]
    assert delays([a_phone(5, 6)], {7: 0.0}) == [float("inf")]


def test_a_ledger_notices_what_was_lost_forgotten_or_done_twice() -> None:
    there = facts()
    assert Ledger(joined={"ada": "A001"}).missing(there) == []
    assert Ledger(joined={"bo": "A002"}).missing(there) == ["A002"]
    assert Ledger(joined={"ada": "A001"}, called={"ada": 3}).missing(there) == ["A001"]
    assert Ledger().unasked(there) == ["A001"]
    twice = Facts(7, {**there.tickets, "bo": {**there.tickets["ada"], "id": "bo"}}, [], [])
    assert Ledger(joined={"ada": "A001", "bo": "A001"}).missing(twice) == ["A001"]


@pytest.mark.parametrize("name", ["SILENCE", "OPENING", "CONNECT", "FIRST", "LATER", "REVOKED"])
def test_our_watchers_come_back_as_the_pages_do(name: str) -> None:
    said = re.search(rf"const {name} = ([\d_]+);", Path(LIVE_JS).read_text())
    assert said is not None
    factor = 1 if name == "REVOKED" else 1000
    assert getattr(watchers, name) * factor == int(said[1].replace("_", ""))


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("head", [b"*3", b">3"])
def test_the_nudges_that_are_lost_are_the_same_however_the_bytes_come(head: bytes, size: int) -> None:
    nudges = [head + b"\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n%d\r\n" % n for n in range(6)]
    answers = [b"+PONG\r\n", b"$-1\r\n", b"*0\r\n", b"%1\r\n+a\r\n:1\r\n"]
    losing, chance = Nudges(one_in=3, chance=Random(3)), Random(3)
    arriving = [nudge for nudge in nudges if chance.randrange(3)]
    arrives = losing()
    sent = b"".join([*answers, *nudges, *answers])
    kept = b"".join(arrives(sent[at : at + size]) for at in range(0, len(sent), size))
    assert kept == b"".join([*answers, *arriving, *answers])
    assert (losing.sent, losing.lost) == (6, 2)
    assert list(losing.heard) == [(b"c", b"%d" % n) for n in range(6)]
