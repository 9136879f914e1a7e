"""The numbers, and one verb for each thing that happens; no label's values grow with use: no ids, no paths."""

from collections.abc import Callable
from functools import cache, partial
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # a second series per counter that nobody reads

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
NOWHERE = "none"  # the route of what leads nowhere
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)  # seconds
VISIBLE = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds; a burst rests for 0.05
FORGOTTEN = 60.0  # seconds; a commit that no screen showed by then was forged, or of an epoch that is gone
UNSHOWN = 100  # commits of one branch that are waited for: the next ones, whatever a forged nudge says of later ones

REGISTRY = CollectorRegistry()
_counter, _histogram = partial(Counter, registry=REGISTRY), partial(Histogram, registry=REGISTRY)
_gauge = partial(Gauge, registry=REGISTRY, multiprocess_mode="livesum")  # what a worker had open ends with it

SOCKETS = _gauge("nowserving_sockets", "Open sockets, by what they watch.", ["kind"])
SLOW = _gauge("nowserving_sockets_slow", "Sockets whose client reads too slowly now.")
CUT = _counter("nowserving_sockets_cut", "Sockets cut because their client did not read.")
FRAMES = _counter("nowserving_frames", "Messages handed to sockets, by what they watch.", ["kind"])
LAG = _histogram("nowserving_lag_seconds", "From a commit until every socket was handed it.", buckets=VISIBLE)
REFRESHES = _histogram("nowserving_board_refresh_seconds", "Reading and drawing one branch's board.", buckets=QUICK)
BUS = Gauge(
    "nowserving_bus_up", "1 while nudges reach the other processes.", registry=REGISTRY, multiprocess_mode="livemin"
)
NUDGES = _counter("nowserving_nudges", "Nudges on the bus: sent out, or heard.", ["way"])
ACTIONS = _histogram("nowserving_action_seconds", "Running one action, without its commit.", ["action"], buckets=QUICK)
QUEUED = _histogram("nowserving_action_wait_seconds", "From the order of an action until it runs.", buckets=QUICK)
BATCHES = _histogram("nowserving_batch_actions", "Actions per commit.", buckets=(1, 2, 4, 8, 16, 32, 64))
COMMITS = _histogram("nowserving_batch_seconds", "Running a batch of actions, and committing it.", buckets=QUICK)
HTTP = _histogram("nowserving_http_seconds", "Answering a request.", ["method", "route", "status"], buckets=QUICK)
REFUSALS = _counter("nowserving_refusals", "Refusals, by what was said.", ["refusal"])
POOLS = _gauge("nowserving_database_pool", "Connections to the database there may be.", ["pool"])
IN_USE = _gauge("nowserving_database_in_use", "Connections to the database in use.", ["pool"])
# Kept, because looking for a child takes longer than counting; there are as many as there are series.
_http, _actions, _frames = cache(HTTP.labels), cache(ACTIONS.labels), cache(FRAMES.labels)
_late: dict[str, dict[int, float]] = {}  # branch id → version → when it was committed
_seen: dict[str, int] = {}  # branch id → the version its screens show


def socket_opened(kind: str) -> None:
    SOCKETS.labels(kind).inc()


def socket_closed(kind: str) -> None:
    SOCKETS.labels(kind).dec()


def sockets_slow(change: int) -> None:
    """+1: a client reads too slowly from now on; -1: it has caught up, or is gone."""
    SLOW.inc(change)


def socket_cut() -> None:
    CUT.inc()


def frames_sent(kind: str, count: int = 1) -> None:
    _frames(kind).inc(count)


def watched(branch_id: str) -> None:
    """Somebody is the first to watch the branch: what was committed before is no delay of theirs."""
    _late[branch_id], _seen[branch_id] = {}, -1


def moved_on(branch_id: str, version: int) -> None:
    """The branch was committed at `version`, or another process said so: from now on its screens are late."""
    late = _late.get(branch_id)
    if late is not None and version > _seen.get(branch_id, -1):
        late.setdefault(version, perf_counter())
        if len(late) > UNSHOWN:
            del late[max(late)]


def shown(branch_id: str, version: int) -> None:
    """Every screen of the branch has been handed its state at `version`."""
    now, late = perf_counter(), _late.get(branch_id, {})
    _seen[branch_id] = version
    for committed, at in list(late.items()):
        if committed <= version:
            LAG.observe(now - at)
        if committed <= version or now - at > FORGOTTEN:
            late.pop(committed, None)


def board_refreshed(seconds: float) -> None:
    REFRESHES.observe(seconds)


def bus_is_up(up: bool) -> None:
    BUS.set(up)


def nudged(way: str) -> None:
    """`way`: in or out."""
    NUDGES.labels(way).inc()


def action_took(fn: Callable[..., Any], ordered: float, begun: float) -> None:
    """An action has run; both moments by `perf_counter`."""
    QUEUED.observe(begun - ordered)
    _actions(_name(fn)).observe(perf_counter() - begun)


def batch_saved(actions: int, begun: float) -> None:
    """They were committed together, or together not at all; `begun` by `perf_counter`."""
    BATCHES.observe(actions)
    COMMITS.observe(perf_counter() - begun)


def request_served(method: str, route: str | None, status: int, seconds: float, refusal: str | None) -> None:
    """`route`: its template, None when there is none; `refusal`: the slug of what was said, if anything was refused."""
    kind = f"{status // 100}xx" if status else NOWHERE
    _http(method if method in METHODS else NOWHERE, route or NOWHERE, kind).observe(seconds)
    if refusal is not None:
        REFUSALS.labels(refusal).inc()


def pool_opened(pool: str, size: int) -> None:
    POOLS.labels(pool).set(size)


def connections_in_use(pool: str, change: int) -> None:
    IN_USE.labels(pool).inc(change)


def _name(fn: Callable[..., Any]) -> str:
    """The action's own name, however it was wrapped on its way here."""
    while isinstance(fn, partial):
        fn = fn.keywords.get("fn", fn.func)
    return f"{fn.__module__.rpartition('.')[2]}.{fn.__name__}"
