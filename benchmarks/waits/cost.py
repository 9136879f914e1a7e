"""What a whole queue's refresh costs, as a ratio to a bare loop of numpy measured in between."""

from collections.abc import Callable
from statistics import median
from time import thread_time

import numpy as np

from benchmarks.report import MILLI, Report, spread
from server.domain.forecast import Calm, Forecaster, Open, QueueState, Standing

WAITING = {20: 1.2, 200: 1.5, 2000: 4.5}  # tickets → at most, times the bare loop
ROUNDS, COUNTERS = 25, 8
STEPS, REPLAYS = 200, 128
SERVICES = {"passports": 8.0, "renewals": 4.0, "visas": 15.0}


def run() -> bool:
    """Print it; whether every limit was kept."""
    forecaster, calm, queues = Forecaster(), Calm(), {waiting: _queue(waiting) for waiting in WAITING}
    bare, costs = list[float](), {waiting: list[float]() for waiting in WAITING}
    for _ in range(ROUNDS):
        bare.append(_timed(_argmin_loop))
        for waiting, queue in queues.items():
            costs[waiting].append(_timed(lambda queue=queue: calm.tell(forecaster.forecast(queue))))  # type: ignore[misc]
    report = Report(
        f"a whole queue's waits, against {STEPS} argmins over {COUNTERS} × {REPLAYS}", "waiting", "ms", "bare, ms"
    )
    for waiting, limit in WAITING.items():
        report.row(
            str(waiting), spread(costs[waiting], MILLI, 2), spread(bare, MILLI, 2),
            ratio=median(costs[waiting]) / median(bare), at_most=limit,
        )  # fmt: skip
    return report.say()


def _queue(waiting: int) -> QueueState:
    services = list(SERVICES)
    counters = [
        Open(str(n), str(n), frozenset(services[: 3 - n % 2]), services[n % 2], since=95.0, ticket=f"now {n}")
        for n in range(COUNTERS)
    ]
    standing = [Standing(f"ticket {n}", services[n % 3], (n, n), since=90.0) for n in range(waiting)]
    return QueueState(standing, counters, SERVICES, 100.0)


def _argmin_loop() -> None:
    until, work, columns = np.zeros((COUNTERS, REPLAYS)), np.ones(REPLAYS), np.arange(REPLAYS)
    for _ in range(STEPS):
        first = until.argmin(axis=0)
        until[first, columns] += work


def _timed(run: Callable[[], object]) -> float:
    """Seconds of this thread's own time: what neighbours do to the machine is not ours."""
    begun = thread_time()
    run()
    return thread_time() - begun
