"""What a forecast is made from, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Wait:
    """Whole minutes as shown: half of those who are told it wait at most `likely`, nine of ten at most `at_most`."""

    likely: int
    at_most: int


class Promise(NamedTuple):
    """What is said at joining, minutes, and what it was made from: see `Raw`."""

    likely: int
    at_most: int
    p50: float | None = None
    p90: float | None = None


class Raw(NamedTuple):
    """Minutes before calibration and rounding: the replay's median and 90th percentile."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Standing:
    """One ticket that waits, is away or is expected, as the forecast sees it; `key` orders it.

    `ready`: parked at `counter` and ready again; it is called first and told nothing.
    """

    id: str
    service: str
    key: tuple[int, int]  # (place in ms on the clock of the instants, version)
    counter: str | None = None  # only this counter will call it
    staff: str | None = None  # only this person will
    since: float | None = None  # instant at which its wait for this service began
    head_start: float = 0.0  # minutes
    booked: bool = False  # has an appointment
    due: float | None = None  # not here yet, and expected at this instant
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A counter on duty, what it works, and what it has been doing `since` an instant (None: just now).

    Which is when its break or its customer began, or when it fell free.
    """

    counter: str
    staff: str
    services: frozenset[str]
    serving: str | None = None  # the service of its current ticket; None: free or on a break
    since: float | None = None
    ticket: str | None = None
    called: bool = False  # its current ticket is called and has not come yet
    waited: float = 0.0  # minutes its called ticket had waited
    on_break: bool = False
    back_at: float | None = None  # instant the break is said to end
    break_wanted: bool = False  # goes on a break when the current ticket is finished


class Closed(NamedTuple):
    """A counter that was left at an instant, and what it worked."""

    at: float
    services: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueueState:
    """`standing` is sorted by key; `configured`: minutes per service; `now`: the instant; `closed`: of late."""

    standing: Sequence[Standing]
    counters: Sequence[Open]
    configured: Mapping[str, float]
    now: float = 0.0
    closed: Sequence[Closed] = ()
