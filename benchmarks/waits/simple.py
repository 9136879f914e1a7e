"""The forecasts others show: one number each, from what the branch has seen so far.

LES and HOL: Ibrahim & Whitt 2009, "Real-time delay estimation based on delay history"; the queue length with
abandonment: Whitt 1999 and Ibrahim & Whitt 2009, QLm.
"""

from collections import defaultdict, deque
from math import log1p
from typing import Protocol

from server.domain.forecast import Called, Fact, Left, QueueState, Served, Standing

Answers = dict[str, float | None]


class Simple(Protocol):
    def tell(self, fact: Fact) -> None: ...
    def called(self, service: str, waited: float) -> None: ...
    def answers(self, state: QueueState) -> Answers: ...


class Means:
    """Mean minutes per service: as configured, until twenty were seen."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, fact: Served) -> None:
        seen = self._seen[fact.service]
        seen[0], seen[1] = seen[0] + 1, seen[1] + fact.minutes

    def of(self, state: QueueState) -> dict[str, float]:
        return {
            service: (20 * configured + self._seen[service][1]) / (20 + self._seen[service][0])
            for service, configured in state.configured.items()
        }


class Everyones:
    """People ahead in my queue × mean / counters that work it."""

    def __init__(self) -> None:
        self._means = Means()

    def tell(self, fact: Fact) -> None:
        if isinstance(fact, Served):
            self._means.add(fact)

    def called(self, service: str, waited: float) -> None: ...

    def answers(self, state: QueueState) -> Answers:
        means, ahead = self._means.of(state), defaultdict[str, int](int)
        found: Answers = {}
        counters = {s: sum(s in c.services for c in state.counters) for s in state.configured}
        for t in _here(state):
            found[t.id] = ahead[t.service] * means[t.service] / counters[t.service] if counters[t.service] else None
            ahead[t.service] += 1
        return found


class LastTen:
    """The mean of the last ten waits of my service, whatever the queue."""

    def __init__(self, last: int = 10) -> None:
        self._last: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=last))

    def tell(self, fact: Fact) -> None: ...

    def called(self, service: str, waited: float) -> None:
        self._last[service].append(waited)

    def answers(self, state: QueueState) -> Answers:
        """What is left of it for who has waited a while."""
        return {t.id: max(self._mean(t.service) - _waited(t, state), 0.0) for t in _here(state)}

    def _mean(self, service: str) -> float:
        last = self._last[service]
        return sum(last) / len(last) if last else 0.0


class HeadOfLine:
    """What the first of my queue has waited so far."""

    def tell(self, fact: Fact) -> None: ...

    def called(self, service: str, waited: float) -> None: ...

    def answers(self, state: QueueState) -> Answers:
        head: dict[str, float] = {}
        found: Answers = {}
        for t in _here(state):
            head[t.service] = max(head.get(t.service, 0.0), _waited(t, state))
            found[t.id] = max(head[t.service] - _waited(t, state), 0.0)
        return found


class QueueLength:
    """Work ahead of everybody who shares my counters, by each one's mean, thinned by who leaves."""

    def __init__(self) -> None:
        self._means, self._left, self._waited = Means(), 1.0, 300.0

    def tell(self, fact: Fact) -> None:
        if isinstance(fact, Served):
            self._means.add(fact)
        if isinstance(fact, Left | Called):
            self._left += isinstance(fact, Left)
            self._waited += fact.waited

    def called(self, service: str, waited: float) -> None: ...

    def answers(self, state: QueueState) -> Answers:
        means, leaving = self._means.of(state), self._left / self._waited
        found: Answers = {}
        share = {
            (mine, its): sum(mine in c.services and its in c.services for c in state.counters)
            / max(sum(its in c.services for c in state.counters), 1)
            for mine in means
            for its in means
        }
        work = {}
        for mine in means:
            able = [c for c in state.counters if mine in c.services]
            idle = any(c.serving is None and not c.on_break for c in able)
            work[mine] = 0.0 if idle else sum(means[c.serving] / 2 for c in able if c.serving) / max(len(able), 1)
        for t in _here(state):
            able_now = sum(t.service in c.services for c in state.counters)
            found[t.id] = log1p(leaving * work[t.service] / able_now) / leaving if able_now else None
            for mine in means:
                work[mine] += means[t.service] * share[mine, t.service]
        return found


def _here(state: QueueState) -> list[Standing]:
    return [t for t in state.standing if t.due is None]


def _waited(ticket: Standing, state: QueueState) -> float:
    return state.now - (ticket.since if ticket.since is not None else state.now)
