"""Whether told waits came true: the record of each, and what many of them say together.

A wait is told twice over: at joining, which the ticket keeps as its promise, and later, of which a sample is kept
here every two minutes. The truth is the ticket's first call. Judged is a wait whose ticket was called and whose holder
did nothing that nobody could have foreseen:

- who leaves, is removed or expires before the call is judged only when "at most" had run out by then: not kept.
  Before that there is nothing to compare with;
- who steps away, asks for more time, changes the service or arrives from afar is not judged: from then on they wait
  as they chose and not as they were told;
- what is told after the first call (put back, returned, transferred, parked) is not judged: it is another wait.

An undone move never was: a call that was taken back is not the call, and who came back by undo never stepped away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base, from_ms, to_ms

TURN = timedelta(minutes=2)  # one sample of each branch
JUDGED_FOR = timedelta(days=30)  # "this month"
ENOUGH = 100  # judged waits; fewer say nothing yet
LENGTHS = (5, 15, 30)  # minutes told as likely: where the next length of wait begins
SLOT = timedelta(minutes=15)  # every time zone is whole slots from UTC
FAR_OFF = 1.5  # times, either way: a typical duration that misleads
LEARNED_FROM = 30  # finished visits; fewer are no ground for a correction
LEARNED_TO = 100  # the newest that count
LEAST_SHOWN = 1  # minutes; "0 minutes" is written as one


class ShownWait(Base):
    """A wait that somebody was shown while waiting; minutes as they were told, from the board at `version`."""

    __tablename__ = "shown_waits"
    __table_args__ = (Index("ix_shown_waits_turn", "branch_id", "turn"),)

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # see `turn_at`
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    service_id: Mapped[str]
    at: Mapped[datetime]
    likely: Mapped[int]
    at_most: Mapped[int]
    p50: Mapped[float | None]  # minutes it was made from, before calibration and rounding
    p90: Mapped[float | None]
    version: Mapped[int] = mapped_column(BigInteger)


def turn_at(at: datetime) -> int:
    """How many turns have passed since 1970: a branch is sampled once in each, by whichever process comes first."""
    return to_ms(at) // to_ms(from_ms(0) + TURN)


@dataclass(frozen=True, slots=True)
class Tally:
    """`judged` waits: in `kept` of them the call came within "at most", in `early` within "likely".

    `error`: minutes between the likely wait and the true one, summed up.
    """

    judged: int = 0
    kept: int = 0
    early: int = 0
    error: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.judged + other.judged, self.kept + other.kept, self.early + other.early, self.error + other.error
        )

    @property
    def mean_error(self) -> float:
        """Minutes; 0 of none."""
        return self.error / self.judged if self.judged else 0.0

    @property
    def of_ten(self) -> int | None:
        """In how many of ten the call came in time, rounded down; None while too few were judged to say."""
        return 10 * self.kept // self.judged if self.judged >= ENOUGH else None

    def percent(self, count: int) -> int:
        """`count` of the judged in whole per cent, rounded down: 100 only when it was all of them."""
        return 100 * count // self.judged if self.judged else 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was told alike: at joining or later, for one service (None: no longer known), in one slot, of one length."""

    joining: bool
    service: str | None
    slot: int  # of SLOT, since 1970
    length: int  # index: below LENGTHS[length], or beyond the last
    tally: Tally


@dataclass(frozen=True, slots=True)
class Record:
    """How a branch's waits of the last 30 days came true, altogether and in parts; hours are the branch's own."""

    whole: Tally = Tally()
    joining: Tally = Tally()
    later: Tally = Tally()
    services: Mapping[str, Tally] = field(default_factory=dict)
    hours: Mapping[int, Tally] = field(default_factory=dict)
    lengths: Mapping[int, Tally] = field(default_factory=dict)


def record(told: Iterable[Told], zone: ZoneInfo) -> Record:
    """All of it, sorted into its parts."""
    whole = joining = later = Tally()
    services: dict[str, Tally] = {}
    hours: dict[int, Tally] = {}
    lengths: dict[int, Tally] = {}
    for one in told:
        whole += one.tally
        joining, later = (joining + one.tally, later) if one.joining else (joining, later + one.tally)
        if one.service is not None:
            services[one.service] = services.get(one.service, Tally()) + one.tally
        hour = (from_ms(0) + one.slot * SLOT).astimezone(zone).hour
        hours[hour] = hours.get(hour, Tally()) + one.tally
        lengths[one.length] = lengths.get(one.length, Tally()) + one.tally
    return Record(whole, joining, later, services, dict(sorted(hours.items())), dict(sorted(lengths.items())))


def corrected(configured: int, median: float) -> int | None:
    """What a typical duration should be instead, in whole minutes; None while it is near enough to what was seen."""
    if configured / FAR_OFF <= median <= configured * FAR_OFF:
        return None
    better = max(LEAST_SHOWN, round(median))
    return better if better != configured else None
