"""One action, one transaction, then one announcement; and readers beside it.

SQLite: exactly one thread writes, on one connection. It takes what is queued, runs each action in a savepoint of its
own, commits once for all of them (one fsync), then answers all. PostgreSQL: a thread of a pool, the branch row's lock,
a commit per action. The same functions run on both.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, bindparam, select, text, update
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from server import observe
from server.bus import Bus
from server.domain import device, feedback, honesty, learned  # noqa: F401 - all tables, before the first session
from server.domain.base import table_of
from server.domain.branch import Branch
from server.domain.errors import Invalid, NotFound, Refusal, TooMany, Unavailable
from server.domain.people import Answer
from server.engines import is_sqlite, measured, reading_engine, writing_engine
from server.patience import Silence
from server.prepared import Prepared, insertion
from server.writers import BatchWriter, Fn, Key, Order, PoolWriter, said

READERS = 4  # threads; a reader holds one connection
LONG_READERS = 1  # threads for questions that take seconds: they wait for each other, and never before the short ones
LONG_QUEUE = 8  # questions; who comes later is told to come again
LONG_SECONDS = 5  # after which they may
WRITERS = 10  # PostgreSQL: threads that may hold a branch's lock or wait for one
__all__ = ["Database", "Fn", "Key", "Unchanged"]
log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An answer that changed nothing ("nobody waits"): rolled back, not kept, not announced."""

    answer: Any


class Database:
    """Where everything is kept. `clock` gives aware UTC; tests give their own."""

    def __init__(self, url: str, bus: Bus, clock: Callable[[], datetime] | None = None) -> None:
        self._bus = bus
        self._clock = clock or (lambda: datetime.now(UTC))
        self._writing = _watched(writing_engine(url, WRITERS), "writing")
        self._reading = _watched(reading_engine(url, READERS + LONG_READERS), "reading")
        self._readers, self._silence = ThreadPoolExecutor(READERS, "ask"), Silence()
        self._long_readers, self._asked_at_length = ThreadPoolExecutor(LONG_READERS, "ask-long"), 0
        self._closing: Thread | None = None
        self._writer: BatchWriter | PoolWriter = (
            BatchWriter(self._writing, self._run, bus)
            if is_sqlite(url)
            else PoolWriter(self._writing, self._run, bus, self._silence, WRITERS)
        )

    def now(self) -> datetime:
        """This moment, aware UTC, in whole milliseconds as everything stored is."""
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def act(self, branch_id: str | None, key: Key | None, fn: Fn) -> Any:
        """Run one action; its answer once it is on disk.

        With a key that was answered before: the first answer again. Raises what `fn` refuses; Unavailable when nothing
        could be saved; NotFound for an unknown branch; Invalid when the key came with another request.
        """
        loop = asyncio.get_running_loop()
        order = Order(branch_id, key, fn, loop, loop.create_future())
        self._writer.put(order)
        return await order.future

    async def ask(self, fn: Callable[[Session], T]) -> T:
        """Run one question on a snapshot; it cannot write."""
        asking = partial(copy_context().run, self._ask, fn, perf_counter())
        return await asyncio.get_running_loop().run_in_executor(self._readers, asking)

    async def ask_at_length(self, fn: Callable[[Session], T]) -> T:
        """The same for what takes seconds, such as a report: one at a time; TooMany when a queue waits for it."""
        if self._asked_at_length >= LONG_QUEUE:
            raise TooMany("reports-busy", retry_after=LONG_SECONDS)
        self._asked_at_length += 1
        try:
            asking = partial(copy_context().run, self._ask, fn, perf_counter())
            return await asyncio.get_running_loop().run_in_executor(self._long_readers, asking)
        finally:
            self._asked_at_length -= 1

    def _ask(self, fn: Callable[[Session], T], asked: float) -> T:
        if self._silence.since(asked):
            raise Unavailable
        begun = perf_counter()
        try:
            with Session(self._reading) as session:
                return fn(session)
        except (OperationalError, InterfaceError) as problem:
            self._silence.notice(problem, begun)
            log.warning("a question failed: %s", said(problem))
            raise Unavailable from problem
        except DataError:  # a name with a NUL in it: there is nothing of that name
            raise NotFound from None

    def close_within(self, seconds: float) -> bool:
        """Whether it could be closed in that time; else that goes on beside whatever the process does next."""
        if self._closing is None:
            self._closing = Thread(target=self.close, name="close", daemon=True)
            self._closing.start()
        self._closing.join(seconds)
        return not self._closing.is_alive()

    def close(self) -> None:
        """Finish what was begun and refuse what waits, then let go of the files and connections."""
        self._writer.close()
        self._readers.shutdown(cancel_futures=True)
        self._long_readers.shutdown(cancel_futures=True)
        self._reading.dispose()
        self._writing.dispose()

    def _run(self, connection: Connection, order: Order) -> None:
        """One action in a savepoint; its answer or refusal lands in the order."""
        # The savepoint is ours and not the session's: SQLAlchemy's own bookkeeping for one costs several times as much.
        _SAVEPOINT.run(connection, {})
        kept, begun = False, perf_counter()
        try:
            # One flush, at the end: a row is then written once. What must be seen earlier, the action flushes.
            with Session(
                connection, join_transaction_mode="rollback_only", expire_on_commit=False, autoflush=False
            ) as session:
                order.answer, order.version, kept = self._answer(session, order)
        except Refusal as refusal:
            order.refusal = refusal
        except Exception:
            with suppress(SQLAlchemyError):  # what broke it may have ended the transaction, and is what must be told
                _ROLLBACK.run(connection, {})
            raise
        finally:
            observe.action_took(order.fn, order.ordered, begun)
        (_RELEASE if kept else _ROLLBACK).run(connection, {})

    def _answer(self, session: Session, order: Order) -> tuple[Any, int | None, bool]:
        """The answer, the branch's version after it, and whether anything is to be kept."""
        branch = _locked(session, order.branch_id)
        now = self.now()
        key = order.key
        if key and (first := _first_answer(session, key)) is not None:
            return first[0], None, False
        answer = order.fn(session, branch, now)
        if isinstance(answer, Unchanged):
            return answer.answer, None, False
        session.flush()
        if branch is not None:
            counted = {"branch": branch.id, "version": branch.version, "last_arrival": branch.last_arrival}
            _COUNT.run(session.connection(), counted)
        if key:
            kept = {"scope": key.scope, "key": key.key, "fingerprint": key.fingerprint, "body": answer, "at": now}
            _KEEP_ANSWER.run(session.connection(), kept)
        return answer, branch.version if branch is not None else None, True


def _locked(session: Session, branch_id: str | None) -> Branch | None:
    if branch_id is None:
        return None
    branch = session.scalar(_LOCKED_BRANCH, {"branch": branch_id})
    if branch is None:
        raise NotFound
    branch.count()
    return branch


def _first_answer(session: Session, key: Key) -> tuple[Any] | None:
    """The answer kept for this key, if there is one."""
    first = _FIRST_ANSWER.row(session.connection(), {"scope": key.scope, "key": key.key})
    if first is None:
        return None
    fingerprint, body = first
    if fingerprint != key.fingerprint:
        raise Invalid("idempotency-mismatch")
    return (body,)


# Statements of the tables, not of the mapped classes: the session's own way to the same row takes longer than the row.
_BRANCHES, _ANSWERS = table_of(Branch), table_of(Answer)
_LOCKED_BRANCH = select(Branch).where(Branch.id == bindparam("branch")).with_for_update()
_COUNT = Prepared(
    update(_BRANCHES)
    .where(_BRANCHES.c.id == bindparam("branch"))
    .values(version=bindparam("version"), last_arrival=bindparam("last_arrival"))
)
_FIRST_ANSWER = Prepared(
    select(_ANSWERS.c.fingerprint, _ANSWERS.c.body).where(
        _ANSWERS.c.scope == bindparam("scope"), _ANSWERS.c.key == bindparam("key")
    )
)
_KEEP_ANSWER = insertion(_ANSWERS)
_SAVEPOINT, _RELEASE, _ROLLBACK = (Prepared(text(f"{verb} action")) for verb in ("SAVEPOINT", "RELEASE", "ROLLBACK TO"))


def _watched(engine: Engine, pool: str) -> Engine:
    """Nobody waits for PostgreSQL for ever."""
    if engine.dialect.name == "postgresql":
        from server.postgresql import impatient  # its driver loads only for whoever has such a database

        impatient(engine)
    return measured(engine, pool)
