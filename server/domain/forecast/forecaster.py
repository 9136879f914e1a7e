"""The forecaster: told what happened, asked how long everybody will wait."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from server.domain.forecast.calibration import Calibration, Corrections
from server.domain.forecast.display import rounded
from server.domain.forecast.frozen import Floats, Rows
from server.domain.forecast.kept import Kept
from server.domain.forecast.learning import Learning, Rates
from server.domain.forecast.line import Line
from server.domain.forecast.replay import Starts, replay
from server.domain.forecast.state import QueueState, Raw, Wait
from server.domain.forecast.told import Called, Fact


@dataclass(frozen=True)
class Forecast:
    """Everybody's wait at one instant, and what it was made from.

    `likely`, `at_most`: minutes, calibrated and not rounded, of those in the line and then of newcomers.
    """

    state: QueueState = field(repr=False)
    rates: Rates = field(repr=False)
    corrections: Corrections = field(repr=False)
    starts: Starts = field(repr=False)
    likely: Floats = field(repr=False)
    at_most: Floats = field(repr=False)

    @cached_property
    def waits(self) -> dict[str, Wait | None]:
        """By ticket id and, for somebody who joined now, by service id; None: no counter on duty calls it."""
        standing = self.starts.line.standing
        told = zip(standing, rounded(self.likely[: len(standing)], self.at_most[: len(standing)]), strict=True)
        return {ticket.id: wait for ticket, wait in told if not ticket.ready} | self.newcomers

    @cached_property
    def newcomers(self) -> dict[str, Wait | None]:
        """For somebody who joined now, by service id."""
        count = len(self.starts.line.standing)
        told = zip(self.starts.newcomers, rounded(self.likely[count:], self.at_most[count:]), strict=True)
        return dict.fromkeys(self.state.configured) | dict(told)

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Likely and at most in minutes, calibrated and not rounded, by ticket and service id, those that have one."""
        ids = [t.id for t in self.starts.line.standing] + list(self.starts.newcomers)
        each = zip(ids, self.likely.tolist(), self.at_most.tolist(), strict=True)
        return {id: (likely, at_most) for id, likely, at_most in each if likely == likely}

    def raw(self) -> dict[str, Raw]:
        """What calibration learns from, likewise."""
        starts = self.starts
        each = zip(starts.line.standing, starts.p50.tolist(), starts.p90.tolist(), strict=True)
        return {t.id: Raw(p50, p90) for t, p50, p90 in each if p50 == p50 and not t.ready} | dict(starts.newcomers)


class Forecaster:
    """A fold over facts, and a pure function of a state: no clock and no chance, so equal states get equal answers."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._learning, self._calibration = Learning(), Calibration()
        for fact in facts:
            self.tell(fact)

    def tell(self, fact: Fact) -> None:
        self._learning.tell(fact)
        if isinstance(fact, Called):
            self._calibration.called(fact)

    def kept(self) -> Kept:
        """All that it was told, as far as it remembers it: see kept.py."""
        return {"learning": self._learning.kept(), "calibration": self._calibration.kept()}

    def resume(self, kept: Kept) -> None:
        """Of a new one: go on from there. One of UNFIT when it is of another shape."""
        self._learning.resume(kept["learning"])
        self._calibration.resume(kept["calibration"])

    def waits(self, state: QueueState) -> dict[str, Wait | None]:
        return self.forecast(state).waits

    def forecast(self, state: QueueState) -> Forecast:
        return foreseen(state, self._learning.rates(state.configured), self._calibration.corrections())


def foreseen(state: QueueState, rates: Rates, corrections: Corrections) -> Forecast:
    """What a forecaster that has learned these rates and corrections says of a state."""
    starts = replay(state, rates)
    services = list(starts.newcomers)
    index = {service: n for n, service in enumerate(state.configured)}
    newest = [starts.newcomers[service] for service in services]
    p50 = np.concatenate((starts.p50, np.array([raw.p50 for raw in newest], np.float32)))
    p90 = np.concatenate((starts.p90, np.array([raw.p90 for raw in newest], np.float32)))
    first = np.concatenate((starts.line.goes_first, np.zeros(len(services), bool)))
    waited = np.concatenate((starts.line.waited, np.zeros(len(services), np.float32)))
    likely, at_most = corrections.corrected(p50, p90, first, waited)
    _never_shorter_behind(starts.line, np.array([index[s] for s in services], np.intp), likely, at_most)
    return Forecast(state, rates, corrections, starts, likely, at_most)


def _never_shorter_behind(line: Line, services: Rows, *ends: Floats) -> None:
    """Calibration by length must not make somebody further back wait less: a running maximum along each queue.

    `services`: of the newcomers, who are behind the standing. Who was sent to one counter is in no queue, and
    who has an appointment later on stands behind a newcomer.
    """
    queued = ~line.is_sent & (line.due <= 0)
    kinds = np.concatenate((np.where(queued, line.service, -1), services))
    for service in services:
        mine = kinds == service
        for end in ends:
            end[mine] = np.maximum.accumulate(end[mine])
