"""Who listens to a branch's days, asks every forecast, and writes down what came true."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from benchmarks.waits.day import Day, Person
from benchmarks.waits.simple import Everyones, HeadOfLine, LastTen, QueueLength, Simple
from server.domain.forecast import Called, Calm, Fact, Forecaster, Foreseen, Telling
from server.domain.forecast.calibration import Calibration

SIMPLE = ("everyone's formula", "last ten waits", "LES", "HOL", "queue length")
OURS = "ours"


class Sample(NamedTuple):
    """One forecast of one person; minutes. `actual` is known at the call."""

    day: int
    at: float
    joining: bool
    first: bool  # with a head start or an appointment
    simple: tuple[float, ...]
    upper: float  # of the last of the simple ones, calibrated
    p50: float
    p90: float
    likely: float
    at_most: float
    shown_likely: float
    shown_at_most: float
    rise: float  # of the shown wait since the last look, without a reason
    actual: float = 0.0


class Judge:
    """One branch."""

    def __init__(self) -> None:
        self.forecaster = Forecaster()
        self.simple: list[Simple] = [Everyones(), LastTen(), LastTen(1), HeadOfLine(), QueueLength()]
        self.samples: list[Sample] = []
        self._upper = Calibration()
        self._calm, self._told = Calm(), dict[str, int]()

    def tell(self, fact: Fact) -> None:
        self.forecaster.tell(fact)
        for each in self.simple:
            each.tell(fact)

    def joined(self, day: Day, person: Person) -> None:
        self._ask(day, [person], joining=True)

    def look(self, day: Day) -> None:
        self._ask(day, day.waiting, joining=False)

    def called(self, day: Day, person: Person) -> None:
        known = [s._replace(actual=day.now - s.at) for s in person.told]
        self.samples += known
        waited = day.now - person.since
        chosen = known[:1] + known[2::3]  # of the joining, and one in six minutes
        foreseen = tuple(Foreseen(s.p50, s.p90, s.actual, s.joining) for s in chosen)
        self.tell(Called(waited, person.goes_first, foreseen))
        self._upper.called(
            Called(
                waited,
                person.goes_first,
                tuple(Foreseen(s.simple[-1], 1.5 * s.simple[-1] + 1, s.actual) for s in chosen),
            )
        )
        for each in self.simple:
            each.called(person.service, waited)
        self._told.pop(person.id, None)

    def _ask(self, day: Day, people: Iterable[Person], *, joining: bool) -> None:
        state = day.state()
        answers = [each.answers(state) for each in self.simple]
        forecast = self.forecaster.forecast(state)
        ranges, raw = forecast.ranges(), forecast.raw()
        asked = [person for person in people if person.id in ranges]
        simple = [tuple(found.get(person.id) or 0.0 for found in answers) for person in asked]
        uppers = _uppers(self._upper, [told[-1] for told in simple], [person.goes_first for person in asked])
        telling = self._calm.tell(forecast)
        for person, told, upper in zip(asked, simple, uppers, strict=True):
            person.told.append(
                Sample(
                    day.number,
                    day.now,
                    joining,
                    person.goes_first,
                    told,
                    upper,
                    *raw[person.id],
                    *ranges[person.id],
                    *self._shown(person, telling),
                )
            )

    def _shown(self, person: Person, telling: Telling) -> tuple[float, float, float]:
        """The range as shown, and by how much it rose since the last look without a reason."""
        wait = telling.waits[person.id]
        assert wait is not None
        likely, before = wait.likely, self._told.get(person.id)
        self._told[person.id] = likely
        rise = likely - before if before is not None and person.id not in telling.why else 0.0
        return likely, wait.at_most, rise


def _uppers(calibration: Calibration, told: list[float], first: list[bool]) -> list[float]:
    p50 = np.array(told, np.float32)
    found = calibration.corrections().corrected(
        p50, 1.5 * p50 + 1, np.array(first, bool), np.full(len(told), 9, np.float32)
    )
    return [float(upper) for upper in found[1]]
