"""Who watches: one watcher per socket, at the end of a line; a line takes one message at a time, or none."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Protocol

from server.live.views import BoardView, TicketView
from server.live.wire import Close, PhoneFrames

ROW = 500  # watchers that are told in one go: a few milliseconds, then everybody else's turn


@dataclass(frozen=True, slots=True)
class Topic:
    """What is watched. kind: ticket, branch, or an audience of SCREENS; subject: ticket, device or counter id."""

    kind: str
    branch_id: str
    subject: str = ""
    language: str = ""


Write = Callable[[bytes], None]
"""A message as `wire.framed` makes it. Returns at once and never raises for what the client did."""


class Line(Protocol):
    """The way to one client. It says to its watcher when it is full, when it is ready again and when it has ended."""

    watcher: "Watcher | None"
    """None: nobody watches yet, or any more."""

    @property
    def is_full(self) -> bool:
        """Already when somebody begins to watch."""
        ...

    @property
    def write(self) -> Write: ...

    def close(self, code: Close) -> None: ...


class Listener(Protocol):
    """What a watcher tells of its line: the hub."""

    def catch_up(self, watcher: "Watcher") -> None: ...
    def leave(self, watcher: "Watcher") -> None: ...


class Watcher:
    """One socket. `holders`: whose revocation ends it, as (kind, id); `deliver`: its line's `write`, None when full.

    What its client was told last is remembered, not what it missed: a line that was not ready is told the newest then.
    """

    __slots__ = (
        "_alarm",
        "_hub",
        "around",
        "closed",
        "content",
        "deliver",
        "heard_at",
        "holders",
        "line",
        "since",
        "subject",
        "ticket",
        "topic",
    )  # laid out in this order: what telling one needs lies side by side

    def __init__(
        self, hub: Listener, topic: Topic, holders: frozenset[tuple[str, str]], since: datetime, line: Line
    ) -> None:
        self._hub, self.topic, self.subject, self.line = hub, topic, topic.subject, line
        self.holders, self.since = holders, since
        self.closed: Close | None = None
        self.heard_at = 0.0
        self.ticket: TicketView | None = None  # a phone was told this of its ticket,
        self.around: object = None  # and this of what is around it
        self.content: str | None = None  # a screen was told this
        self._alarm: asyncio.TimerHandle | None = None
        # Kept here: to look it up at the line costs more than to tell it.
        self.deliver: Write | None = None if line.is_full else line.write
        line.watcher = self

    @property
    def is_phone(self) -> bool:
        return self.topic.kind == "ticket"

    def ends_in(self, seconds: float) -> None:
        """With the session that it was let in with."""
        self._alarm = asyncio.get_running_loop().call_later(seconds, self.close, Close.NOT_YOURS)

    def close(self, code: Close) -> None:
        """Tell the client why, and forget it. The first reason counts."""
        if self.closed is None:
            self.closed, self.deliver = code, None
            self._leave()
            self.line.close(code)

    def full(self) -> None:
        """Its line is."""
        self.deliver = None

    def ready_again(self) -> None:
        """Its line is: it is told the newest, if it has not been."""
        if self.closed is None:
            self.deliver = self.line.write
            self._hub.catch_up(self)

    def ended(self) -> None:
        """Its line has."""
        self.closed, self.deliver = self.closed or Close.RESTART, None
        self._leave()

    def _leave(self) -> None:
        self._hub.leave(self)
        if self._alarm is not None:
            self._alarm.cancel()


class Rows:
    """Watchers in rows of at most ROW. A row is told in one go, and nobody enters or leaves it meanwhile.

    So it need not be copied: thousands of watchers are more than a processor keeps at hand, and each look at one costs.
    """

    def __init__(self) -> None:
        self._rows: list[dict[Watcher, None]] = []

    def __iter__(self) -> Iterator[Watcher]:
        return chain.from_iterable(self._rows)

    def __len__(self) -> int:
        return sum(map(len, self._rows))

    def enter(self, watcher: Watcher) -> None:
        for row in self._rows:
            if len(row) < ROW:
                row[watcher] = None
                return
        self._rows.append({watcher: None})

    def leave(self, watcher: Watcher) -> bool:
        """Whether it was here."""
        for row in self._rows:
            if row.pop(watcher, self) is None:
                if not row:
                    self._rows.remove(row)
                return True
        return False

    def now(self) -> list[Iterable[Watcher]]:
        """The rows that there are: who comes meanwhile is told when they come."""
        return list(self._rows)


class Audience:
    """Everybody who is shown the same: it is drawn once for each view. `content` None: it could not be drawn."""

    def __init__(self) -> None:
        self.watchers = Rows()
        self.drawn_of: BoardView | None = None
        self.content: str | None = None


class Room:
    """Everybody who watches one branch."""

    def __init__(self) -> None:
        self.phones = Rows()
        self.audiences: dict[Topic, Audience] = {}
        self._frames: PhoneFrames | None = None

    def __iter__(self) -> Iterator[Watcher]:
        yield from self.phones
        for audience in self.audiences.values():
            yield from audience.watchers

    def __len__(self) -> int:
        return len(self.phones) + sum(len(audience.watchers) for audience in self.audiences.values())

    def enter(self, watcher: Watcher) -> None:
        among = self.phones if watcher.is_phone else self.audiences.setdefault(watcher.topic, Audience()).watchers
        among.enter(watcher)

    def leave(self, watcher: Watcher) -> bool:
        """Whether it was here."""
        if watcher.is_phone:
            return self.phones.leave(watcher)
        audience = self.audiences.get(watcher.topic)
        was_here = audience is not None and audience.watchers.leave(watcher)
        if audience is not None and not len(audience.watchers):
            del self.audiences[watcher.topic]
        return was_here

    def frames(self, view: BoardView, now: datetime) -> PhoneFrames:
        """What all phones here share, made once a view and second."""
        made = self._frames
        if made is None or made.view is not view or made.at != int(now.timestamp()):
            made = self._frames = PhoneFrames(view, now)
        return made

    def believing(self) -> list[Iterable[Watcher]]:
        """The rows of those whose screen could be drawn: a heartbeat may say that it is true."""
        believed = [self.phones, *(a.watchers for a in self.audiences.values() if a.content is not None)]
        return [row for rows in believed for row in rows.now()]
