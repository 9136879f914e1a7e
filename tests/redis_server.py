"""A Redis of a test's own, to kill, to freeze and to bring back empty."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from redis import Redis

from tests.machine import REDIS_PROGRAM, need
from tests.running import free_port

START_SECONDS = 20


class PrivateRedis:
    """One server on a free port, which keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = monotonic() + START_SECONDS
        while not self._answers():
            assert monotonic() < until, "redis-server does not answer"

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It holds every connection and answers none."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def does(self, *command: str | bytes | int) -> object:
        """One command, by somebody who has nothing to do with us."""
        with Redis.from_url(self.url) as client:
            return client.execute_command(*command)

    def clients(self) -> list[int]:
        """Who is connected, by the server's own numbers."""
        with Redis.from_url(self.url) as client:
            return [int(each["id"]) for each in client.client_list() if int(each["id"]) != client.client_id()]

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as probe:
            probe.sendall(b"PING\r\n")
            return bool(probe.recv(16))
        return False


@contextmanager
def private_redis(*, started: bool = True) -> Iterator[PrivateRedis]:
    """Skips the test where there is no redis-server to start."""
    need(REDIS_PROGRAM)
    server = PrivateRedis()
    if started:
        server.start()
    try:
        yield server
    finally:
        server.kill()
