"""Logs: one JSON object per line on a machine, readable lines in a terminal; never a secret, a name or a contact.

Our own sentences are written as they are. What a library logs may repeat what somebody typed: only words that stand in
the library's own source are written, and where it was. An exception is written as its types and places, for the same
reason; in a terminal with its words.
"""

import linecache
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from json import JSONEncoder
from typing import Any

from structlog.contextvars import bind_contextvars, get_contextvars
from structlog.dev import ConsoleRenderer

OURS = ("server", "kiosk_ui", "display", "staff_console")
NEARBY = 12  # lines of source before a call in which its sentence may stand
Line = dict[str, Any]


def start_logging(*, readable: bool) -> None:
    """Everything that is logged goes to stderr: ours from info, what libraries say from warning."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Readable() if readable else Json())
    handler.addFilter(Once())
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # a fifth of a line's time
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # below that a line per socket tells who was here
    for room in OURS:
        logging.getLogger(room).setLevel(logging.INFO)


def about(**known: str | None) -> None:
    """What the request being served is about, by id: it stands on every line written from here on."""
    bind_contextvars(**{name: id for name, id in known.items() if id is not None})


class Once(logging.Filter):
    """An exception that we have written, with its request, is not written again by a library it passes through."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if problem is None:
            return True
        if _is_ours(record):
            vars(problem)["written"] = True
            return True
        return not vars(problem).get("written", False)


class Json(logging.Formatter):
    """One object per line. `extra={"told": {...}}` adds to it."""

    _encode = JSONEncoder(ensure_ascii=False, default=str).encode

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = places(record.exc_info[1])
        return self._encode(line)


class Readable(logging.Formatter):
    """For a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._render = ConsoleRenderer()

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        return str(self._render(None, "", line))


def places(problem: BaseException) -> str:
    """An exception and those it came from: where, and of which type; without its words."""
    return "\n".join(part for each in reversed(list(_causes(problem))) for part in _place(each))


def _line(record: logging.LogRecord) -> Line:
    return {
        "event": record.getMessage() if _is_ours(record) else _sentence(record),
        "level": record.levelname.lower(),
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
        **get_contextvars(),
        **getattr(record, "told", {}),
    }


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _sentence(record: logging.LogRecord) -> str:
    """A library's sentence as it stands in its source, without what was put into it; and where that is."""
    words = str(record.msg).strip().partition("\n")[0]
    source = linecache.getlines(record.pathname)[max(0, record.lineno - NEARBY) : record.lineno + 2]
    where = f"{record.name}, {record.filename}:{record.lineno}"
    return f"{words} ({where})" if any(words in line for line in source) else where


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)


def _place(problem: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(problem.__traceback__)
    yield from (f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line}" for frame in frames)
    yield f"{type(problem).__module__}.{type(problem).__qualname__}" + (
        f": {problem.strerror}" if isinstance(problem, OSError) and problem.strerror else ""
    )
    if isinstance(problem, BaseExceptionGroup):
        yield from (part for each in problem.exceptions for part in _place(each))
