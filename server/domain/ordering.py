"""The order: who is next, how many are ahead, and where somebody who comes back is placed.

A queue is served by smallest (place, version at which the place was given). One rule for everybody: priority is a head
start that makes the place earlier, an appointment is a place, coming back is somebody else's place.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

Place = tuple[int, int]
"""(place in ms, version at which it was given)."""

MS_PER_MINUTE = 60_000
NEAR = 2  # "nearly your turn": at most this many are called before


class Queued(Protocol):
    """What the order needs to know of a ticket that waits, or is parked and ready."""

    @property
    def service_id(self) -> str: ...
    @property
    def key(self) -> Place: ...
    @property
    def bound_counter_id(self) -> str | None: ...
    @property
    def bound_staff_id(self) -> str | None: ...


class OnDuty(Protocol):
    """What the order needs to know of an open duty."""

    @property
    def counter_id(self) -> str: ...
    @property
    def staff_id(self) -> str: ...
    @property
    def services(self) -> Sequence[str]: ...


T = TypeVar("T", bound=Queued)


def place_of(arrival: int, head_start: int) -> int:
    """`arrival` in ms, `head_start` in minutes: "we pretend you came that much earlier"."""
    return arrival - head_start * MS_PER_MINUTE


def is_bound(ticket: Queued) -> bool:
    """Whether it was transferred to one counter or one person."""
    return ticket.bound_counter_id is not None or ticket.bound_staff_id is not None


def sent_to(ticket: Queued, duty: OnDuty) -> bool:
    return ticket.bound_counter_id == duty.counter_id or ticket.bound_staff_id == duty.staff_id


def in_turn(waiting: Iterable[T], ready: Iterable[T], duty: OnDuty) -> list[T]:
    """Everybody this duty would call, in order: `ready` (parked here), those sent here, then its queues as one."""
    sent, queued = [], []
    for ticket in waiting:
        if is_bound(ticket):
            if sent_to(ticket, duty):
                sent.append(ticket)
        elif ticket.service_id in duty.services:
            queued.append(ticket)
    return [ticket for group in (ready, sent, queued) for ticket in sorted(group, key=_key)]


def behind_next(k: int, queue: Sequence[Queued], own: Place, version: int) -> Place:
    """The place behind the next `k` of `queue` (sorted), or behind all when fewer wait; never earlier than `own`.

    It is the k-th one's place with a newer version, so it sorts directly behind that person.
    """
    if not queue or k <= 0:
        return own
    kth = queue[min(k, len(queue)) - 1].key[0]
    return max(own, (kth, version))


class Positions:
    """How many are ahead, for every ticket of a branch: sorted once, then asked n times."""

    def __init__(self, waiting: Iterable[Queued], ready_at: Iterable[str | None], duties: Sequence[OnDuty]) -> None:
        """`ready_at`: the counter of each parked ticket that is ready again."""
        self._queues: dict[tuple[str, str], list[Place]] = defaultdict(list)
        self._duties = duties
        for ticket in waiting:
            self._queues[_queue_of(ticket)].append(ticket.key)
        for keys in self._queues.values():
            keys.sort()
        self._ready = list(ready_at)

    def ahead(self, ticket: Queued, key: Place | None = None) -> int:
        """Waiting tickets of its queue before it; `key`: as if it stood there."""
        return bisect_left(self._queues.get(_queue_of(ticket), []), key or ticket.key)

    def near(self, ticket: Queued) -> bool:
        """Whether at most two would be called before it by the counters on duty that would call it."""
        if self.ahead(ticket) > NEAR:
            return False
        duties = [
            duty
            for duty in self._duties
            if sent_to(ticket, duty) or (not is_bound(ticket) and ticket.service_id in duty.services)
        ]
        if not duties:
            return False
        counters = {duty.counter_id for duty in duties}
        before = sum(1 for counter in self._ready if counter in counters)
        for queue, keys in self._queues.items():
            if before > NEAR:
                return False
            before += self._before(ticket, queue, keys, duties)
        return before <= NEAR

    def _before(self, ticket: Queued, queue: tuple[str, str], keys: list[Place], duties: Sequence[OnDuty]) -> int:
        kind, id = queue
        if kind == "service":
            comes_first = not is_bound(ticket) and any(id in duty.services for duty in duties)
            return bisect_left(keys, ticket.key) if comes_first else 0
        sent_here = any(id == (duty.counter_id if kind == "counter" else duty.staff_id) for duty in duties)
        if not sent_here:
            return 0
        return bisect_left(keys, ticket.key) if is_bound(ticket) else len(keys)


def _key(ticket: Queued) -> Place:
    return ticket.key


def _queue_of(ticket: Queued) -> tuple[str, str]:
    if ticket.bound_counter_id is not None:
        return "counter", ticket.bound_counter_id
    if ticket.bound_staff_id is not None:
        return "staff", ticket.bound_staff_id
    return "service", ticket.service_id
