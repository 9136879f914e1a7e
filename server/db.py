"""One action, one transaction, then one announcement; and readers beside it.

SQLite: exactly one thread writes, on one connection. It takes what is queued, runs each action in a savepoint of its
own, commits once for all of them (one fsync), then answers all. PostgreSQL: a thread of a pool, the branch row's lock,
a commit per action. The same functions run on both.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, bindparam, insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from server.bus import Bus
from server.domain import device, feedback  # noqa: F401 - every table must be mapped before the first session
from server.domain.branch import Branch
from server.domain.errors import Invalid, NotFound, Refusal, Unavailable
from server.domain.people import Answer
from server.engines import is_sqlite, reading_engine, writing_engine

BATCH = 64  # actions per commit; more would only make the first of them wait
READERS = 4  # threads; a reader holds one connection
WRITERS = 10  # PostgreSQL: threads that may hold a branch's lock or wait for one
log = logging.getLogger(__name__)

T = TypeVar("T")
Fn = Callable[[Session, Any, datetime], Any]
"""fn(session, branch, now) → a JSON-able answer; branch is None for what belongs to the installation."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key: unique per `scope` (who asks); `fingerprint` is of method, path and body."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An answer that changed nothing ("nobody waits"): rolled back, not kept, not announced."""

    answer: Any


@dataclass(slots=True)
class _Order:
    branch_id: str | None
    key: Key | None
    fn: Fn
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    answer: Any = None
    refusal: BaseException | None = None
    version: int | None = field(default=None)  # of the branch, when it has changed

    def deliver(self) -> None:
        if self.future.done():  # whoever asked has gone; what was done stays done
            return
        if self.refusal is not None:
            self.future.set_exception(self.refusal)
        else:
            self.future.set_result(self.answer)


class Database:
    """Where everything is kept. `clock` gives aware UTC; tests give their own."""

    def __init__(self, url: str, bus: Bus, clock: Callable[[], datetime] | None = None) -> None:
        self._bus = bus
        self._clock = clock or (lambda: datetime.now(UTC))
        self._writing = writing_engine(url, WRITERS)
        self._reading = reading_engine(url, READERS)
        self._readers = ThreadPoolExecutor(READERS, "ask")
        self._writer: _BatchWriter | _PoolWriter = (
            _BatchWriter(self._writing, self._run, bus)
            if is_sqlite(url)
            else _PoolWriter(self._writing, self._run, bus)
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
        order = _Order(branch_id, key, fn, loop, loop.create_future())
        self._writer.put(order)
        return await order.future

    async def ask(self, fn: Callable[[Session], T]) -> T:
        """Run one question on a snapshot; it cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.ask_now, fn)

    def ask_now(self, fn: Callable[[Session], T]) -> T:
        """`ask`, in this thread."""
        try:
            with Session(self._reading) as session:
                return fn(session)
        except (OperationalError, InterfaceError) as problem:
            log.warning("a question failed: %s", _said(problem))
            raise Unavailable from problem
        except DataError:  # a name with a NUL in it: there is nothing of that name
            raise NotFound from None

    def close(self) -> None:
        """Finish what was accepted, then let go of the files and connections."""
        self._writer.close()
        self._readers.shutdown()
        self._reading.dispose()
        self._writing.dispose()

    def _run(self, connection: Connection, order: _Order) -> None:
        """One action in a savepoint; its answer or refusal lands in the order."""
        # One flush, at the end: the branch's row is then written once. What must be seen earlier, the action flushes.
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False, autoflush=False)
        try:
            order.answer, order.version = self._answer(session, order)
        except Refusal as refusal:
            order.refusal = refusal
        finally:
            session.close()  # rolls the savepoint back unless it was committed

    def _answer(self, session: Session, order: _Order) -> tuple[Any, int | None]:
        branch = _locked(session, order.branch_id)
        now = self.now()
        if order.key and (first := session.execute(_FIRST_ANSWER, asdict(order.key)).one_or_none()):
            if first.fingerprint != order.key.fingerprint:
                raise Invalid("idempotency-mismatch")
            return first.body, None
        if branch is not None:
            branch.version += 1
        answer = order.fn(session, branch, now)
        if isinstance(answer, Unchanged):
            return answer.answer, None
        if order.key:
            session.execute(_KEEP_ANSWER, {**asdict(order.key), "body": answer, "at": now})
        session.commit()
        return answer, branch.version if branch is not None else None


def _locked(session: Session, branch_id: str | None) -> Branch | None:
    if branch_id is None:
        return None
    branch = session.scalar(_LOCKED_BRANCH, {"branch": branch_id})
    if branch is None:
        raise NotFound
    return branch


_LOCKED_BRANCH = select(Branch).where(Branch.id == bindparam("branch")).with_for_update()
_FIRST_ANSWER = select(Answer.fingerprint, Answer.body).where(
    Answer.scope == bindparam("scope"), Answer.key == bindparam("key")
)
_KEEP_ANSWER = insert(Answer)


class _BatchWriter:
    """SQLite's one writer."""

    def __init__(self, engine: Engine, run: Callable[[Connection, _Order], None], bus: Bus) -> None:
        self._engine, self._run, self._bus = engine, run, bus
        self._queue: SimpleQueue[_Order | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def put(self, order: _Order) -> None:
        self._queue.put(order)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = self._take(first)
            try:
                self._commit(batch)
            except Exception as problem:  # noqa: BLE001 - a full disk, a locked file: nothing of this batch was saved
                said = _said(problem) if isinstance(problem, DBAPIError) else problem
                log.error("a batch of %d was not saved: %s", len(batch), said)
                for order in batch:
                    order.answer, order.version, order.refusal = None, None, Unavailable()
            _finish(batch, self._bus)
            if last:
                return

    def _take(self, first: _Order) -> tuple[list[_Order], bool]:
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

    def _commit(self, batch: list[_Order]) -> None:
        with self._engine.begin() as connection:
            raw = connection.connection.dbapi_connection
            for order in batch:
                try:
                    self._run(connection, order)
                except Exception as problem:
                    if not getattr(raw, "in_transaction", False):
                        raise  # a full disk ends SQLite's whole transaction: what follows would commit by itself
                    order.refusal = _as_unavailable(problem)


class _PoolWriter:
    """PostgreSQL: the branch row's lock orders the actions, a thread of a pool runs each."""

    def __init__(self, engine: Engine, run: Callable[[Connection, _Order], None], bus: Bus) -> None:
        self._engine, self._run, self._bus = engine, run, bus
        self._threads = ThreadPoolExecutor(WRITERS, "act")

    def put(self, order: _Order) -> None:
        self._threads.submit(self._work, order)

    def close(self) -> None:
        self._threads.shutdown()

    def _work(self, order: _Order) -> None:
        try:
            self._commit(order)
        except Exception as problem:  # noqa: BLE001 - whoever asked is told, whatever it was
            order.version, order.refusal = None, _as_unavailable(problem)
        _finish([order], self._bus)

    def _commit(self, order: _Order) -> None:
        try:
            with self._engine.begin() as connection:
                self._run(connection, order)
        except IntegrityError:
            if order.key is None:
                raise
            # Perhaps the same key at the same moment, and no branch's lock between the two: now its answer is there.
            with self._engine.begin() as connection:
                self._run(connection, order)


def _as_unavailable(problem: Exception) -> Exception:
    """The database's own trouble is ours to name; a bug stays what it is."""
    if isinstance(problem, DataError):
        return NotFound()
    if isinstance(problem, DBAPIError):
        log.error("an action was not saved: %s", _said(problem))
        return Unavailable()
    return problem


def _said(problem: DBAPIError) -> str:
    """The database's own first line; those below it repeat the row, and with it what people typed."""
    return str(problem.orig).partition("\n")[0]


def _finish(batch: Iterable[_Order], bus: Bus) -> None:
    """After the commit: tell every process that the branches have moved on, then answer."""
    versions = {order.branch_id: order.version for order in batch if order.branch_id and order.version}
    for branch_id, version in versions.items():
        bus.announce(branch_id, version)
    for order in batch:
        try:
            order.loop.call_soon_threadsafe(order.deliver)
        except RuntimeError:  # the loop has been closed: nobody is left to hear it
            log.info("an answer came after the end")
