"""Two nodes of one installation: one PostgreSQL, one Redis behind a line that can break, and a plain load balancer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests import databases
from tests.faults.office import Office, office
from tests.faults.proxy import Proxy
from tests.faults.thinning import Nudges
from tests.faults.watchers import Watcher
from tests.redis_server import PrivateRedis, private_redis
from tests.running import PATIENCE, Running

SETTINGS = {"SECRET_KEY": "a key for two nodes, as long as a real one"}


@dataclass
class Nodes:
    """`there`: the office, whose people act at the node `a`."""

    there: Office
    b: Running
    redis: PrivateRedis
    to_redis: Proxy
    nudges: Nudges
    balancer: Proxy

    @property
    def a(self) -> Running:
        return self.there.server

    def watchers(self) -> list[Watcher]:
        """The same people and screens at either node."""
        return self.there.watchers(self.a.port) + self.there.watchers(self.b.port)

    def hear_each_other(self) -> bool:
        """Whether both say that their bus is up; AssertionError when one is not ready to serve."""
        answers = [httpx2.get(f"{node.base}/readyz", timeout=PATIENCE) for node in (self.a, self.b)]
        assert [answer.status_code for answer in answers] == [200, 200]
        return all(answer.json()["bus"] for answer in answers)


@contextmanager
def two_nodes(folder: Path) -> Iterator[Nodes]:
    nudges, [a, b] = Nudges(), [folder / name for name in "ab"]
    a.mkdir()
    b.mkdir()
    with databases.empty("postgresql", folder) as url, private_redis() as redis, Proxy(redis.port, thin=nudges) as line:
        settings = SETTINGS | {"REDIS_URL": f"redis://127.0.0.1:{line.port}"}
        with (
            office(url, a, settings) as there,
            twin(there.server, b) as other,
            Proxy(there.server.port, other.port) as balancer,
        ):
            yield Nodes(there, other, redis, line, nudges, balancer)


@contextmanager
def twin(node: Running, folder: Path, flaw: str = "", **settings: str) -> Iterator[Running]:
    """Another node beside this one; `flaw`: its planted defect."""
    other = node.twin(folder)
    other.environment |= settings
    other.flaw = flaw
    other.start()
    try:
        yield other
    finally:
        other.kill()
