"""The queue played into the future, many times: when would each be called, and when somebody who joined now?

A Monte Carlo walk of first-come-first-served service by several counters (the recursion of Kiefer & Wolfowitz 1955),
started from the present state as in Whitt 1999, "Predicting queueing delays"; far back in a long queue the sum of many
services is as good as normal, and the walk is continued by its mean and variance.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from server.domain.forecast.free import free
from server.domain.forecast.frozen import REPLAYS, SLOW_DAY, Floats, Frozen, frozen
from server.domain.forecast.learning import Rates
from server.domain.forecast.line import Line
from server.domain.forecast.state import QueueState, Raw

WALKED, WALKED_OF_MANY = 60, 20  # tickets, one by one
MANY = 100  # waiting: from here on half the replays and fewer steps
Z90 = 1.2816
OVERTAKING = 0.8  # of the minutes until an appointment are filled by who joins before it
NEVER = np.float32(1e9)


class Starts(NamedTuple):
    """Minutes from now: one for each who stands in `line`, and by service for a newcomer.

    NaN, or absent: nobody works it.
    """

    line: Line
    p50: Floats
    p90: Floats
    newcomers: Mapping[str, Raw]


def replay(state: QueueState, rates: Rates) -> Starts:
    services = list(state.configured)
    line = Line.of(state, services, rates)
    many = len(line.standing) > MANY
    chance = frozen(REPLAYS // 2 if many else REPLAYS)
    walked = min(len(line.standing), WALKED_OF_MANY if many else WALKED)
    until = free(state, rates, chance)
    starts, ends = _walk(state, line, rates, chance, until, walked)
    p50, p90 = (np.full(len(line.standing), np.nan, np.float32) for _ in range(2))
    p50[:walked], p90[:walked] = _columns(starts)
    newcomers = _beyond(line, rates, ends, walked, p50, p90)
    _overtaken(line.place, rates, p50, p90)
    return Starts(line, p50, p90, {services[s]: _passed_by(raw, rates) for s, raw in newcomers.items()})


def _walk(
    state: QueueState, line: Line, rates: Rates, chance: Frozen, until: Floats, walked: int
) -> tuple[Floats, dict[int, Raw]]:
    """Each in turn takes the counter that is free first. Tickets × replays; and where it ends for each service."""
    starts = np.full((walked, len(until)), np.nan, np.float32)
    if not state.counters:
        return starts, {}
    work, flat, base = _work(line, rates, chance, walked), until.ravel(), np.arange(len(until)) * until.shape[1]
    closed: dict[tuple[int, str | None, str | None], Floats | None] = {}
    ends = _ends(line, until) if line.present == 0 else {}
    for n, ticket in enumerate(line.standing[:walked]):
        kind = int(line.service[n]), ticket.counter, ticket.staff
        if kind not in closed:
            closed[kind] = _closed(state, line, *kind)
        shut = closed[kind]
        if shut is None or shut.min() < NEVER:
            which = (until if shut is None else until + shut).argmin(axis=1)
            which += base
            at = flat[which]
            if line.due[n] > 0:
                np.maximum(at, line.due[n], out=at)
            starts[n] = at
            at += work[n]
            flat[which] = at
        if n + 1 == line.present:
            ends = _ends(line, until)
    return starts, ends or _ends(line, until)


def _ends(line: Line, until: Floats) -> dict[int, Raw]:
    """By service that somebody works: when one more would start."""
    worked = np.flatnonzero(line.able.any(axis=1)).tolist()
    firsts = [until.min(axis=1) if line.able[s].all() else until[:, line.able[s]].min(axis=1) for s in worked]
    columns = _columns(np.array(firsts, np.float32).reshape(len(worked), len(until)))
    return {s: Raw(float(p50), float(p90)) for s, p50, p90 in zip(worked, *columns, strict=True)}


def _closed(state: QueueState, line: Line, service: int, counter: str | None, staff: str | None) -> Floats | None:
    """What keeps each counter from calling such a ticket: 0 or NEVER; None: nothing anywhere."""
    if counter or staff:
        able = np.array([c.counter == counter or (staff is not None and c.staff == staff) for c in state.counters])
    else:
        able = line.able[service]
    return None if able.all() else np.where(able, np.float32(0), NEVER)


def _work(line: Line, rates: Rates, chance: Frozen, walked: int) -> Floats:
    """Minutes each takes of a counter: its service, or what is lost over it; nothing when it is not there at all.

    Who may have left by its turn is thinned, not dropped: with weights that fall slower than the clock runs, one more
    ahead can then never make it shorter.
    """
    row, service = line.row[:walked], line.service[:walked]
    mu, sigma = rates.mu[service, np.newaxis], rates.sigma[service, np.newaxis]
    minutes = np.exp(mu + sigma * chance.normal[row])
    minutes *= chance.shock
    lengths = chance.exponential[row]
    begins = chance.chance[(row + 512) % len(chance.chance)] < minutes * rates.breaks
    missing = rates.missing(line.waited[:walked] + line.guess[:walked])[:, np.newaxis]
    takes = np.where(
        chance.chance[row] < missing, rates.lost * lengths, minutes + begins * rates.break_length * lengths
    )
    takes += rates.gap
    takes *= np.exp(-rates.leaving * line.guess[:walked])[:, np.newaxis]
    if (line.here[:walked] < 1).any():
        takes *= chance.chance[(row + 256) % len(chance.chance)] < line.here[:walked, np.newaxis]
    return np.asarray(takes, np.float32)


def _columns(starts: Floats) -> tuple[Floats, Floats]:
    """The median and the 90th percentile of each row."""
    starts.sort(axis=1)
    replays = starts.shape[1]
    return starts[:, replays // 2], starts[:, replays * 9 // 10]


def _beyond(line: Line, rates: Rates, ends: Mapping[int, Raw], walked: int, p50: Floats, p90: Floats) -> dict[int, Raw]:
    """Fill in those behind the walk, from where it ended for each service; by service, a newcomer behind them all."""
    service, newcomers = line.service[walked:], dict(ends)
    if not len(service):
        return newcomers
    here = line.here[walked:]
    brought, spread = (of_service[service] * here for of_service in rates.work)
    for kind, end in ends.items():
        shares = line.capacity[kind][service]
        sums = np.concatenate(([0.0], np.cumsum(brought * shares)))
        squares = np.concatenate(([0.0], np.cumsum(spread * shares**2)))
        # As in the guess, begun at the walk's end b: e^(λg) = e^(λb) + λ·(work since).
        middle = np.log(np.exp(rates.leaving * end.p50) + rates.leaving * sums) / rates.leaving
        variance = ((end.p90 - end.p50) / Z90) ** 2 + squares + SLOW_DAY**2 * (middle**2 - end.p50**2)
        upper = middle + Z90 * np.sqrt(variance)
        mine = np.flatnonzero((service == kind) & ~line.is_sent[walked:])
        p50[walked + mine] = np.maximum(middle[mine], line.due[walked + mine])
        p90[walked + mine] = np.maximum(upper[mine], line.due[walked + mine])
        if (before := line.present - walked) > 0:
            newcomers[kind] = Raw(float(middle[before]), float(upper[before]))
    return newcomers


def _overtaken(place: Floats, rates: Rates, p50: Floats, p90: Floats) -> None:
    """Others who will join and go first: anybody before an early comer's appointment, and who has a head start.

    While a queue lasts, about as much work joins as is done, so each minute of it takes a minute's share.
    """
    for column in (p50, p90):
        window = (place + rates.head_start).clip(0)
        np.add(column, rates.hurried * np.minimum(column, window), out=column)
        np.add(column, OVERTAKING * np.minimum(column, place.clip(0)), out=column)


def _passed_by(raw: Raw, rates: Rates) -> Raw:
    """The same for a newcomer without one."""
    return Raw(*(minutes + rates.hurried * min(minutes, rates.head_start) for minutes in raw))
