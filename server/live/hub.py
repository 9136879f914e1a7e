"""Who watches what: each watcher has a mailbox of one, the newest state, and nobody waits for a slow one."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.errors import Refusal
from server.live.board import Boards
from server.live.views import BoardView
from server.live.wire import HEARTBEAT_SECONDS, Close, branch_frame, dumped, fragment, heartbeat, phone_frame

COALESCE_SECONDS = 0.05  # a burst costs one refresh; a call is delayed by this at the most
FIRST_SECONDS = 0.01  # the answer to who acted goes out before the screens are drawn
DOUBT = timedelta(seconds=3)  # between a right that ends and the clocks that say when
REDRAW_SECONDS = 5.0  # minutes on screens move on while nothing else does
Screen = Callable[[BoardView, str, str], bytes]
"""(view, language, subject) → the fragment of one audience."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """What is watched. kind: ticket, branch, or an audience of SCREENS; subject: ticket, device or counter id."""

    kind: str
    branch_id: str
    subject: str = ""
    language: str = ""


class Watcher:
    """One socket's mailbox. `holders`: whose revocation ends it, as (kind, id)."""

    def __init__(self, topic: Topic, holders: frozenset[tuple[str, str]], since: datetime) -> None:
        self.topic, self.holders, self.since = topic, holders, since
        self.closed: Close | None = None
        self.filled_at = 0.0
        self._message: str | None = None
        self._content: object = None
        self._wake = asyncio.Event()

    def put(self, message: str, content: object, at: float) -> None:
        """The newest state replaces what was not sent yet. `content`: what of it is worth sending by itself."""
        self._message, self._content, self.filled_at = message, content, at
        self._wake.set()

    def beat(self, message: str, at: float) -> None:
        """A heartbeat, unless something newer than it still waits to be sent."""
        self.filled_at = at
        if self._message is None:
            self._message = message
            self._wake.set()

    def shows(self, content: object) -> bool:
        return self._content == content

    def close(self, code: Close) -> None:
        self.closed = self.closed or code
        self._wake.set()

    async def next(self) -> str | None:
        """The newest message; None when the socket is to be closed with `closed`."""
        while self.closed is None:
            await self._wake.wait()
            self._wake.clear()
            if self._message is not None and self.closed is None:
                message, self._message = self._message, None
                return message
        return None


class Hub:
    """Brings every branch's newest view to whoever watches it."""

    def __init__(self, boards: Boards, screens: Mapping[str, Screen], clock: Callable[[], datetime]) -> None:
        self._boards, self._screens, self._clock = boards, screens, clock
        self._watchers: defaultdict[str, defaultdict[Topic, set[Watcher]]] = defaultdict(lambda: defaultdict(set))
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._undrawn: set[Topic] = set()  # what they show is not true any more: no heartbeat says so
        self._drawn: dict[str, float] = {}

    def announced(self, branch_id: str, version: int) -> None:
        """A nudge from the bus."""
        self._boards.announced(branch_id, version)
        if branch_id in self._watchers:
            self._schedule(branch_id)

    async def watch(self, topic: Topic, holders: Iterable[tuple[str, str]]) -> Watcher:
        """Begin to watch: the newest state is in the mailbox at once."""
        watcher = Watcher(topic, frozenset(holders), self._clock())
        view = await self._boards.fresh(topic.branch_id)
        if topic.kind == "ticket" and topic.subject not in view.by_ticket:
            await self._deliver_old(watcher)  # closed long ago: nothing moves any more but the heartbeat
        self._watchers[topic.branch_id][topic].add(watcher)
        self._deliver(self._boards.last(topic.branch_id) or view, topic, [watcher])
        return watcher

    def leave(self, watcher: Watcher) -> None:
        topics = self._watchers.get(watcher.topic.branch_id)
        if topics is None or watcher.topic not in topics:
            return
        topics[watcher.topic].discard(watcher)
        if not topics[watcher.topic]:
            del topics[watcher.topic]
            self._undrawn.discard(watcher.topic)
        if not topics:
            del self._watchers[watcher.topic.branch_id]

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

    def close(self) -> None:
        """The server stops: everybody is told to come back."""
        for watcher in self._all():
            watcher.close(Close.RESTART)

    def count(self) -> int:
        return sum(len(watchers) for topics in self._watchers.values() for watchers in topics.values())

    async def run(self) -> None:
        """Heartbeats, and screens drawn again while nothing moves; until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = asyncio.get_running_loop().time()
            for branch_id in list(self._watchers):
                if now - self._drawn.get(branch_id, 0.0) >= REDRAW_SECONDS:
                    self._schedule(branch_id, redraw=True)
                self._beat(branch_id, now)

    def _all(self) -> list[Watcher]:
        return [w for topics in self._watchers.values() for watchers in topics.values() for w in watchers]

    def _schedule(self, branch_id: str, *, redraw: bool = False) -> None:
        """`redraw`: also when nothing has moved since it was drawn last."""
        if branch_id in self._refreshing:
            self._again.add(branch_id)
            return
        self._refreshing[branch_id] = asyncio.create_task(self._refresh(branch_id, redraw=redraw))

    async def _refresh(self, branch_id: str, *, redraw: bool) -> None:
        """Draw and deliver; then rest, so that what is announced meanwhile costs one more refresh, not many."""
        try:
            await asyncio.sleep(FIRST_SECONDS)
            self._drawn[branch_id] = asyncio.get_running_loop().time()
            view = await (self._boards.refresh if redraw else self._boards.fresh)(branch_id)
            for topic, watchers in list(self._watchers.get(branch_id, {}).items()):
                self._deliver(view, topic, watchers)
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

    def _deliver(self, view: BoardView, topic: Topic, watchers: Iterable[Watcher]) -> None:
        made = self._message(view, topic)
        if made is None:
            return
        message, content = made
        at = asyncio.get_running_loop().time()
        for watcher in watchers:
            if not watcher.shows(content):
                watcher.put(message, content, at)

    def _message(self, view: BoardView, topic: Topic) -> tuple[str, object] | None:
        """The message for a topic, and what of it is worth sending by itself."""
        if topic.kind == "ticket":
            ticket = view.by_ticket.get(topic.subject)
            if ticket is None:
                return None
            frame = phone_frame(view, ticket, self._clock())
            return dumped(frame), frame | {"v": 0, "at": 0}
        if topic.kind == "branch":
            frame = branch_frame(view)
            return dumped(frame), frame | {"v": 0}
        try:
            html = self._screens[topic.kind](view, topic.language, topic.subject)
        except Exception:
            log.exception("the %s screen of %s could not be drawn", topic.kind, topic.branch_id)
            self._undrawn.add(topic)
            return None
        self._undrawn.discard(topic)
        return fragment(view, html, self._clock()), html.decode()

    async def _deliver_old(self, watcher: Watcher) -> None:
        view, ticket = await self._boards.ticket(watcher.topic.branch_id, watcher.topic.subject)
        if ticket is None:
            watcher.close(Close.GONE)
        else:
            frame = dumped(phone_frame(view, ticket, self._clock()))
            watcher.put(frame, frame, asyncio.get_running_loop().time())

    def _beat(self, branch_id: str, now: float) -> None:
        """Only while the view is known to be true: a heartbeat is a promise."""
        view = self._boards.last(branch_id)
        # Either way: a clock that was set back must not make an old view look new.
        if view is None or abs((self._clock() - view.at).total_seconds()) > REDRAW_SECONDS * 2:
            return
        beat = heartbeat(view, self._clock())
        for topic, watchers in list(self._watchers.get(branch_id, {}).items()):
            for watcher in watchers if topic not in self._undrawn else ():
                if now - watcher.filled_at >= HEARTBEAT_SECONDS:
                    watcher.beat(beat, now)
