"""A connection to PostgreSQL that does not wait for ever: patience.py says why."""

from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, event

from server.patience import ANSWER_SECONDS, SERVERS_SIDE

T = TypeVar("T")


def impatient(engine: Engine) -> Engine:
    """The same engine; each of its statements is now answered in time, or fails."""
    event.listen(engine, "do_connect", lambda _, __, where, how: Impatient.connect(*where, **how))
    event.listen(engine, "connect", _tell_the_server)
    return engine


class Silent(psycopg.OperationalError):
    """No answer came: what was asked has happened or not. The connection is closed."""


class Impatient(psycopg.Connection[Any]):
    """Each statement is answered in time, or fails and hangs up."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        until = monotonic() + ANSWER_SECONDS
        try:
            return super().wait(gen, interval, ANSWER_SECONDS)
        except psycopg.OperationalError as problem:
            if monotonic() < until or problem.sqlstate is not None:
                raise
            self.close()
            raise Silent(f"no answer within {ANSWER_SECONDS:.0f} seconds") from None


def _tell_the_server(connection: "psycopg.Connection[Any]", _: Any) -> None:
    connection.execute(SERVERS_SIDE)
    connection.commit()
