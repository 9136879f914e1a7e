"""Several processes of one server on one machine: started together, replaced when one dies, ended together in time."""

import logging
import multiprocessing
import os
import signal
from collections.abc import Sequence
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pkgutil import resolve_name
from socket import socket
from threading import Thread
from time import monotonic
from types import FrameType

from server.settings import Settings

END_SECONDS = 8.0  # who has not ended by then is ended
PROVEN_SECONDS = 15.0  # who fails sooner fails at the start, and would again
SPAWN = multiprocessing.get_context("spawn")  # a fork would share the first process's threads and connections
log = logging.getLogger(__name__)


def serve_together(serve: str, settings: Settings, listening: Sequence[socket]) -> bool:
    """One worker for each socket, until SIGTERM or SIGINT; False when one of them could not start.

    `serve`: "module:function", which is found in the worker, and called there with the settings and its socket.
    """
    return Workers(serve, settings, listening).run()


class Workers:
    """Each has a socket of its own at the same port, among which the kernel shares out what comes in.

    On one socket for all, as uvicorn's own supervisor has it, the worker that is awake takes everything: of 200 phones
    that came at once, one of two workers got 200. The sockets stay open here, so that who comes while a worker is being
    replaced waits for the next one.
    """

    def __init__(self, serve: str, settings: Settings, listening: Sequence[socket]) -> None:
        self._serve, self._settings, self._listening = serve, settings, listening
        self._workers: list[tuple[SpawnProcess, float]] = []  # each with the moment it was started
        self._told, self._tell = multiprocessing.Pipe(duplex=False)

    def run(self) -> bool:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._workers = [self._started(each) for each in self._listening]
        try:
            while not self._told.poll():
                if not self._replace_the_dead():
                    return False
                wait([self._told, *(worker.sentinel for worker, _ in self._workers)])
            return True
        finally:
            self._end_all()

    def _started(self, listening: socket) -> tuple[SpawnProcess, float]:
        worker = SPAWN.Process(target=_work, args=(self._serve, self._settings, listening))
        worker.start()
        return worker, monotonic()

    def _replace_the_dead(self) -> bool:
        """False when there is no use in it."""
        for place, (worker, since) in enumerate(self._workers):
            code = worker.exitcode
            if code is None:
                continue
            if code >= 0 and monotonic() - since < PROVEN_SECONDS:  # negative: somebody's signal
                log.error("worker %d could not start", worker.pid)
                return False
            self._workers[place] = self._started(self._listening[place])
            log.warning("worker %d ended, and %d took its place", worker.pid, self._workers[place][0].pid)
        return True

    def _end(self, number: int, _: FrameType | None) -> None:
        self._tell.send_bytes(b"!")

    def _end_all(self) -> None:
        for listening in self._listening:  # else the kernel lets in who comes meanwhile, and nobody serves them
            listening.close()
        until = monotonic() + END_SECONDS
        for worker, _ in self._workers:
            worker.terminate()
        for worker, _ in self._workers:
            worker.join(max(0.0, until - monotonic()))
            worker.kill()


def _work(serve: str, settings: Settings, listening: socket) -> None:
    """In the worker's own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all of them; the first tells the others
    Thread(target=_end_with_the_first, daemon=True).start()
    resolve_name(serve)(settings, listening)


def _end_with_the_first() -> None:
    """A worker without it would hold the port against the next one."""
    if (first := multiprocessing.parent_process()) is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)
