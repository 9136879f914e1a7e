"""How long PostgreSQL is waited for: a line that has silently died must look no different from a server that is away.

Three watches, for three ways to be silent. The kernel: nobody at the other end acknowledges what is sent. We: somebody
does, and no answer comes. PostgreSQL: it is we who have vanished, in the middle of a transaction that holds a lock.
"""

from time import perf_counter

from sqlalchemy.exc import DBAPIError

ANSWER_SECONDS = 8.0  # for one statement; a connection made anew after it in vain takes the next three
CONNECT_SECONDS = 3
SILENT_SECONDS = 2.0  # a failure that takes less keeps nobody waiting
LINE = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 8_000,  # ms that what was sent may stand unacknowledged
    "keepalives_idle": 4,  # seconds until a line that rests is tried, then every 2, until it is given up at 8
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
# Said on the line and not in `options`: those belong to whoever runs the server, and a pooler may not pass them on.
# The first two end before we hang up, so that what we no longer wait for does not go on, and a lock is let go of.
SERVERS_SIDE = """
SET statement_timeout = '7s';
SET idle_in_transaction_session_timeout = '5s';
SET tcp_user_timeout = '8s'; SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2
"""


class Silence:
    """When the database was last found to be silent. Whoever had asked before that is told at once, without a try of
    their own: a few threads that each wait in vain would make a crowd wait for hours."""

    def __init__(self) -> None:
        self._noticed = 0.0

    def notice(self, problem: DBAPIError, begun: float) -> None:
        """`begun`: when what failed was begun, on `perf_counter`. PostgreSQL's own refusals have a SQLSTATE."""
        if perf_counter() - begun >= SILENT_SECONDS and getattr(problem.orig, "sqlstate", "") is None:
            self._noticed = perf_counter()

    def since(self, asked: float) -> bool:
        """Whether it was noticed after `asked`, on `perf_counter`."""
        return self._noticed > asked
