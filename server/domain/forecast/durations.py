"""How long services take: a log-normal posterior for each, around what was configured and the branch's own bias.

Conjugate normal-inverse-χ² updating of x = ln(minutes) with k0 pseudo-observations (Gelman et al., "Bayesian Data
Analysis", 3rd ed., 3.3); old observations fade by a half-life ("discounting", West & Harrison, "Bayesian Forecasting
and Dynamic Models", 6.3).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple

from server.domain.forecast.kept import Kept, numbers, words

SPREAD = 0.65  # prior standard deviation of ln(minutes): half to twice the median, four times of five
MEAN_WORTH = 3.0  # services that the configured duration counts for
SPREAD_WORTH = 6.0  # services that the prior spread counts for
BIAS_WORTH = 8.0  # services that "durations are configured rightly" counts for
HALF_LIFE = 300  # services of one kind after which one counts half
SHORTEST, LONGEST = 0.1, 600.0  # minutes: a slip of the finger, and a counter forgotten over night
_FADE = 0.5 ** (1 / HALF_LIFE)


class Duration(NamedTuple):
    """ln(minutes) of one service to come is normal with this mean and standard deviation."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        """Minutes."""
        return exp(self.mu + self.sigma**2 / 2)


@dataclass(slots=True)
class _Seen:
    """Faded count, mean and sum of squares of ln(minutes), updated one by one (Welford 1962, weighted: West 1979)."""

    n: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, x: float) -> None:
        self.n = self.n * _FADE + 1
        off = x - self.mean
        self.mean += off / self.n
        self.squares = self.squares * _FADE + off * (x - self.mean)


class Durations:
    """Told minutes, asked distributions."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)

    def served(self, service: str, minutes: float) -> None:
        self._seen[service].add(log(min(max(minutes, SHORTEST), LONGEST)))

    def kept(self) -> Kept:
        return {service: [seen.n, seen.mean, seen.squares] for service, seen in self._seen.items()}

    def resume(self, kept: Kept) -> None:
        for service, seen in kept.items():
            n, mean, squares = numbers(seen, 3)
            numbers([n, squares], 2, least=0.0)
            self._seen[words(service)] = _Seen(n, mean, squares)

    def of(self, configured: Mapping[str, float]) -> dict[str, Duration]:
        """By service; `configured` in minutes."""
        bias = self._bias(configured)
        return {
            service: _posterior(self._seen.get(service, _NOTHING), _prior(minutes) + bias)
            for service, minutes in configured.items()
        }

    def _bias(self, configured: Mapping[str, float]) -> float:
        """By how much the whole branch differs from what was configured, in ln: all services together, shrunk."""
        known = [(seen, _prior(configured[service])) for service, seen in self._seen.items() if service in configured]
        return sum(seen.n * (seen.mean - prior) for seen, prior in known) / (
            sum(seen.n for seen, _ in known) + BIAS_WORTH
        )


_NOTHING = _Seen()


def _prior(configured: float) -> float:
    """The mean of ln(minutes) whose log-normal has the configured mean."""
    return log(max(configured, SHORTEST)) - SPREAD**2 / 2


def _posterior(seen: _Seen, prior: float) -> Duration:
    worth = MEAN_WORTH + seen.n
    mu = (MEAN_WORTH * prior + seen.n * seen.mean) / worth
    between = MEAN_WORTH * seen.n / worth * (seen.mean - prior) ** 2
    variance = (SPREAD_WORTH * SPREAD**2 + seen.squares + between) / (SPREAD_WORTH + seen.n)
    return Duration(mu, sqrt(variance * (1 + 1 / worth)))
