"""Harbour Branch with its log and its numbers in hand."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from server.observe import logs
from tests.security.conftest import town, towns  # noqa: F401 - fixtures


class Log:
    """What was written so far."""

    def __init__(self) -> None:
        self.stream = StringIO()

    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines of one event, or all."""
        written = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in written if event in (None, line["event"])]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """As `serve` keeps it."""
    loggers = [logging.getLogger(), *(logging.getLogger(room) for room in logs.OURS)]
    handlers, levels = loggers[0].handlers[:], [logger.level for logger in loggers]
    written = Log()
    monkeypatch.setattr(sys, "stderr", written.stream)
    logs.start_logging(readable=False)
    yield written
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
