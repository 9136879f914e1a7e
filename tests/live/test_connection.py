"""Our line is offered by the uvicorn it was made for; with any other, sockets are served the plain way."""

import logging
import re
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.web import connection
from server.web.connection import ATTRIBUTES, MADE_FOR, Connection, Guarded, lacking, protocol
from tests.house.sources import ROOT


def test_the_uvicorn_we_pin_is_the_one_our_line_was_made_for() -> None:
    pinned = re.search(r"^uvicorn==(\S+)", (ROOT / Path("constraints.txt")).read_text(), re.MULTILINE)
    assert pinned
    assert lacking(WebSocketsSansIOProtocol, pinned[1]) == []
    assert protocol() is Connection


def test_another_uvicorn_serves_the_plain_way_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(uvicorn, "__version__", "0.99.0")
    with caplog.at_level(logging.WARNING):
        assert protocol() is Guarded
    assert [record.getMessage() for record in caplog.records] == [
        f"sockets are served the plain way, which costs more: this uvicorn lacks version {MADE_FOR}x"
    ]


def test_whatever_our_line_relies_on_is_looked_for() -> None:
    class Changed:
        def __init__(self) -> None:
            self.transport = self.loop = self.queue = self.conn = self.read_paused = None

        def run_asgi(self) -> None: ...

    missing = lacking(Changed, f"{MADE_FOR}1")
    assert missing == [
        "data_received", "handle_connect", "handle_events", "on_task_complete", "send_receive_event_to_app", "shutdown",
        "app_state", "close_sent", "close_timeout", "close_timer", "config", "frames", "handshake_complete",
        "handshake_initiated", "logger", "scheme",
    ]  # fmt: skip


def test_nothing_else_of_uvicorns_is_touched() -> None:
    """What `Connection` reads or sets on itself is its own, or is looked for before it is used."""
    own = {*vars(Connection), *vars(Guarded), *Connection.__annotations__, "scope", "request", "response"}
    used = set(re.findall(r"self\.(\w+)", Path(connection.__file__).read_text()))
    assert used - own <= set(ATTRIBUTES)
