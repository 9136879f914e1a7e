"""A branch: its services, counters, outcomes, rules, hours, business day and ticket numbers."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from server.domain.base import Base, Words, to_ms

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HELP_LASTS = timedelta(minutes=15)  # a call for help that nobody took back is old news by then
ACKNOWLEDGED_EXTRA = timedelta(minutes=2)  # longer patience with who said "I'm coming"
LOOK_AHEAD_DAYS = 14  # how far an opening time is searched for, and how far back a closing one


class Branch(Base):
    """A place people visit. `version` counts its actions; whoever holds the branch's lock may change anything of it."""

    __tablename__ = "branches"
    __table_args__ = (
        CheckConstraint("remote_joining IN ('refuse', 'expected')", name="remote_joining"),
        CheckConstraint("version >= 0", name="version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    arranged: Mapped[int] = mapped_column(BigInteger, default=0)  # version of the last change to what stands here
    last_arrival: Mapped[int] = mapped_column(BigInteger, default=0)  # ms; the newest walk-in's place
    business_day: Mapped[date | None]
    notice: Mapped[Words | None]
    notice_from: Mapped[datetime | None]  # None: at once
    notice_until: Mapped[datetime | None]  # None: until it is taken down
    help: Mapped[dict[str, Any] | None]  # who is called to help: service, at (ms), coming (staff ids)
    hours: Mapped[dict[str, list[str]] | None]  # None: always open
    closures: Mapped[list[str]] = mapped_column(default=list)  # ISO dates
    day_starts_at: Mapped[str] = mapped_column(default="00:00")
    remote_joining: Mapped[str] = mapped_column(default="refuse")
    open_tickets_per_visitor: Mapped[int] = mapped_column(default=1)
    full_at: Mapped[int] = mapped_column(default=0)  # open tickets; 0 = no limit
    return_behind: Mapped[int] = mapped_column(default=3)
    return_grace: Mapped[int] = mapped_column(default=30)  # minutes
    postponements: Mapped[int] = mapped_column(default=2)
    away_limit: Mapped[int] = mapped_column(default=30)  # minutes
    arrive_by: Mapped[int] = mapped_column(default=60)  # minutes
    recall_gap: Mapped[int] = mapped_column(default=15)  # seconds
    recall_limit: Mapped[int] = mapped_column(default=3)
    miss_after: Mapped[int] = mapped_column(default=0)  # minutes; 0 = off
    undo_seconds: Mapped[int] = mapped_column(default=60)
    rating_days: Mapped[int] = mapped_column(default=7)
    retention_days: Mapped[int] = mapped_column(default=30)
    real_since: Mapped[datetime | None]  # None: what happens here is practice
    archived: Mapped[bool] = mapped_column(default=False)
    colour: Mapped[str | None]  # "#1e2c7a", the field under white words; None: the house's own
    logo: Mapped[str | None]  # what its address ends with; it changes with the picture

    def gives_up_at(self, called_at: datetime, *, acknowledged: bool) -> datetime | None:
        """When a call is missed by itself; None where that is switched off."""
        return given_up_at(called_at, self.miss_after, acknowledged=acknowledged)

    def notice_at(self, now: datetime) -> Words | None:
        """The notice, while it is up."""
        begun = self.notice_from is None or self.notice_from <= now
        return self.notice if begun and (self.notice_until is None or now < self.notice_until) else None

    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def count(self) -> None:
        """One action more. `version` and `last_arrival` are saved by whoever holds the lock (`Database.act`)."""
        set_committed_value(self, "version", self.version + 1)

    def next_place(self, now: datetime) -> int:
        """A walk-in's place in ms: never before an earlier one's, even when the clock was set back."""
        set_committed_value(self, "last_arrival", max(self.last_arrival + 1, to_ms(now)))
        return self.last_arrival

    def day_at(self, now: datetime) -> date:
        """The business day at `now` by the branch's own clock, whatever day is stored."""
        local = now.astimezone(self.zone())
        today = local.date()
        return today if local.time() >= time.fromisoformat(self.day_starts_at) else today - timedelta(days=1)

    def turn_day(self, now: datetime) -> bool:
        """Move to the business day of `now`; True when that is a new one. It never goes back."""
        today = self.day_at(now)
        if self.business_day is not None and today <= self.business_day:
            return False
        self.business_day = today
        return True

    def closed_since(self, day: date, today: date | None = None) -> bool:
        """Whether the branch was closed at a turn of the business day after `day`, up to `today`, else the stored one.

        No day is stored before the first customer, and after the practice was cleared.
        """
        today = today or self.business_day
        if today is None:
            return False
        turns = min((today - day).days, LOOK_AHEAD_DAYS)
        days = (today - timedelta(days=n) for n in range(turns))
        return any(not self.is_open(_wall(day, self.day_starts_at, self.zone())) for day in days)

    def is_open(self, now: datetime) -> bool:
        if self.archived:
            return False
        if self.hours is None:
            return now.astimezone(self.zone()).date().isoformat() not in self.closures
        return self.closes_at(now) is not None

    def closes_at(self, now: datetime) -> datetime | None:
        """When the present opening ends; None when closed, or when no hours are declared."""
        return next((end for start, end in self._openings(now, days=2) if start <= now < end), None)

    def opens_at(self, now: datetime) -> datetime | None:
        """When it opens next, within two weeks; None when unknown, archived or always open."""
        if self.archived:
            return None
        return next((start for start, _ in self._openings(now, days=LOOK_AHEAD_DAYS) if start > now), None)

    def _openings(self, now: datetime, days: int) -> list[tuple[datetime, datetime]]:
        """The openings from yesterday's (which may reach past midnight) on, in order."""
        zone, today = self.zone(), now.astimezone(self.zone()).date()
        spans = []
        for day in (today + timedelta(days=n) for n in range(-1, days)):
            if day.isoformat() in self.closures:
                continue
            for span in (self.hours or {}).get(WEEKDAYS[day.weekday()], []):
                start, _, end = span.partition("-")
                spans.append(
                    (_wall(day, start, zone), _wall(day if end > start else day + timedelta(days=1), end, zone))
                )
        return sorted(spans)


class Logo(Base):
    """A branch's picture, as `domain.picture` lets it in; `kind`: its media type."""

    __tablename__ = "logos"

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    kind: Mapped[str]
    content: Mapped[bytes]


class Service(Base):
    """What a customer comes for. Its id is unique within the branch, as its letter is."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("length(letter) BETWEEN 1 AND 2", name="letter"),
        Index(
            "uq_services_letter", "branch_id", "letter", unique=True,
            sqlite_where=text("archived = 0"), postgresql_where=text("NOT archived"),
        ),
    )  # fmt: skip

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[Words]
    letter: Mapped[str]
    target_wait: Mapped[int] = mapped_column(default=15)  # minutes
    typical_service: Mapped[int] = mapped_column(default=8)  # minutes
    bring: Mapped[Words | None]
    outcome_required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    open: Mapped[bool] = mapped_column(default=True)
    closed_words: Mapped[Words | None]  # what customers are told while it is closed
    reopens_at: Mapped[datetime | None]  # when it opens again by itself
    archived: Mapped[bool] = mapped_column(default=False)

    def close(self, said: Words | None, reopens_at: datetime | None) -> None:
        """Nobody new can join; whoever waits is served. Customers are told `said`, and when it opens again if known."""
        self.open, self.closed_words, self.reopens_at = False, said, reopens_at

    def reopen(self) -> None:
        self.open, self.closed_words, self.reopens_at = True, None, None


class Outcome(Base):
    """What may come of a visit to one service."""

    __tablename__ = "outcomes"
    __table_args__ = (ForeignKeyConstraint(["branch_id", "service_id"], ["services.branch_id", "services.id"]),)

    branch_id: Mapped[str] = mapped_column(primary_key=True)
    service_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[Words]
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class Counter(Base):
    """Where somebody is served. `services`: ids it can do; None = all of the branch."""

    __tablename__ = "counters"
    __table_args__ = (
        Index(
            "uq_counters_label", "branch_id", "label", unique=True,
            sqlite_where=text("archived = 0"), postgresql_where=text("NOT archived"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    label: Mapped[str]
    services: Mapped[list[str] | None]
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class Priority(Base):
    """A class of customers with a head start; `confirm`: only once an agent has confirmed it."""

    __tablename__ = "priorities"

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[Words]
    head_start: Mapped[int] = mapped_column(default=10)  # minutes
    confirm: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class NumberSeries(Base):
    """The last number given for one service on one business day."""

    __tablename__ = "number_series"
    __table_args__ = (ForeignKeyConstraint(["branch_id", "service_id"], ["services.branch_id", "services.id"]),)

    branch_id: Mapped[str] = mapped_column(primary_key=True)
    service_id: Mapped[str] = mapped_column(primary_key=True)
    business_day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def ticket_number(letter: str, n: int) -> str:
    """A001 … A999, then A1000."""
    return f"{letter}{n:03d}"


class AuditLine(Base):
    """Who changed what of a branch's arrangement, with the values before and after."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    branch_id: Mapped[str | None] = mapped_column(index=True)  # None: of the whole installation
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    what: Mapped[str]  # "service.add", "counter.archive" …
    subject: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


def given_up_at(called_at: datetime, miss_after: int, *, acknowledged: bool = False) -> datetime | None:
    """When a call is missed by itself, after so many minutes; None where that is switched off."""
    patience = timedelta(minutes=miss_after) + (ACKNOWLEDGED_EXTRA if acknowledged else timedelta(0))
    return called_at + patience if miss_after else None


def _wall(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone)
