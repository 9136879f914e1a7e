"""What is sent: phone frames, fragments, heartbeats, and the codes a socket is closed with."""

import json
from datetime import datetime
from enum import IntEnum
from typing import Any

from server.domain.forecast import Wait
from server.live.old import OldTicket
from server.live.views import BoardView, TicketView

HEARTBEAT_SECONDS = 8.0  # promised: at least every 10 s
SEND_SECONDS = 10.0  # a send that takes longer closes its socket
LARGEST_MESSAGE = 4096  # bytes, inbound
# Frames of any kind: nobody has anything to say here but their first word, and a program may ping every second.
INBOUND_PER_MINUTE = 120
LARGEST_FRAME = 250  # bytes of a phone's
NOW_SHOWN = 2
SHORT = (",", ":")  # JSON without spaces


class Close(IntEnum):
    """1012: come back soon. 4xxx, sent after accepting: do not come back."""

    RESTART = 1012
    SLOW = 1013
    TOO_MUCH = 4408
    NOT_YOURS = 4401
    FOREIGN_ORIGIN = 4403
    GONE = 4404


def phone_frame(view: BoardView, ticket: TicketView | OldTicket, now: datetime) -> dict[str, Any]:
    """Everything a phone shows that moves; at most 250 bytes as JSON. `now`: what phones set their clocks by."""
    service = next((s for s in view.services if s.id == ticket.service), None)
    return {
        "e": view.epoch,
        "v": view.version,
        "m": ticket.moved,
        "state": ticket.state,
        "ahead": ticket.ahead,
        "near": ticket.near,
        "wait": wait_pair(ticket.wait),
        **({"why": ticket.why} if ticket.why else {}),
        "now": list(service.now_serving[:NOW_SHOWN]) if service else [],
        **({"notice": mark} if (mark := view.branch.notice_mark) else {}),
        "at": int(now.timestamp()),
    }


class PhoneFrames:
    """`phone_frame` of one view as prebuilt messages: thousands are made at once, so what they share is said once."""

    def __init__(self, view: BoardView, now: datetime) -> None:
        self.view, self.at = view, int(now.timestamp())
        shown = {service.id: service.now_serving[:NOW_SHOWN] for service in view.services}
        self._mark = view.branch.notice_mark
        # What a phone is told beside its ticket and the time: with another one the same ticket is news.
        self.around = {service: (view.epoch, self._mark, numbers) for service, numbers in shown.items()}
        self._tails = {service: self._tail(numbers) for service, numbers in shown.items()}
        self.around_archived, self._no_numbers = (view.epoch, self._mark, ()), self._tail(())
        self._head = f'{{"e":{view.epoch},"v":{view.version},"m":'

    def message(self, ticket: TicketView) -> bytes:
        wait, why = ticket.wait, f',"why":"{ticket.why}"' if ticket.why else ""
        return framed(
            f'{self._head}{ticket.moved},"state":"{ticket.state}",'
            f'"ahead":{"null" if ticket.ahead is None else ticket.ahead},"near":{"true" if ticket.near else "false"},'
            f'"wait":{f"[{wait.likely},{wait.at_most}]" if wait else "null"}'
            f"{why}{self._tails.get(ticket.service, self._no_numbers)}"
        )

    def _tail(self, numbers: tuple[str, ...]) -> str:
        notice = f',"notice":{self._mark}' if self._mark else ""
        return f',"now":{json.dumps(numbers, ensure_ascii=False, separators=SHORT)}{notice},"at":{self.at}}}'


def alike(one: TicketView, other: TicketView) -> bool:
    """Whether both give the same frame at the same moment."""
    return (
        one.moved == other.moved
        and one.ahead == other.ahead
        and one.wait == other.wait
        and one.near == other.near
        and one.state == other.state
        and one.why == other.why
    )


def branch_frame(view: BoardView) -> dict[str, Any]:
    """The branch for other programs: last calls and what waits."""
    return {
        "e": view.epoch,
        "v": view.version,
        "calls": [{"id": c.id, "number": c.number, "counter": c.counter, "at": c.at.isoformat()} for c in view.calls],
        "services": [{"id": s.id, "waiting": s.waiting, "wait": wait_pair(s.wait)} for s in view.services],
    }


def fragment(view: BoardView, html: str, now: datetime) -> str:
    """One audience's screen; the same text goes to all in it."""
    return dumped({"e": view.epoch, "v": view.version, "at": int(now.timestamp()), "content": html})


def heartbeat(view: BoardView, now: datetime) -> str:
    """Says that the screen is still true at this version; it swaps nothing."""
    return dumped({"e": view.epoch, "v": view.version, "at": int(now.timestamp())})


def framed(text: str) -> bytes:
    """One message as it goes to a client (RFC 6455, 5.2): whole, unmasked, no extension."""
    payload = text.encode()
    size = len(payload)
    return (HEADS[size] if size < len(HEADS) else _head(size)) + payload


def _head(size: int) -> bytes:
    if size <= 125:
        return bytes((0x81, size))
    return b"\x81\x7e" + size.to_bytes(2) if size < 1 << 16 else b"\x81\x7f" + size.to_bytes(8)


HEADS = tuple(_head(size) for size in range(LARGEST_FRAME + 1))  # made once: a phone's frame begins with one of them


def said(message: bytes) -> str:
    """The text of what `framed` made."""
    return message[{126: 4, 127: 10}.get(message[1], 2) :].decode()


def wait_pair(wait: Wait | None) -> list[int] | None:
    return [wait.likely, wait.at_most] if wait else None


def dumped(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=SHORT)
