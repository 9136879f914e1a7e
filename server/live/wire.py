"""What is sent: phone frames, fragments, heartbeats, and the codes a socket is closed with."""

import json
from datetime import datetime
from enum import IntEnum
from typing import Any

from server.domain.forecast import Wait
from server.live.views import BoardView, TicketView

HEARTBEAT_SECONDS = 8.0  # promised: at least every 10 s
SEND_SECONDS = 10.0  # a send that takes longer closes its socket
LARGEST_MESSAGE = 4096  # bytes, inbound
NOW_SHOWN = 2


class Close(IntEnum):
    """1012: come back soon. 4xxx, sent after accepting: do not come back."""

    RESTART = 1012
    SLOW = 1013
    TOO_MUCH = 4408
    NOT_YOURS = 4401
    FOREIGN_ORIGIN = 4403
    GONE = 4404


def phone_frame(view: BoardView, ticket: TicketView, now: datetime) -> dict[str, Any]:
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
        "now": list(service.now_serving[:NOW_SHOWN]) if service else [],
        "at": int(now.timestamp()),
    }


def branch_frame(view: BoardView) -> dict[str, Any]:
    """The branch for other programs: last calls and what waits."""
    return {
        "e": view.epoch,
        "v": view.version,
        "calls": [{"id": c.id, "number": c.number, "counter": c.counter, "at": c.at.isoformat()} for c in view.calls],
        "services": [{"id": s.id, "waiting": s.waiting, "wait": wait_pair(s.wait)} for s in view.services],
    }


def fragment(view: BoardView, html: bytes, now: datetime) -> str:
    """One audience's screen; the same text goes to all in it."""
    return dumped({"e": view.epoch, "v": view.version, "at": int(now.timestamp()), "content": html.decode()})


def heartbeat(view: BoardView, now: datetime) -> str:
    """Says that the screen is still true at this version; it swaps nothing."""
    return dumped({"e": view.epoch, "v": view.version, "at": int(now.timestamp())})


def wait_pair(wait: Wait | None) -> list[int] | None:
    return [wait.likely, wait.at_most] if wait else None


def dumped(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
