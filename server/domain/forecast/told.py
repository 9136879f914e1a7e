"""What a forecaster is told: facts in the past tense, each once, in the order they happened."""

from dataclasses import dataclass

# Facts of one kind that a restart reads again; older ones together weigh 5 %. Each service is a kind of its own, and
# those that make one share, as who came and who did not, are one kind together: they must reach equally far back.
LEARN_FROM = 1500


@dataclass(frozen=True, slots=True)
class Served:
    """A service was finished after so many minutes at the counter, parked time left out."""

    service: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes from one customer's finish to the next one's start at a counter, while somebody waited throughout."""

    minutes: float


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody joined, with this head start (0: ordinary)."""

    head_start: float


@dataclass(frozen=True, slots=True)
class Came:
    """Who was called after waiting so long came to the counter."""

    waited: float


@dataclass(frozen=True, slots=True)
class Missed:
    """Who was called after waiting so long did not come; the counter lost so many minutes over it."""

    waited: float
    lost: float


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left the queue (or was removed, or expired) after waiting so long."""

    waited: float


@dataclass(frozen=True, slots=True)
class Worked:
    """Busy minutes at a counter whose breaks are told."""

    minutes: float


@dataclass(frozen=True, slots=True)
class Break:
    """A counter's break ended after so many minutes."""

    minutes: float


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A forecast made before rounding and calibration, and what came true: minutes from it to the call."""

    p50: float
    p90: float
    actual: float
    joining: bool = False  # made when the ticket had just joined


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody was called; `foreseen`: the forecast of the joining and a few later ones, when they were kept."""

    waited: float
    ahead_of_order: bool = False  # with a head start or an appointment
    foreseen: tuple[Foreseen, ...] = ()


Fact = Served | Gap | Joined | Came | Missed | Left | Worked | Break | Called
