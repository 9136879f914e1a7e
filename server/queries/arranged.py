"""What the setup pages show of a branch: plain, frozen values, the archived too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from server.domain.base import Words
from server.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class BranchSetup:
    """`hours`: weekday ("mon" …) → spans like "08:30-16:00"; None: always open. `closures`: ISO dates, in order.

    `rules`: the columns of the branch that a branch file calls by the same names.
    """

    id: str
    name: str
    time_zone: str
    languages: tuple[str, ...]
    hours: Mapping[str, list[str]] | None
    closures: tuple[str, ...]
    notice: Words | None
    open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutcomeSetup:
    id: str
    name: Words
    archived: bool


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """`open`: not paused. `waiting`: people with an open ticket for it. `counters`: labels of those that work it."""

    id: str
    name: Words
    letter: str
    target_wait: int  # minutes
    typical_service: int  # minutes
    bring: Words | None
    outcome_required: bool
    open: bool
    archived: bool
    waiting: int
    outcomes: tuple[OutcomeSetup, ...]
    counters: tuple[str, ...]

    @property
    def live_outcomes(self) -> tuple[OutcomeSetup, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.archived)


@dataclass(frozen=True, slots=True)
class CounterSetup:
    """`services`: ids of what is worked there; None: all. `agent`: who stands there now."""

    id: str
    label: str
    services: tuple[str, ...] | None
    archived: bool
    agent: str | None


@dataclass(frozen=True, slots=True)
class PrioritySetup:
    id: str
    name: Words
    head_start: int  # minutes
    confirm: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class PersonSetup:
    """`role` reaches this branch; `everywhere`: it reaches all of them. `joined`: has chosen a password.

    `sessions`: browsers signed in now. `seen_at`: when the newest of them signed in. `link_until`: the open link's end.
    `grants`: branch id → role, all of them. `second_step`: they sign in with codes, too.
    """

    id: str
    name: str
    login: str | None
    role: str
    everywhere: bool
    joined: bool
    sessions: int
    seen_at: datetime | None
    link_until: datetime | None
    grants: Mapping[str, str]
    second_step: bool = False


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """`paired_at` is None until its link was opened; `link_until`: until when that can happen."""

    id: str
    name: str
    kind: str
    paired_at: datetime | None
    seen_at: datetime | None
    link_until: datetime | None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Live things in the order they are shown; the archived stand in lists of their own."""

    branch: BranchSetup
    services: tuple[ServiceSetup, ...]
    counters: tuple[CounterSetup, ...]
    people: tuple[PersonSetup, ...]
    devices: tuple[DeviceSetup, ...]
    archived_services: tuple[ServiceSetup, ...]
    archived_counters: tuple[CounterSetup, ...]
    priorities: tuple[PrioritySetup, ...] = ()
    archived_priorities: tuple[PrioritySetup, ...] = ()

    def service(self, id: str) -> ServiceSetup:
        """NotFound when the branch has none with this id; an archived one is found."""
        return _found(self.services + self.archived_services, id)

    def counter(self, id: str) -> CounterSetup:
        return _found(self.counters + self.archived_counters, id)

    def priority(self, id: str) -> PrioritySetup:
        return _found(self.priorities + self.archived_priorities, id)

    def person(self, id: str) -> PersonSetup:
        return _found(self.people, id)

    def device(self, id: str) -> DeviceSetup:
        return _found(self.devices, id)


T = TypeVar("T", ServiceSetup, CounterSetup, PrioritySetup, PersonSetup, DeviceSetup)


@dataclass(frozen=True, slots=True)
class Practice:
    """What would go on opening day. `since`: the oldest ticket of it."""

    tickets: int
    ratings: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class BranchName:
    id: str
    name: str
    archived: bool


def _found(things: tuple[T, ...], id: str) -> T:
    thing = next((thing for thing in things if thing.id == id), None)
    if thing is None:
        raise NotFound
    return thing
