"""The queue as arrays: who stands where, who can be served where, and a first guess of when each will start."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np

from server.domain.forecast.frozen import Flags, Floats, Rows, rows
from server.domain.forecast.learning import Rates
from server.domain.forecast.state import QueueState, Standing
from server.domain.ordering import MS_PER_MINUTE

FLOORS = 256  # who works what, remembered: it changes a few times an hour
SHOW_UP = 0.85  # of those who are expected and not here yet
SHOW_UP_LATE = 0.35  # of those whose appointment has passed: most who come, come before it


@dataclass(frozen=True, slots=True)
class Line:
    """Everybody in the order the replay takes them; ready and sent ones first, for they go before the queues.

    `guess`: minutes until the work before each is done, if its counters were free now; `able`: services × counters.
    """

    standing: Sequence[Standing]
    present: int  # of them, so many stand before a newcomer
    service: Rows
    row: Rows
    waited: Floats  # minutes so far
    place: Floats  # minutes from now: whoever joins before that, without a head start, goes before them
    due: Floats  # minutes from now before which it is not here; not positive: here, or late
    here: Floats  # chance that it is there when its turn comes
    is_sent: Flags  # to one counter or one person
    goes_first: Flags  # has a head start or an appointment
    able: Flags
    capacity: Floats  # services × services: how much of one counter a ticket of the second takes from the first
    guess: Floats

    @classmethod
    def of(cls, state: QueueState, services: Sequence[str], rates: Rates) -> "Line":
        index = {service: n for n, service in enumerate(services)}
        able, capacity = _floor(tuple(services), tuple(counter.services for counter in state.counters))
        standing, present = _in_order(state.standing, state.now)
        columns = _columns(standing, index, state.now)
        guess = _guess(columns[0], columns[5], rates, capacity)
        return cls(standing, present, *columns, able, capacity, guess)


def _columns(
    standing: Sequence[Standing], index: dict[str, int], now: float
) -> tuple[Rows, Rows, Floats, Floats, Floats, Floats, Flags, Flags]:
    """Service, row, waited, place, due, here, is sent, goes first."""
    since = np.array([now if t.since is None else t.since for t in standing])
    return (
        np.array([index[t.service] for t in standing], np.intp),
        rows([t.id for t in standing]),
        np.maximum(now - since, 0).astype(np.float32),
        (np.array([t.key[0] / MS_PER_MINUTE for t in standing]) - now).astype(np.float32),
        np.array([0.0 if t.due is None else t.due - now for t in standing], np.float32),
        np.array([1.0 if t.due is None else _shows_up(t, now) for t in standing], np.float32),
        np.array([t.counter is not None or t.staff is not None for t in standing], bool),
        np.array([t.booked or t.head_start > 0 for t in standing], bool),
    )


def _shows_up(ticket: Standing, now: float) -> float:
    late = ticket.booked and ticket.due is not None and ticket.due <= now
    return SHOW_UP_LATE if late else SHOW_UP


def _in_order(standing: Sequence[Standing], now: float) -> tuple[Sequence[Standing], int]:
    """Ready, then sent, then those of the queues; and how many of these a newcomer would stand behind.

    Who has an appointment later on stands behind a newcomer: the appointment is their place.
    """
    groups: tuple[list[Standing], ...] = ([], [], [], [])
    for t in standing:
        later = t.due is not None and t.due > now
        groups[0 if t.ready else 1 if t.counter or t.staff else 3 if later else 2].append(t)
    return list(chain(*groups)), sum(map(len, groups[:3]))


@lru_cache(FLOORS)
def _floor(services: tuple[str, ...], counters: tuple[frozenset[str], ...]) -> tuple[Flags, Floats]:
    """Who works what, services × counters; and the capacity, services × services.

    Capacity, row s, column t: the part of one t's work that falls on the counters of s, over how many those are.
    Somebody who may also be served elsewhere takes only a part of these counters' time.
    """
    able = np.array([[s in works for works in counters] for s in services], bool).reshape(len(services), len(counters))
    each = able.astype(np.float32)
    works = np.maximum(each.sum(axis=1), 1)
    shared = (each @ each.T) / works[np.newaxis, :]
    return able, np.asarray(shared / works[:, np.newaxis], np.float32)


def _guess(service: Rows, here: Floats, rates: Rates, capacity: Floats) -> Floats:
    """Work before each over its counters, thinned by those who leave: dg = dw·e^(−λg), so g = ln(1 + λw)/λ."""
    if not len(service):
        return np.zeros(0, np.float32)
    before = ahead(service, rates.work[0][service] * here, capacity)
    return np.asarray(np.log1p(rates.leaving * before) / rates.leaving, np.float32)


def ahead(service: Rows, brought: Floats, capacity: Floats) -> Floats:
    """For each, the sum of what those before it bring to its own counters, per counter."""
    out = np.empty(len(service), np.float32)
    for kind in range(len(capacity)):
        mine = service == kind
        shares = brought * capacity[kind][service]
        out[mine] = (np.cumsum(shares) - shares)[mine]
    return out
