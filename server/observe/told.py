"""The numbers as Prometheus reads them: of this process, or of every worker that shares its address with it.

A scrape reaches one worker, whichever takes it. So workers keep their numbers in files of a folder, and each can tell
the sums of all: counters go on counting when a worker ends, what it had open goes with it.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from server.observe.metrics import REGISTRY

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported
MEDIA_TYPE = CONTENT_TYPE_LATEST
PROCESSES = Path("/proc")


@contextmanager
def shared_by_workers() -> Iterator[None]:
    """Processes that are started (not forked) in here tell their numbers together."""
    with TemporaryDirectory(prefix="nowserving-numbers-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def told() -> bytes:
    """Everything, in Prometheus' text format. Reads files: call it in a thread."""
    registry, workers = REGISTRY, {os.getpid()}
    if folder := os.environ.get(FOLDER):
        registry, workers = CollectorRegistry(), workers | _workers(Path(folder))
        MultiProcessCollector(registry, folder)
    processes = CollectorRegistry()
    processes.register(Processes(workers))
    return generate_latest(registry) + generate_latest(processes)


class Processes(Collector):
    """Memory, processor time and open files, by the process id of each worker."""

    def __init__(self, workers: Iterable[int]) -> None:
        self._workers = sorted(workers)

    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for worker in self._workers:
            pid = partial(int, worker)
            for measured in ProcessCollector(pid=pid, proc=str(PROCESSES), registry=None).collect():
                metric = found.setdefault(measured.name, Metric(measured.name, measured.documentation, measured.type))
                for sample in measured.samples:
                    metric.add_sample(sample.name, {"pid": str(worker)}, sample.value)
        return found.values()


def _workers(folder: Path) -> set[int]:
    """Those that live; what others had open is forgotten, as nobody else would."""
    known = {int(file.stem.rpartition("_")[2]) for file in folder.glob("*.db")}
    alive = {worker for worker in known if (PROCESSES / str(worker)).exists()}
    for ended in known - alive:
        mark_process_dead(ended, str(folder))
    return alive
