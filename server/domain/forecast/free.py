"""When each counter on duty is free for its next customer, in every replay."""

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import NormalDist

import numpy as np

from server.domain.forecast.durations import Duration
from server.domain.forecast.frozen import Floats, Frozen, Rows, normal_quantile, rows
from server.domain.forecast.learning import Rates
from server.domain.forecast.state import Open, QueueState

NORMAL = NormalDist()
SURELY = 0.9995  # no service is taken to have run longer than all but one of 2,000: its end would never come
GONE = (
    0.07  # of the times a counter falls idle while somebody waits: a break that nobody named, one in 120 busy minutes
)
OVERDUE = 0.3  # of a usual break is still to come when the said time of return has passed
STILL = 0.05  # a service that outran its distribution: of the time it took, at least this is to come
FASTEST_CALL = 0.2  # minutes, below which no call is taken to have been answered
SHORTEST_GAP = 0.5  # minutes: nobody is thought to be gone sooner


def free(state: QueueState, rates: Rates, frozen: Frozen) -> Floats:
    """Minutes from now, replays × counters."""
    chosen = rows([c.ticket or c.counter for c in state.counters])
    lengths = frozen.exponential[chosen]
    out = np.zeros((len(state.counters), len(frozen.shock)), np.float32)
    busy = [n for n, c in enumerate(state.counters) if c.serving in rates.durations and not c.called]
    if busy:
        out[busy] = _residual([state.counters[n] for n in busy], state.now, rates, frozen, chosen[busy])
    for n, counter in enumerate(state.counters):
        if counter.called:
            out[n] = _called(counter, state.now, rates, frozen, int(chosen[n]))
        elif counter.on_break:
            out[n] = _on_break(counter, state.now, rates, lengths[n])
        elif counter.serving is None and _is_wanted(counter, state):
            out[n] = _idle(counter, state.now, rates, frozen, int(chosen[n]))
        if counter.break_wanted:
            out[n] = _with_break(counter, state.now, rates, out[n], lengths[n])
    return np.ascontiguousarray(out.T)


def _residual(busy: Sequence[Open], now: float, rates: Rates, frozen: Frozen, chosen: Rows) -> Floats:
    """What is left of each running service, given that it is not over yet, and the gap after it: counters × replays.

    S given S > elapsed, by inversion: S = exp(μ + σ·Φ⁻¹(F0 + (1 − F0)·V)), F0 = Φ((ln elapsed − μ)/σ) (Devroye,
    "Non-Uniform Random Variate Generation", II.2.1).
    """
    known, times = [_duration(c, rates.durations) for c in busy], [_elapsed(c, now) for c in busy]
    shares = [min(_share_passed(time, duration), SURELY) for time, duration in zip(times, known, strict=True)]
    elapsed, passed = np.array(times, np.float32)[:, np.newaxis], np.array(shares, np.float32)[:, np.newaxis]
    mu = np.array([[d.mu] for d in known], np.float32)
    sigma = np.array([[d.sigma] for d in known], np.float32)
    whole = np.exp(mu + sigma * normal_quantile(passed + (1 - passed) * frozen.uniform[chosen]))
    left = np.maximum(whole - elapsed, STILL * elapsed) * frozen.shock + rates.gap
    return np.asarray(left + _break_after(whole, rates, frozen, chosen), np.float32)


def _break_after(minutes: Floats, rates: Rates, frozen: Frozen, chosen: Rows) -> Floats:
    """A break follows a service the more likely the longer it took: minutes of it."""
    begins = frozen.chance[(chosen + 512) % len(frozen.chance)] < minutes * rates.breaks
    minutes_away: Floats = begins * np.float32(rates.break_length) * frozen.exponential[chosen]
    return minutes_away


def _called(counter: Open, now: float, rates: Rates, frozen: Frozen, row: int) -> Floats:
    """Still coming, or not coming at all: the longer nobody came, the more likely (Bayes, both times exponential)."""
    elapsed = _elapsed(counter, now)
    missing = float(rates.missing(np.array([counter.waited], np.float32))[0])
    walk = max(rates.gap, FASTEST_CALL)
    not_coming = missing * exp(-elapsed / max(rates.lost, FASTEST_CALL))
    not_coming /= not_coming + (1 - missing) * exp(-elapsed / walk)
    known = _duration(counter, rates.durations)
    serves = np.exp(known.mu + known.sigma * frozen.normal[row]) * frozen.shock + walk / 2 + rates.gap
    lost = rates.lost * frozen.exponential[row]
    return np.asarray(np.where(frozen.chance[row] < not_coming, lost, serves), np.float32)


def _on_break(counter: Open, now: float, rates: Rates, lengths: Floats) -> Floats:
    if counter.back_at is None:
        return np.asarray(rates.break_length * lengths, np.float32)
    left = counter.back_at - now
    overdue = OVERDUE * rates.break_length * lengths
    return np.full_like(lengths, left) if left > 0 else np.asarray(overdue, np.float32)


def _with_break(counter: Open, now: float, rates: Rates, until: Floats, lengths: Floats) -> Floats:
    if counter.back_at is None:
        return np.asarray(until + rates.break_length * lengths, np.float32)
    return np.maximum(until, np.float32(counter.back_at - now))


def _idle(counter: Open, now: float, rates: Rates, frozen: Frozen, row: int) -> Floats:
    """Nobody is called though somebody waits: about to call, or gone, the longer the more likely (Bayes, as above)."""
    tidying = exp(-_elapsed(counter, now) / max(rates.gap, SHORTEST_GAP))
    gone = GONE / (GONE + (1 - GONE) * tidying) if tidying < 1 else 0.0
    return np.where(frozen.chance[row] < gone, rates.break_length * frozen.exponential[row], 0).astype(np.float32)


def _is_wanted(counter: Open, state: QueueState) -> bool:
    return any(t.service in counter.services and t.due is None and not (t.counter or t.staff) for t in state.standing)


def _elapsed(counter: Open, now: float) -> float:
    return max(now - counter.since, 0.0) if counter.since is not None else 0.0


def _share_passed(elapsed: float, duration: Duration) -> float:
    """F0: the share of such services that are over by now."""
    return NORMAL.cdf((log(elapsed) - duration.mu) / duration.sigma) if elapsed > 0 else 0.0


def _duration(counter: Open, durations: Mapping[str, Duration]) -> Duration:
    found = durations.get(counter.serving or "")
    return found or next(iter(durations.values()))
