"""What a proxy can lose without breaking the line: nudges on their way from Redis, frames on their way to a phone."""

from collections import deque
from collections.abc import Callable
from random import Random

from tests.faults.proxy import Thin

HEAD_END = b"\r\n\r\n"
SIZED = b"$=!"  # RESP: a length, then so many bytes
GATHERED = b"*>~%"  # RESP: a count, then so many values; a map has two for each
NUDGE = b"\r\n$7\r\nmessage\r\n"
KEPT = 100


class Nudges:
    """Loses one of `one_in` messages, by chance, that Redis sends to those who subscribed; 0: none.

    `heard`: the last of those messages as they were, and their channels, for whoever wants to forge some.
    """

    def __init__(self, one_in: int = 0, chance: Random | None = None) -> None:
        self.one_in, self._chance = one_in, chance or Random(5)
        self.sent = self.lost = 0
        self.heard: deque[tuple[bytes, bytes]] = deque(maxlen=KEPT)

    def __call__(self) -> Thin:
        """For one connection."""
        return _cutting(_reply_end, self._arrives)

    def _arrives(self, reply: bytes) -> bool:
        if NUDGE not in reply[:32]:
            return True
        self.heard.append((reply.split(b"\r\n")[4], reply.split(b"\r\n", 6)[6].removesuffix(b"\r\n")))
        self.sent += 1
        losing = self.one_in > 0 and self._chance.randrange(self.one_in) == 0
        self.lost += losing
        return not losing


class Frames:
    """Once `losing` is set: loses every frame that shows something, and lets the heartbeats through."""

    def __init__(self) -> None:
        self.losing = False
        self.lost = 0

    def __call__(self) -> Thin:
        """For one connection to the server, which begins with an answer in HTTP."""
        handshake = [True]

        def end(data: bytes, at: int) -> int | None:
            if handshake[0]:
                found = data.find(HEAD_END, at)
                handshake[0] = found < 0
                return None if found < 0 else found + len(HEAD_END)
            return _frame_end(data, at)

        return _cutting(end, self._arrives)

    def _arrives(self, frame: bytes) -> bool:
        losing = self.losing and (b'"state":' in frame or b'"content":' in frame)
        self.lost += losing
        return not losing


def _cutting(end: Callable[[bytes, int], int | None], arrives: Callable[[bytes], bool]) -> Thin:
    """Cut a stream into whole pieces, and keep those which are to arrive.

    `end(data, at)`: where the piece that begins at `at` ends; None when more is needed to know.
    """
    waiting = b""

    def thin(data: bytes) -> bytes:
        nonlocal waiting
        waiting += data
        kept, at = b"", 0
        while at < len(waiting) and (after := end(waiting, at)) is not None:
            piece, at = waiting[at:after], after
            kept += piece if arrives(piece) else b""
        waiting = waiting[at:]
        return kept

    return thin


def _reply_end(data: bytes, at: int) -> int | None:
    """RESP 2 and 3."""
    line_end = data.find(b"\r\n", at)
    if line_end < 0:
        return None
    kind, after = data[at : at + 1], line_end + 2
    if kind not in SIZED and kind not in GATHERED:
        return after
    count = int(data[at + 1 : line_end])
    if kind in SIZED:
        after += count + 2 if count >= 0 else 0
        return after if after <= len(data) else None
    inside: int | None = after
    for _ in range(count * (2 if kind == b"%" else 1)):
        inside = _reply_end(data, inside) if inside is not None else None
    return inside


def _frame_end(data: bytes, at: int) -> int | None:
    """RFC 6455, from the server: never masked."""
    size = data[at + 1] & 0x7F if at + 1 < len(data) else None
    if size is None:
        return None
    long = {126: 2, 127: 8}.get(size, 0)
    body = at + 2 + long
    if long:
        size = int.from_bytes(data[at + 2 : body])
    return body + size if body + size <= len(data) and body <= len(data) else None
