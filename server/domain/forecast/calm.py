"""What everybody is told, calmly: it follows what is known, and never rises by much without a reason a page can name.

The instant of the call follows by exponential smoothing in continuous time: what is told depends on when it was told
last, but not on how often it is drawn in between while nothing changes. So processes that draw one branch at moments
of their own tell nearly the same. Reasons are read from the state alone, for them to be the same too.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import takewhile
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.domain.forecast.display import rounded
from server.domain.forecast.forecaster import Forecast
from server.domain.forecast.frozen import Flags
from server.domain.forecast.replay import Z90
from server.domain.forecast.state import QueueState, Wait

HALF_LIFE = 2.0  # minutes in which what is told has moved half-way to what is known
RISE = 5.0  # minutes by which a told wait may rise without a reason, within one HALF_LIFE
RECENT = 5.0  # minutes for which something that happened is a reason, and for which a reason is named
Numbers = NDArray[np.float64]


class Reason(StrEnum):
    """Why a told wait rose."""

    CLOSED = "closed"  # a counter
    BREAK = "break"  # a counter went on one
    PRIORITY = "priority"  # a head start, an appointment, somebody who was sent here
    SLOW = "slow"  # somebody needs longer than nine of ten do


_REASONS = dict(enumerate(Reason, 1))
_CODES = {reason: code for code, reason in _REASONS.items()}  # 0: none


class Told(NamedTuple):
    """What a ticket was told, and when: an instant, and the instants at which its call is likely and at most."""

    at: float
    likely: float
    at_most: float


class Telling(NamedTuple):
    """By ticket id; `why`: the reason for which a wait rose of late, where there is one."""

    waits: Mapping[str, Wait | None]
    why: Mapping[str, Reason]


class Calm:
    """Of one branch: remembers what each of those who wait was told last."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._told = np.empty((0, 6))

    def tell(self, forecast: Forecast, before: Mapping[str, Told] | None = None) -> Telling:
        """`before`: by ticket, what those were told last who are not remembered, as after a restart."""
        now, standing = forecast.state.now, forecast.starts.line.standing
        ids, keys, count = [t.id for t in standing], np.array([t.key[1] for t in standing], float), len(standing)
        old = self._remembered(ids, keys, before or {})
        known = np.column_stack((forecast.likely[:count], forecast.at_most[:count])).astype(float) + now
        passed = now - old[:, _AT]
        both = ~np.isnan(known[:, 0]) & ~np.isnan(old[:, _ENDS]).any(axis=1)  # none while no counter calls it
        goes_on = (passed >= 0) & (old[:, _KEY] == keys) & both
        was, passed = np.where(goes_on[:, None], old[:, _ENDS], known), np.where(goes_on, passed, 0)
        causes = _causes(forecast)
        jumps = (causes > 0) & (known > was + RISE).any(axis=1)
        share = np.where(_next_in_line(forecast), 1.0, 1 - 0.5 ** (passed / HALF_LIFE))[:, None]
        allowed = (RISE * np.minimum(passed / HALF_LIFE, 1) + passed)[:, None]  # of an instant: the clock goes on too
        told = np.where(jumps[:, None], known, np.minimum(was + share * (known - was), was + allowed))
        told = np.maximum(np.where(np.isnan(known), np.nan, told), now)
        still = goes_on & (now - old[:, _SINCE] < RECENT)
        why = np.where(jumps, causes, np.where(still, old[:, _WHY], 0)).astype(int)
        since = np.where(jumps, now, old[:, _SINCE])
        self._told = np.column_stack((np.full(count, now), told, why, since, keys)).reshape(count, 6)
        self._places = dict(zip(ids, range(count), strict=True))
        waits = dict(zip(ids, rounded(told[:, 0] - now, told.max(axis=1) - now), strict=True))
        for ticket in takewhile(attrgetter("ready"), standing):  # they go before all others
            del waits[ticket.id]
        return Telling(waits, {ids[n]: _REASONS[why[n]] for n in np.flatnonzero(why) if waits.get(ids[n])})

    def _remembered(self, ids: list[str], keys: Numbers, before: Mapping[str, Told]) -> Numbers:
        """One row for each who stands in line; NaN for who was never told anything."""
        rows = np.array([self._places.get(id, -1) for id in ids], int)
        old: Numbers = np.vstack((self._told, np.full((1, 6), np.nan)))[rows]
        for n in np.flatnonzero(rows < 0):
            if (told := before.get(ids[n])) is not None:
                old[n] = (*told, 0, np.nan, keys[n])
        return old


_AT, _ENDS, _WHY, _SINCE, _KEY = 0, slice(1, 3), 3, 4, 5


def _next_in_line(forecast: Forecast) -> Flags:
    """Who is first of a queue is told what is known: it will be their turn any moment."""
    line, first = forecast.starts.line, np.zeros(len(forecast.starts.line.standing), bool)
    here = np.flatnonzero(line.due <= 0)
    first[here[np.unique(line.service[here], return_index=True)[1]]] = True
    return first


def _causes(forecast: Forecast) -> NDArray[np.intp]:
    """What a rise of each can be put down to: a code; 0: nothing."""
    state, line = forecast.state, forecast.starts.line
    services = list(state.configured)
    by_service = [_cause(state, service, forecast) for service in services]
    causes = np.array([_CODES[cause] if cause else 0 for cause in by_service], np.intp)[line.service]
    newest = np.minimum.accumulate(np.where(line.waited <= RECENT, line.waited, np.inf))
    at_counters = (causes > 0) & (causes != _CODES[Reason.SLOW])
    return np.where((newest < line.waited) & ~at_counters, _CODES[Reason.PRIORITY], causes)


def _cause(state: QueueState, service: str, forecast: Forecast) -> Reason | None:
    """What has happened at the counters that work a service."""
    if any(service in counter.services and state.now - counter.at < RECENT for counter in state.closed):
        return Reason.CLOSED
    here = [counter for counter in state.counters if service in counter.services and counter.since is not None]
    if any(c.on_break and state.now - (c.since or 0) < RECENT for c in here):
        return Reason.BREAK
    durations = forecast.rates.durations
    for counter in here:
        known = durations.get(counter.serving or "")
        if known and not counter.called and state.now - (counter.since or 0) > np.exp(known.mu + Z90 * known.sigma):
            return Reason.SLOW
    return None
