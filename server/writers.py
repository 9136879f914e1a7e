"""Who commits: SQLite's one thread, a batch at a time, or PostgreSQL's pool, where the branch's lock decides."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from server import observe
from server.bus import Bus
from server.domain.errors import NotFound, Unavailable
from server.patience import Silence

BATCH = 64  # actions per commit; more would only make the first of them wait
log = logging.getLogger(__name__)

Fn = Callable[[Session, Any, datetime], Any]
"""fn(session, branch, now) → a JSON-able answer; branch is None for what belongs to the installation."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key: unique per `scope` (who asks); `fingerprint` is of method, path and body."""

    scope: str
    key: str
    fingerprint: str


@dataclass(slots=True)
class Order:
    """One action that somebody waits for."""

    branch_id: str | None
    key: Key | None
    fn: Fn
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    answer: Any = None
    refusal: BaseException | None = None
    version: int | None = field(default=None)  # of the branch, when it has changed
    ordered: float = field(default_factory=perf_counter)
    context: Context = field(default_factory=copy_context)  # whose request it is, for what is logged in the writer

    def deliver(self) -> None:
        if self.future.done():  # whoever asked has gone; what was done stays done
            return
        if self.refusal is not None:
            self.future.set_exception(self.refusal)
        else:
            self.future.set_result(self.answer)


Run = Callable[[Connection, Order], None]
"""Runs an order on a connection, in a transaction of which it keeps or leaves its own part."""


class BatchWriter:
    """SQLite's one writer."""

    def __init__(self, engine: Engine, run: Run, bus: Bus) -> None:
        self._engine, self._run, self._bus = engine, run, bus
        self._queue: SimpleQueue[Order | None] = SimpleQueue()
        self._is_closing = False
        self._thread = Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def put(self, order: Order) -> None:
        if self._is_closing:
            _refuse([order], self._bus)
            return
        self._queue.put(order)

    def close(self) -> None:
        """What was begun is finished, what waits is refused: nobody was told yet that it is done."""
        self._is_closing = True
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            (batch, last), begun = self._take(first), perf_counter()
            if self._is_closing:
                _refuse(batch, self._bus)
                if last:
                    return
                continue
            try:
                self._commit(batch)
            except Exception as problem:  # noqa: BLE001 - a full disk, a locked file: nothing of this batch was saved
                reason = said(problem) if isinstance(problem, DBAPIError) else problem
                log.error("a batch of %d was not saved: %s", len(batch), reason)
                for order in batch:
                    order.answer, order.version, order.refusal = None, None, Unavailable()
            observe.batch_saved(len(batch), begun)
            _finish(batch, self._bus)
            if last:
                return

    def _take(self, first: Order) -> tuple[list[Order], bool]:
        """What is queued by now, never waiting for more; True when the writer is to stop after it."""
        batch = [first]
        try:
            while len(batch) < BATCH:
                order = self._queue.get_nowait()
                if order is None:
                    return batch, True
                batch.append(order)
        except Empty:
            pass
        return batch, False

    def _commit(self, batch: list[Order]) -> None:
        with self._engine.begin() as connection:
            raw = connection.connection.dbapi_connection
            for order in batch:
                try:
                    order.context.run(self._run, connection, order)
                except Exception as problem:
                    if not getattr(raw, "in_transaction", False):
                        raise  # a full disk ends SQLite's whole transaction: what follows would commit by itself
                    order.refusal = order.context.run(_as_unavailable, problem)


class PoolWriter:
    """PostgreSQL: the branch row's lock orders the actions, a thread of a pool runs each."""

    def __init__(self, engine: Engine, run: Run, bus: Bus, silence: Silence, threads: int) -> None:
        self._engine, self._run, self._bus, self._silence = engine, run, bus, silence
        self._threads = ThreadPoolExecutor(threads, "act")

    def put(self, order: Order) -> None:
        try:
            work = self._threads.submit(self._work, order)
        except RuntimeError:  # closed meanwhile
            _refuse([order], self._bus)
            return
        work.add_done_callback(lambda done: _refuse([order], self._bus) if done.cancelled() else None)

    def close(self) -> None:
        """What was begun is finished, what waits is refused: nobody was told yet that it is done."""
        self._threads.shutdown(cancel_futures=True)

    def _work(self, order: Order) -> None:
        begun = perf_counter()
        try:
            if self._silence.since(order.ordered):
                raise Unavailable
            order.context.run(self._commit, order)
        except Exception as problem:  # noqa: BLE001 - whoever asked is told, whatever it was
            if isinstance(problem, DBAPIError):
                self._silence.notice(problem, begun)
            order.version, order.refusal = None, order.context.run(_as_unavailable, problem)
        _finish([order], self._bus)

    def _commit(self, order: Order) -> None:
        try:
            with self._engine.begin() as connection:
                self._run(connection, order)
        except IntegrityError:
            if order.key is None:
                raise
            # Perhaps the same key at the same moment, and no branch's lock between the two: now its answer is there.
            with self._engine.begin() as connection:
                self._run(connection, order)


def _refuse(orders: Iterable[Order], bus: Bus) -> None:
    """They will not be begun any more."""
    for order in orders:
        order.refusal = Unavailable()
    _finish(orders, bus)


def _as_unavailable(problem: Exception) -> Exception:
    """The database's own trouble is ours to name; a bug stays what it is."""
    if isinstance(problem, DataError):
        return NotFound()
    if isinstance(problem, DBAPIError):
        log.error("an action was not saved: %s", said(problem))
        return Unavailable()
    return problem


def said(problem: DBAPIError) -> str:
    """The database's own first line; those below it repeat the row, and with it what people typed."""
    return str(problem.orig).partition("\n")[0]


def _finish(batch: Iterable[Order], bus: Bus) -> None:
    """After the commit: tell every process that the branches have moved on, then answer."""
    versions = {order.branch_id: order.version for order in batch if order.branch_id and order.version}
    for branch_id, version in versions.items():
        observe.moved_on(branch_id, version)
        bus.announce(branch_id, version)
    for loop, orders in _by_loop(batch).items():
        try:
            loop.call_soon_threadsafe(_deliver, orders)  # one call for all of them: each would wake the loop
        except RuntimeError:  # the loop has been closed: nobody is left to hear it
            log.info("answers came after the end")


def _by_loop(batch: Iterable[Order]) -> dict[asyncio.AbstractEventLoop, list[Order]]:
    found: dict[asyncio.AbstractEventLoop, list[Order]] = {}
    for order in batch:
        found.setdefault(order.loop, []).append(order)
    return found


def _deliver(orders: Iterable[Order]) -> None:
    for order in orders:
        order.deliver()
