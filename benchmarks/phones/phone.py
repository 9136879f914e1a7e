"""A phone keeps the newest frame it was sent, and notices when a version goes back."""

import json
import re
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.phones.wire import Socket

if TYPE_CHECKING:
    from benchmarks.phones.audience import Audience

_HEAD = re.compile(rb'\{"e":(\d+),"v":(\d+),').match  # as the server words it; any other order is read as JSON
_NOTHING_YET = -1
HEARTBEAT_BYTES = 64  # anything longer says more than epoch, version and time


class Phone(Socket):
    """One watcher of an audience. `frame`: the newest state as it came; heartbeats move only the version."""

    __slots__ = ("_before", "audience", "epoch", "frame", "on_closed", "on_opened", "subject", "version")

    def __init__(self, opening: bytes, audience: "Audience", subject: str) -> None:
        """`subject`: whose phone it is, such as a ticket's id."""
        super().__init__(opening)
        self.audience, self.subject = audience, subject
        self.epoch = self.version = _NOTHING_YET
        self._before = (_NOTHING_YET, _NOTHING_YET)
        self.frame = b""
        self.on_opened: Callable[[Phone], None] | None = None
        self.on_closed: Callable[[Phone, int], None] | None = None
        audience.join(self)

    @property
    def shown(self) -> Mapping[str, Any]:
        """The newest state; empty before the first."""
        return json.loads(self.frame) if self.frame else {}

    def said(self, text: bytes) -> None:
        audience = self.audience
        audience.frames += 1
        if text.startswith(audience.head):  # one branch says the same version to many
            epoch, version = audience.epoch, audience.version
        else:
            epoch, version = self._read_head(text)
        if len(text) > HEARTBEAT_BYTES or text.count(b":") > 3:
            self.frame = text
        if version != self.version or epoch != self.epoch:
            self._move(epoch, version)

    def opened(self) -> None:
        if self.on_opened is not None:
            self.on_opened(self)

    def closed(self, code: int) -> None:
        """What is heard next must not be older than what was shown, but it has to be heard again."""
        if self.version != _NOTHING_YET:
            self._before = self.epoch, self.version
        self.epoch = self.version = _NOTHING_YET
        if self.on_closed is not None:
            self.on_closed(self, code)

    def _read_head(self, text: bytes) -> tuple[int, int]:
        found = _HEAD(text)
        if found is None:
            said = json.loads(text)
            return int(said["e"]), int(said["v"])
        epoch, version = int(found[1]), int(found[2])
        self.audience.head, self.audience.epoch, self.audience.version = found[0], epoch, version
        self.audience.newest = max(self.audience.newest, version)
        return epoch, version

    def _move(self, epoch: int, version: int) -> None:
        before = (self.epoch, self.version) if self.version != _NOTHING_YET else self._before
        if (epoch, version) < before:
            self.audience.complain(f"{self.subject} was at {before}, then heard {(epoch, version)}")
        audience = self.audience
        arrives = self.version < audience.awaited <= version
        self.epoch, self.version = epoch, version
        if arrives:
            audience.arrived(perf_counter())
