"""Staff: who they are, what they may, how they are let in, and who stands at which counter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base, EnumWord, Typed, to_ms


class Role(StrEnum):
    """agent < manager < admin: each may what the one before may."""

    AGENT = "agent"
    MANAGER = "manager"
    ADMIN = "admin"


RANK = {Role.AGENT: 1, Role.MANAGER: 2, Role.ADMIN: 3}
BREAK_REASONS = ("rest", "meal", "papers", "meeting", "other")
EVERYWHERE = "*"  # a grant for every branch of the installation


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a move. kind: customer, staff, device or system; id: visitor, staff or device id."""

    kind: str
    id: str | None = None


SYSTEM = Actor("system")


class StaffMember(Base):
    """A person who works here; nobody can sign in before having chosen a password."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    login: Mapped[str | None] = mapped_column(Typed, unique=True)  # lower case
    password: Mapped[str | None]  # Argon2id
    language: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    codes_salt: Mapped[str | None]  # makes the key of their sign-in codes, with the installation's; None: has none
    codes_since: Mapped[datetime | None]
    codes_used: Mapped[int | None] = mapped_column(BigInteger)  # the newest time step let in: each is good once


class Grant(Base):
    """One person's role in one branch, or in all of them (`EVERYWHERE`)."""

    __tablename__ = "grants"
    __table_args__ = (CheckConstraint("role IN ('agent', 'manager', 'admin')", name="role"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]


def may(grants: dict[str, str], role: str, branch_id: str) -> bool:
    """Whether grants (branch id → role) reach `role` in that branch."""
    needed = RANK[Role(role)]
    return any(RANK[Role(r)] >= needed for place, r in grants.items() if place in (branch_id, EVERYWHERE))


def within(grants: dict[str, str], *, proven: bool) -> dict[str, str]:
    """What these grants are worth in a session: an agent's everywhere until the second step was taken."""
    return grants if proven else dict.fromkeys(grants, Role.AGENT)


class Proof(StrEnum):
    """What a session was opened with."""

    PASSWORD = "password"  # noqa: S105 - or a one-time link
    WAITING = "waiting"  # for the second step; lets nobody in anywhere
    CODE = "code"  # a sign-in code or a recovery code, too


class StaffSession(Base):
    """A signed-in browser. Only the token's hash is stored; it can be ended at once. No address is ever kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = (CheckConstraint("proof IN ('password', 'waiting', 'code')", name="proof"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    proof: Mapped[str] = mapped_column(EnumWord, default=Proof.PASSWORD, server_default="password")
    browser: Mapped[str | None]  # such as "Firefox, Linux"
    seen_at: Mapped[datetime | None]  # to the minute


class RecoveryCode(Base):
    """Stands in for a sign-in code, once; shown once, and only its hash is stored."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """A key for a program, with the rights of the person it belongs to; only its hash is stored."""

    __tablename__ = "api_keys"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A link that lets one person or one screen in, once. `subject` is a staff or device id."""

    __tablename__ = "one_time_links"
    __table_args__ = (CheckConstraint("purpose IN ('setup', 'staff', 'device')", name="purpose"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Revocation(Base):
    """Tells every process whose open sockets must end. subject_kind: session, staff, key, device or ticket."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    subject_kind: Mapped[str]
    subject: Mapped[str]
    at: Mapped[datetime]


class Duty(Base):
    """An agent at a counter, the services worked there, on or off a break; at most one open per agent and counter."""

    __tablename__ = "duties"
    __table_args__ = (
        Index("one_open_duty_per_counter", "counter_id", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        Index("one_open_duty_per_agent", "staff_id", unique=True, sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        Index("ix_duties_branch", "branch_id", "changed"),
        Index("ix_duties_open", "branch_id", sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    counter_id: Mapped[str] = mapped_column(ForeignKey("counters.id"))
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    services: Mapped[list[str]]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    break_wanted: Mapped[bool] = mapped_column(default=False)
    break_since: Mapped[datetime | None]
    back_at: Mapped[datetime | None]
    breaks: Mapped[list[tuple[int, int]]] = mapped_column(JSON, default=list)  # those that ended: from, to; ms
    break_reason: Mapped[str | None]  # one of BREAK_REASONS
    changed: Mapped[int] = mapped_column(BigInteger)  # version of its last change

    @property
    def on_break(self) -> bool:
        return self.break_since is not None

    def take_break(self, now: datetime, back_at: datetime | None, *, busy: bool, reason: str | None = None) -> None:
        """Go on a break, or, while a ticket is current, when it is finished. What is not said now stays as it was."""
        self.back_at, self.break_reason = back_at or self.back_at, reason or self.break_reason
        self.break_wanted, self.break_since = (True, None) if busy else (False, self.break_since or now)

    def end_break(self, now: datetime) -> None:
        if self.break_since is not None:
            self.breaks = [*self.breaks, (to_ms(self.break_since), to_ms(now))]
        self.break_wanted, self.break_since, self.back_at, self.break_reason = False, None, None, None

    def end(self, now: datetime) -> None:
        self.end_break(now)
        self.ended_at = now

    def free(self, now: datetime) -> None:
        """The counter has become free: a break that was asked for begins."""
        if self.break_wanted:
            self.break_wanted, self.break_since = False, now


class Answer(Base):
    """The first answer to a state change that carried an Idempotency-Key, kept for 24 h."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_at", "at"),)

    scope: Mapped[str] = mapped_column(primary_key=True)  # who asked
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]  # of method, path and body
    body: Mapped[Any] = mapped_column(JSON())
    at: Mapped[datetime]


class Installation(Base):
    """One row: what the whole installation shares. A restore starts a new epoch."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
