"""How a room full of phones is told: each its own frame when there is news for it, row by row, and nobody twice."""

import asyncio
import json
from collections import Counter
from dataclasses import replace

import pytest

from server.live import watching
from server.live.hub import Hub
from server.live.views import BoardView, TicketView
from server.live.watching import Topic
from server.live.wire import HEARTBEAT_SECONDS
from tests.live.simulated import Ear, FakeBoards, a_hub, heard, listening, silence, simulate, still
from tests.live.test_hub import LOBBY, WALL, running
from tests.screens.lobby_boards import board, call, service

CROWD = 2_000


class Crowd(FakeBoards):
    """A queue in which everybody moves up by one with each version; the first `unmoved` stay where they are."""

    def __init__(self, size: int, unmoved: int = 0) -> None:
        super().__init__()
        self.size, self.unmoved, self.epoch = size, unmoved, 1
        (self._one,) = board(call("A001")).by_ticket.values()
        self._still = [self._ticket(n, 0) for n in range(unmoved)]

    def view(self) -> BoardView:
        moving = [self._ticket(n, self.version) for n in range(self.unmoved, self.size)]
        queue = service(id="new-passport", now_serving=("A001",))
        everybody = {ticket.id: ticket for ticket in [*self._still, *moving]}
        return replace(super().view(), epoch=self.epoch, services=(queue,), by_ticket=everybody)

    def is_asked_for(self, version: int) -> None:
        """By somebody's page, while we were telling; the nudge has not come yet."""
        self.version = version
        self._last = replace(self.view(), version=version)

    def _ticket(self, n: int, version: int) -> TicketView:
        return self._one._replace(id=f"t{n}", state="waiting", ahead=n + 100 - version, moved=1, near=False)


def phone(n: int) -> Topic:
    return Topic("ticket", "harbour", f"t{n}")


async def crowd(hub: Hub, size: int) -> list[Ear]:
    """So many phones, each of which has heard its first frame."""
    ears = [await listening(hub, phone(n), ("ticket", f"t{n}")) for n in range(size)]
    for n, ear in enumerate(ears):
        assert json.loads(await heard(ear, 0.001) or "")["ahead"] == n + 99
    return ears


def test_everybody_is_told_what_is_true_for_them() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(CROWD))
        ears = await crowd(hub, CROWD)
        hub.announced("harbour", 2)
        for n, ear in enumerate(ears):
            frame = json.loads(await heard(ear, 1) or "")
            assert (frame["v"], frame["ahead"]) == (2, n + 98)

    simulate(story())


def test_between_two_rows_it_is_everybody_elses_turn() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(CROWD))
        ears = await crowd(hub, CROWD)
        hub.announced("harbour", 2)
        await asyncio.sleep(1)
        assert _sent(ears) == 2 * CROWD
        assert _most_in_one_turn(ears) == watching.ROW

    simulate(story())


def test_where_many_come_and_go_rows_are_filled_again_and_everybody_is_told_once() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(CROWD))
        ears = await crowd(hub, CROWD)
        for ear in ears[: CROWD // 2]:
            ear.hangs_up()
        later = ears[CROWD // 2 :] + await crowd(hub, CROWD // 4)
        hub.announced("harbour", 2)
        await asyncio.sleep(1)
        assert hub.count() == len(later)
        assert _sent(ears[: CROWD // 2]) == CROWD // 2
        assert _sent(later) == 2 * len(later)
        assert _most_in_one_turn(later) == watching.ROW
        assert len({ear.spoken_in[-1] for ear in later}) == len(later) / watching.ROW

    simulate(story())


def test_heartbeats_come_row_by_row_too() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(CROWD))
        ears = await crowd(hub, CROWD)
        async with running(hub):
            await asyncio.sleep(HEARTBEAT_SECONDS + 1.5)
        assert _sent(ears) == 2 * CROWD
        assert _most_in_one_turn(ears) == watching.ROW

    simulate(story())


def test_a_crowd_told_in_one_go_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ROW", CROWD)

    async def story() -> None:
        hub = a_hub(Crowd(CROWD))
        ears = await crowd(hub, CROWD)
        hub.announced("harbour", 2)
        await asyncio.sleep(1)
        assert _most_in_one_turn(ears) == CROWD

    simulate(story())


def test_what_moves_on_while_a_crowd_is_told_reaches_the_rest_at_once_and_the_others_next() -> None:
    async def story() -> None:
        boards = Crowd(CROWD)
        hub = a_hub(boards)
        ears = await crowd(hub, CROWD)
        hub.announced("harbour", 2)
        ears[0].aside = lambda: boards.is_asked_for(3)
        versions = [[json.loads(await heard(ear, 1) or "")["v"]] for ear in ears]
        for ear, heard_so_far in zip(ears, versions, strict=True):
            if heard_so_far == [2]:
                heard_so_far.append(json.loads(await heard(ear, 1) or "")["v"])
            assert await silence(ear, 0.2)
        assert {tuple(each) for each in versions} == {(2, 3), (3,)}

    simulate(story())


def test_a_phone_whose_ticket_stays_where_it_is_hears_nothing() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(CROWD, unmoved=CROWD - 1))
        ears = [await listening(hub, phone(n)) for n in range(CROWD)]
        for ear in ears:
            await heard(ear, 0.001)
        for version in range(2, 5):
            hub.announced("harbour", version)
            await asyncio.sleep(0.2)
        assert _sent(ears) - CROWD == 1  # and that one has not yet read it

    simulate(story())


def test_a_notice_is_news_to_every_phone_once_and_so_is_its_end() -> None:
    async def story() -> None:
        boards = Crowd(CROWD, unmoved=CROWD)
        hub = a_hub(boards)
        ears = [await listening(hub, phone(n)) for n in range(CROWD)]
        for ear in ears:
            assert "notice" not in json.loads(await heard(ear, 0.001) or "")
        marks = []
        for version, notice in enumerate(({"en": "Fire drill"}, {"en": "Over"}, None), 2):
            boards.notice = notice  # type: ignore[assignment]
            hub.announced("harbour", version)
            frames = [json.loads(await heard(ear, 1) or "") for ear in ears]
            marks.append({frame.get("notice") for frame in frames})
            hub.announced("harbour", version)
            await asyncio.sleep(0.2)
        assert _sent(ears) == 4 * CROWD
        assert [len(each) for each in marks] == [1, 1, 1]
        assert marks[0] != marks[1]
        assert marks[2] == {None}

    simulate(story())


def test_a_restore_is_news_even_when_nothing_else_is() -> None:
    async def story() -> None:
        boards = Crowd(1, unmoved=1)
        hub = a_hub(boards)
        ear = await listening(hub, phone(0))
        await heard(ear, 0.001)
        boards.epoch = 2
        hub.announced("harbour", 2)
        assert json.loads(await heard(ear, 1) or "")["e"] == 2

    simulate(story())


def test_two_phones_of_one_ticket_hear_the_same() -> None:
    async def story() -> None:
        hub = a_hub(Crowd(1))
        ears = [await listening(hub, phone(0)) for _ in range(2)]
        assert len({await heard(ear, 0.001) for ear in ears}) == 1
        hub.announced("harbour", 2)
        assert len({await heard(ear, 1) for ear in ears}) == 1

    simulate(story())


def test_one_screen_is_drawn_once_however_many_look_at_it() -> None:
    drawn: list[int] = []

    def counted(view: BoardView, language: str, subject: str) -> bytes:
        drawn.append(view.version)
        return f"<p>{view.version}</p>".encode()

    async def story() -> None:
        hub = a_hub(FakeBoards(), {"lobby": counted})
        ears = [await listening(hub, LOBBY, WALL) for _ in range(50)]
        hub.announced("harbour", 2)
        await asyncio.sleep(1)
        assert drawn == [1, 2]
        for ear in ears:
            assert '"v":1' in (await heard(ear, 0.001) or "")
            assert '"v":2' in (await heard(ear, 0.001) or "")

    simulate(story())


def test_who_begins_to_watch_on_a_line_that_is_full_is_told_when_it_is_not() -> None:
    """Nothing is piled up there: as when pings fill it whose answers are not read."""

    class Full(Ear):
        is_full = True

    async def story() -> None:
        hub, ear = a_hub(FakeBoards(), {"lobby": still}), Full()
        watcher = await hub.watch(LOBBY, {WALL}, ear)
        assert await silence(ear, 0.001)
        watcher.ready_again()
        assert await heard(ear, 0.001)

    simulate(story())


def test_a_line_that_breaks_in_our_hands_ends_and_nobody_else_notices() -> None:
    class Broken(Ear):
        def write(self, message: bytes) -> None:
            raise ZeroDivisionError

    async def story() -> None:
        hub = a_hub(FakeBoards(), {"lobby": still})
        await hub.watch(LOBBY, {WALL}, Broken())
        await asyncio.sleep(0)
        assert hub.count() == 0
        assert await heard(await listening(hub, LOBBY, WALL), 0.001)

    simulate(story())


def _most_in_one_turn(ears: list[Ear]) -> int:
    """Of what was written to them last."""
    ((_, most),) = Counter(ear.spoken_in[-1] for ear in ears).most_common(1)
    return most


def _sent(ears: list[Ear]) -> int:
    return sum(len(ear.spoken_in) for ear in ears)
