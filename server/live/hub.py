"""Brings the newest view of a branch to everybody who watches it; nobody waits for a slow one."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from server import observe
from server.domain.errors import NotFound, Refusal
from server.live.board import Boards
from server.live.views import BoardView
from server.live.watching import Audience, Line, Room, Topic, Watcher
from server.live.wire import (
    HEARTBEAT_SECONDS,
    Close,
    alike,
    branch_frame,
    dumped,
    fragment,
    framed,
    heartbeat,
    phone_frame,
)

COALESCE_SECONDS = 0.05  # a burst costs one refresh; a call is delayed by this at the most
FIRST_SECONDS = 0.01  # the answer to who acted goes out before the screens are drawn
DOUBT = timedelta(seconds=3)  # between a right that ends and the clocks that say when
PER_TICKET = 20  # sockets here: many more pages than anybody opens of one ticket, and few of the files there may be
REDRAW_SECONDS = 5.0  # minutes on screens move on while nothing else does
BROKEN = "a line could not be written to"
Screen = Callable[[BoardView, str, str], bytes]
"""(view, language, subject) → the fragment of one audience."""
log = logging.getLogger(__name__)


class Hub:
    """Who watches what. A watcher is told the newest state once it changes for it and its line is ready."""

    def __init__(self, boards: Boards, screens: Mapping[str, Screen], clock: Callable[[], datetime]) -> None:
        self._boards, self._screens, self._clock = boards, screens, clock
        self._rooms: dict[str, Room] = {}
        self._phones: Counter[str] = Counter()  # by ticket
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._drawn: dict[str, float] = {}

    def announced(self, branch_id: str, version: int) -> None:
        """A nudge from the bus."""
        self._boards.announced(branch_id, version)
        if branch_id in self._rooms:
            observe.moved_on(branch_id, version)
            self._schedule(branch_id)

    def doubted(self) -> None:
        """The bus may have missed something: every branch that is watched is looked at now."""
        self._boards.doubt()
        for branch_id in self._rooms:
            self._schedule(branch_id)

    async def watch(self, topic: Topic, holders: Iterable[tuple[str, str]], line: Line) -> Watcher:
        """Begin to watch: the newest state is on its way at once. NotFound: there is nothing to be seen there."""
        watcher = Watcher(self, topic, frozenset(holders), self._clock(), line)
        view = await self._boards.fresh(topic.branch_id)
        if watcher.is_phone and topic.subject not in view.by_ticket:
            await self._tell_of_old(watcher)
        return self._entered(watcher)

    def can_watch_at_once(self, branch_id: str, ticket_id: str) -> bool:
        """Whether nothing need be asked to show that ticket as it is."""
        view = self._boards.at_hand(branch_id)
        return view is not None and ticket_id in view.by_ticket

    def watch_at_once(self, topic: Topic, holders: Iterable[tuple[str, str]], line: Line) -> Watcher:
        """`watch`, where it has just been found that it can."""
        return self._entered(Watcher(self, topic, frozenset(holders), self._clock(), line))

    def catch_up(self, watcher: Watcher) -> None:
        """Tell what is newest, unless it was told already."""
        view, room = self._boards.last(watcher.topic.branch_id), self._rooms.get(watcher.topic.branch_id)
        if view is None or room is None:
            return
        if watcher.is_phone:
            self._tell_phones(room, view, [watcher])
        elif audience := room.audiences.get(watcher.topic):
            self._tell_audience(watcher.topic, audience, view, [watcher])

    def leave(self, watcher: Watcher) -> None:
        branch_id = watcher.topic.branch_id
        if (room := self._rooms.get(branch_id)) is not None and room.leave(watcher):
            observe.socket_closed(watcher.topic.kind)
            if watcher.is_phone:
                self._phones[watcher.subject] -= 1
                if not self._phones[watcher.subject]:
                    del self._phones[watcher.subject]
            if not room:
                del self._rooms[branch_id]

    def revoke(self, kind: str, subject: str, at: datetime) -> None:
        """End every socket that this session, person, device or ticket held `at` that moment.

        Whoever came at about that moment may hold the new right, as a screen paired anew: they are asked again.
        """
        for watcher in self._all():
            if (kind, subject) in watcher.holders:
                watcher.close(Close.NOT_YOURS if watcher.since < at - DOUBT else Close.RESTART)

    def screens(self) -> set[str]:
        """The paired screens that are connected to this process."""
        return {id for watcher in self._all() for kind, id in watcher.holders if kind == "device"}

    def sessions(self) -> set[str]:
        """The sessions of staff with something open in this process."""
        return {id for watcher in self._all() for kind, id in watcher.holders if kind == "session"}

    def close(self) -> None:
        """Everybody is told to come back: the server stops, or who they are must be asked again."""
        for watcher in self._all():
            watcher.close(Close.RESTART)

    def count(self) -> int:
        """Sockets that are watched from."""
        return sum(len(room) for room in self._rooms.values())

    async def run(self) -> None:
        """Heartbeats, and screens drawn again while nothing moves; until cancelled."""
        while True:
            await asyncio.sleep(1)
            for branch_id in list(self._rooms):
                if self._is_over(branch_id) or _time() - self._drawn.get(branch_id, 0.0) >= REDRAW_SECONDS:
                    self._schedule(branch_id, redraw=True)
                await self._beat(branch_id)

    def _entered(self, watcher: Watcher) -> Watcher:
        branch_id = watcher.topic.branch_id
        if watcher.is_phone:
            if self._phones[watcher.subject] >= PER_TICKET:
                watcher.close(Close.SLOW)  # "try again later" (RFC 6455's 1013): some may be dead, and go by themselves
                return watcher
            self._phones[watcher.subject] += 1
        if branch_id not in self._rooms:
            self._rooms[branch_id] = Room()
            observe.watched(branch_id)
        self._rooms[branch_id].enter(watcher)
        observe.socket_opened(watcher.topic.kind)
        self.catch_up(watcher)
        return watcher

    def _all(self) -> list[Watcher]:
        return [watcher for room in self._rooms.values() for watcher in room]

    def _is_over(self, branch_id: str) -> bool:
        """Whether its view says by now what is not so any more, such as a notice whose time is up."""
        view = self._boards.last(branch_id)
        return view is not None and view.is_over(self._clock())

    def _schedule(self, branch_id: str, *, redraw: bool = False) -> None:
        """`redraw`: also when nothing has moved since it was drawn last."""
        if branch_id in self._refreshing:
            self._again.add(branch_id)
            return
        self._refreshing[branch_id] = asyncio.create_task(self._refresh(branch_id, redraw=redraw))

    async def _refresh(self, branch_id: str, *, redraw: bool) -> None:
        """Draw and tell; then rest, so that what is announced meanwhile costs one more refresh, not many."""
        try:
            await asyncio.sleep(FIRST_SECONDS)
            self._drawn[branch_id] = _time()
            view = await (self._boards.refresh if redraw else self._boards.fresh)(branch_id)
            await self._tell_all(branch_id)
            observe.shown(branch_id, view.version)
            if self._boards.last(branch_id) is not view:  # who was told first has not heard of it
                self._again.add(branch_id)
            await asyncio.sleep(COALESCE_SECONDS - FIRST_SECONDS)
        except Refusal as refusal:  # the database is away: screens say "not connected" when the heartbeats stop
            log.warning("board of %s was not refreshed: %s", branch_id, refusal.slug)
            await asyncio.sleep(1)
        except Exception:
            log.exception("board of %s was not refreshed", branch_id)
            await asyncio.sleep(1)
        finally:
            del self._refreshing[branch_id]
        if branch_id in self._again:
            self._again.discard(branch_id)
            self._schedule(branch_id)

    async def _tell_all(self, branch_id: str) -> None:
        """Row by row, each of what is newest by then: other branches, requests and heartbeats come in between."""
        room = self._rooms.get(branch_id, Room())
        for row in room.phones.now():
            if view := self._boards.last(branch_id):
                self._tell_phones(room, view, row)
            await asyncio.sleep(0)
        for topic, audience in list(room.audiences.items()):
            for row in audience.watchers.now():
                if view := self._boards.last(branch_id):
                    self._tell_audience(topic, audience, view, row)
                await asyncio.sleep(0)

    def _tell_phones(self, room: Room, view: BoardView, watchers: Iterable[Watcher]) -> None:
        """Each its own frame, if its line is ready and there is news for it."""
        frames, at, tickets, told_now = room.frames(view, self._clock()), _time(), view.by_ticket, 0
        for watcher in watchers:
            ticket, told = tickets.get(watcher.subject), watcher.ticket
            if ticket is None or watcher.deliver is None:
                continue
            around = frames.around.get(ticket.service, frames.around_archived)
            is_news = told is None or watcher.around != around or not (told is ticket or alike(told, ticket))
            watcher.ticket, watcher.around = ticket, around
            if is_news:
                _write(watcher, frames.message(ticket), at)
                told_now += 1
        observe.frames_sent("ticket", told_now)

    def _tell_audience(self, topic: Topic, audience: Audience, view: BoardView, watchers: Iterable[Watcher]) -> None:
        if audience.drawn_of is not view:
            audience.drawn_of, audience.content = view, self._content(topic, view)
        content = audience.content
        if content is None:
            return
        message, at, told_now = b"", _time(), 0
        for watcher in watchers:
            if watcher.deliver is not None and watcher.content != content:
                message = message or framed(self._text(topic, view, content))
                watcher.content, watcher.heard_at = content, at
                told_now += 1
                try:  # as in `_write`: a call of it for each of thousands costs a twentieth of the whole
                    watcher.deliver(message)
                except Exception:
                    log.exception(BROKEN)
                    _ends(watcher)
        observe.frames_sent(topic.kind, told_now)

    def _content(self, topic: Topic, view: BoardView) -> str | None:
        """What of an audience's message is worth sending by itself; None when it cannot be drawn."""
        if topic.kind == "branch":
            return dumped(branch_frame(view) | {"v": 0})
        try:
            return self._screens[topic.kind](view, topic.language, topic.subject).decode()
        except Exception:
            log.exception("the %s screen of %s could not be drawn", topic.kind, topic.branch_id)
            return None

    def _text(self, topic: Topic, view: BoardView, content: str) -> str:
        if topic.kind == "branch":
            return dumped(branch_frame(view))
        return fragment(view, content, self._clock())

    async def _tell_of_old(self, watcher: Watcher) -> None:
        """A ticket that closed long ago: nothing of it moves any more but the heartbeat."""
        view, ticket = await self._boards.framed(watcher.topic.branch_id, watcher.subject)
        if ticket is None:
            raise NotFound
        if watcher.deliver is not None:
            _write(watcher, framed(dumped(phone_frame(view, ticket, self._clock()))), _time())
            observe.frames_sent("ticket")

    async def _beat(self, branch_id: str) -> None:
        """Only while the view is known to be true: a heartbeat is a promise."""
        view, room, now = self._boards.last(branch_id), self._rooms.get(branch_id), _time()
        # Either way: a clock that was set back must not make an old view look new.
        if view is None or room is None or abs((self._clock() - view.at).total_seconds()) > REDRAW_SECONDS * 2:
            return
        beat = framed(heartbeat(view, self._clock()))
        for row in room.believing():
            # Whoever was told something since we began is not due, so no older version follows a newer one.
            due = [w for w in row if now - w.heard_at >= HEARTBEAT_SECONDS and w.deliver is not None]
            for watcher in due:
                _write(watcher, beat, now)
            for kind, count in Counter(watcher.topic.kind for watcher in due).items():
                observe.frames_sent(kind, count)
            await asyncio.sleep(0)


def _write(watcher: Watcher, message: bytes, at: float) -> None:
    """To who has been found to take it."""
    assert watcher.deliver is not None
    watcher.heard_at = at
    try:
        watcher.deliver(message)
    except Exception:
        log.exception(BROKEN)
        _ends(watcher)


def _ends(watcher: Watcher) -> None:
    """One line that broke in our hands must not keep the others from being told; not at once, its row is being told."""
    watcher.full()
    asyncio.get_running_loop().call_soon(watcher.ended)


def _time() -> float:
    return asyncio.get_running_loop().time()
