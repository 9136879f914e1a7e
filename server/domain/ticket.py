"""One customer's claim to be served on one business day; each verb makes one move and writes one diary line."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, object_session

from server.domain.base import Base, EnumWord, Typed, from_ms, to_ms
from server.domain.errors import IllegalMove
from server.domain.moves import ARROWS, CURRENT, OPEN, Move, Stamp, State, TicketEvent
from server.domain.ordering import Place
from server.domain.people import Duty

CHANNELS = ("phone", "kiosk", "agent", "api")  # how somebody joined
_STATES = ", ".join(f"'{state}'" for state in State)
_CLOSED = "'served', 'left', 'removed', 'expired'"
_IS_CLOSED = text("closed_at IS NOT NULL")
_CALLED = text("first_called_at IS NOT NULL")
_CURRENT = text("state IN ('called', 'serving')")


class Ticket(Base):
    """A ticket. Everything below `RECOUNTED` is changed by moves alone and can be recounted from the diary."""

    __tablename__ = "tickets"
    __table_args__ = (
        ForeignKeyConstraint(["branch_id", "service_id"], ["services.branch_id", "services.id"]),
        UniqueConstraint("branch_id", "business_day", "number"),
        UniqueConstraint("branch_id", "pass_id"),
        Index("one_current_per_counter", "counter_id", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
        # To its end what a count of those ahead asks for: the tickets themselves are then not read.
        Index(
            "ix_tickets_queue", "branch_id", "state", "service_id", "place", "place_version", "bound_counter_id",
            "bound_staff_id", "id",
        ),
        Index("ix_tickets_closed", "branch_id", "closed_at", sqlite_where=_IS_CLOSED, postgresql_where=_IS_CLOSED),
        Index(
            "ix_tickets_served", "branch_id", "service_id", "closed_at", sqlite_where=_IS_CLOSED,
            postgresql_where=_IS_CLOSED,
        ),
        Index("ix_tickets_judged", "branch_id", "first_called_at", sqlite_where=_CALLED, postgresql_where=_CALLED),
        Index("ix_tickets_changed", "branch_id", "changed"),
        Index("ix_tickets_visitor", "branch_id", "visitor"),
        Index("ix_tickets_visit", "visit_id"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("state NOT IN ('called', 'serving', 'parked') OR counter_id IS NOT NULL", name="at_a_counter"),
        CheckConstraint(f"(state IN ({_CLOSED})) = (closed_at IS NOT NULL)", name="closed"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    visit_id: Mapped[str]
    business_day: Mapped[date]
    visitor: Mapped[str | None]
    pass_id: Mapped[str | None]
    channel: Mapped[str]  # one of CHANNELS
    device_id: Mapped[str | None]  # whose code it joined with
    language: Mapped[str]
    joined_at: Mapped[datetime]
    appointment_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=1)  # of its secret
    promised_likely: Mapped[int | None]  # the wait said at joining, minutes
    promised_at_most: Mapped[int | None]
    foreseen_p50: Mapped[float | None]  # minutes the promise was made from, before calibration and rounding
    foreseen_p90: Mapped[float | None]
    moved: Mapped[int] = mapped_column(BigInteger)  # version of its last move
    changed: Mapped[int] = mapped_column(BigInteger)  # version of the last change to anything of it
    # Personal data; emptied after the branch's retention.
    name: Mapped[str | None] = mapped_column(Typed)
    need: Mapped[str | None] = mapped_column(Typed)
    note: Mapped[str | None] = mapped_column(Typed)
    reason: Mapped[str | None] = mapped_column(Typed)  # why it was chosen or removed

    RECOUNTED = (
        "state", "number", "service_id", "arrival", "place", "place_version", "head_start", "leg", "leg_since",
        "priority_id", "priority_confirmed", "counter_id", "duty_id", "staff_id", "bound_counter_id", "bound_staff_id",
        "called_since", "called_at", "recalls", "acknowledged_at", "started_at", "took", "parked_at", "ready",
        "missed_at", "away_since", "postponements", "returns", "outcome_id", "closed_at", "first_called_at",
        "excused_at",
    )  # fmt: skip
    state: Mapped[str] = mapped_column(EnumWord)
    number: Mapped[str]
    service_id: Mapped[str]
    arrival: Mapped[int] = mapped_column(BigInteger)  # ms; the place without a head start
    place: Mapped[int] = mapped_column(BigInteger)
    place_version: Mapped[int] = mapped_column(BigInteger)
    head_start: Mapped[int | None]  # minutes, as it was given; None: by a version that did not write it down
    leg: Mapped[int] = mapped_column(default=1)
    leg_since: Mapped[datetime]
    priority_id: Mapped[str | None]
    priority_confirmed: Mapped[bool] = mapped_column(default=False)
    counter_id: Mapped[str | None] = mapped_column(ForeignKey("counters.id"))
    duty_id: Mapped[str | None] = mapped_column(ForeignKey("duties.id"))
    staff_id: Mapped[str | None]
    bound_counter_id: Mapped[str | None]  # transferred to this counter
    bound_staff_id: Mapped[str | None]  # transferred to this agent
    called_since: Mapped[datetime | None]  # the call that brought it to the counter, whatever came after it there
    called_at: Mapped[datetime | None]  # the last call or recall
    recalls: Mapped[int] = mapped_column(default=0)
    acknowledged_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]  # while it is being served, and after the end: when that began, or went on
    took: Mapped[int] = mapped_column(BigInteger, default=0)  # ms served in this leg until it was parked
    parked_at: Mapped[datetime | None]
    ready: Mapped[bool] = mapped_column(default=False)
    missed_at: Mapped[datetime | None]
    away_since: Mapped[datetime | None]
    postponements: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)
    outcome_id: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    first_called_at: Mapped[datetime | None]  # what the waits told to it are judged by
    excused_at: Mapped[datetime | None]  # its holder chose to wait otherwise: no wait told to it is judged

    @property
    def key(self) -> Place:
        return self.place, self.place_version

    @property
    def served_since(self) -> datetime | None:
        """When its service would have begun, had it never been parked."""
        return self.started_at and self.started_at - timedelta(milliseconds=self.took)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_current(self) -> bool:
        return self.state in CURRENT

    def can(self, move: Move) -> bool:
        """Whether the present state has an arrow for `move`."""
        return self.state in ARROWS[move][0]

    # The customer

    def change_service(
        self, stamp: Stamp, service_id: str, number: str, arrival: int, place: int, head_start: int
    ) -> TicketEvent:
        return self._move(
            Move.CHANGE_SERVICE, stamp, service_id=service_id, number=number, arrival=arrival, place=place,
            place_version=stamp.version, head_start=head_start, excused_at=self._excused(stamp),
        )  # fmt: skip

    def arrive(self, stamp: Stamp, arrival: int, place: int, head_start: int | None) -> TicketEvent:
        """`arrival`, `place`, `head_start`: the kept ones, or new ones for who comes late."""
        version = self.place_version if place == self.place else stamp.version
        return self._move(
            Move.ARRIVE, stamp, arrival=arrival, place=place, place_version=version, head_start=head_start,
            leg_since=stamp.at, excused_at=self._excused(stamp),
        )  # fmt: skip

    def step_away(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.STEP_AWAY, stamp, away_since=stamp.at, excused_at=self._excused(stamp))

    def come_back(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.COME_BACK, stamp, away_since=None)

    def postpone(self, stamp: Stamp, key: Place) -> TicketEvent:
        """Back to waiting at `key`."""
        place, version = key
        return self._move(
            Move.POSTPONE, stamp, place=place, place_version=version, postponements=self.postponements + 1,
            excused_at=self._excused(stamp), **_NOT_AT_A_COUNTER,
        )  # fmt: skip

    def acknowledge(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.ACKNOWLEDGE, stamp, acknowledged_at=self.acknowledged_at or stamp.at)

    def come_again(self, stamp: Stamp, key: Place) -> TicketEvent:
        """The move "return": after a miss, to `key`; only the customer's own returns are counted."""
        place, version = key
        returns = self.returns + (stamp.by.kind == "customer")
        return self._move(Move.RETURN, stamp, place=place, place_version=version, returns=returns, **_NOT_AT_A_COUNTER)

    def get_ready(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.READY, stamp, ready=True)

    def leave(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.LEAVE, stamp, closed_at=stamp.at)

    # The agent

    def reclass(
        self, stamp: Stamp, priority_id: str | None, confirmed: bool, place: int, head_start: int
    ) -> TicketEvent:
        return self._move(
            Move.RECLASS, stamp, priority_id=priority_id, priority_confirmed=confirmed, place=place,
            place_version=stamp.version, head_start=head_start,
        )  # fmt: skip

    def call(self, stamp: Stamp, duty: Duty) -> TicketEvent:
        called_since = self.called_since if self.state == State.PARKED else None  # it was here already
        return self._move(
            Move.CALL, stamp, counter_id=duty.counter_id, duty_id=duty.id, staff_id=duty.staff_id,
            called_since=called_since or stamp.at, called_at=stamp.at, recalls=0, acknowledged_at=None,
            first_called_at=self.first_called_at or stamp.at,
        )  # fmt: skip

    def recall(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.RECALL, stamp, called_at=stamp.at, recalls=self.recalls + 1)

    def start(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.START, stamp, started_at=stamp.at, parked_at=None, ready=False)

    def finish(self, stamp: Stamp, outcome_id: str | None) -> TicketEvent:
        return self._move(Move.FINISH, stamp, outcome_id=outcome_id, closed_at=stamp.at)

    def miss(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.MISS, stamp, missed_at=stamp.at, ready=False, parked_at=None, started_at=None)

    def put_back(self, stamp: Stamp) -> TicketEvent:
        """To its old place: the place was never taken from it."""
        return self._move(Move.PUT_BACK, stamp, **_NOT_AT_A_COUNTER)

    def park(self, stamp: Stamp) -> TicketEvent:
        took = self.took + max(to_ms(stamp.at) - to_ms(self.started_at or stamp.at), 0)
        return self._move(Move.PARK, stamp, parked_at=stamp.at, ready=False, started_at=None, took=took)

    def unpark(self, stamp: Stamp, duty: Duty) -> TicketEvent:
        agent = {"duty_id": duty.id, "staff_id": duty.staff_id}
        return self._move(Move.UNPARK, stamp, started_at=stamp.at, parked_at=None, ready=False, **agent)

    def transfer(
        self, stamp: Stamp, service_id: str, bound_counter_id: str | None, bound_staff_id: str | None, key: Place
    ) -> TicketEvent:
        """A new leg: same ticket, id, secret and number."""
        place, version = key
        return self._move(
            Move.TRANSFER, stamp, service_id=service_id, bound_counter_id=bound_counter_id,
            bound_staff_id=bound_staff_id, place=place, place_version=version, leg=self.leg + 1,
            leg_since=stamp.at, took=0, **_NOT_AT_A_COUNTER,
        )  # fmt: skip

    def remove(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.REMOVE, stamp, closed_at=stamp.at)

    def expire(self, stamp: Stamp) -> TicketEvent:
        return self._move(Move.EXPIRE, stamp, closed_at=stamp.at)

    def undo(self, stamp: Stamp, diary: Sequence[TicketEvent]) -> TicketEvent:
        """Back by one move. `diary`: its lines, newest first, down to the move to be undone (see `undoable`)."""
        before = {field: old for line in diary for field, (old, _) in line.changes.items()}
        fields = {field: _loaded(field, value) for field, value in before.items()}
        return self._apply(Move.UNDO, stamp, fields)

    def _excused(self, stamp: Stamp) -> datetime | None:
        """After the first call nothing excuses any more: what was told before it is settled."""
        return self.excused_at or (None if self.first_called_at else stamp.at)

    def _move(self, move: Move, stamp: Stamp, **fields: Any) -> TicketEvent:
        allowed, to = ARROWS[move]
        if self.state not in allowed:
            raise IllegalMove(move=move, state=self.state, number=self.number)
        return self._apply(move, stamp, {"state": to or State(self.state), **fields})

    def _apply(self, move: Move, stamp: Stamp, fields: dict[str, Any]) -> TicketEvent:
        was, at_counter = self.state, self.counter_id
        changes = {}
        for field, after in fields.items():
            before = getattr(self, field)
            if before != after:
                changes[field] = [stored(before), stored(after)]
                setattr(self, field, after)
        self.moved = self.changed = stamp.version
        line = TicketEvent(
            ticket_id=self.id, version=stamp.version, branch_id=self.branch_id, move=move, from_state=was,
            to_state=self.state, at=stamp.at, actor_kind=stamp.by.kind, actor_id=stamp.by.id,
            counter_id=self.counter_id or at_counter, service_id=self.service_id, leg=self.leg, changes=changes,
        )  # fmt: skip
        if (session := object_session(self)) is not None:  # the rules alone are tested without a database
            session.add(line)
        return line


_NOT_AT_A_COUNTER: dict[str, Any] = {
    "counter_id": None, "duty_id": None, "staff_id": None, "called_since": None, "called_at": None,
    "acknowledged_at": None, "started_at": None, "parked_at": None, "ready": False, "missed_at": None,
}  # fmt: skip
_INSTANTS = frozenset(
    {"leg_since", "called_since", "called_at", "acknowledged_at", "started_at", "parked_at", "missed_at",
     "away_since", "closed_at", "first_called_at", "excused_at"}
)  # fmt: skip


def stored(value: Any) -> Any:
    """A value as the diary keeps it: instants in ms, words plain."""
    if isinstance(value, datetime):
        return to_ms(value)
    return str(value) if isinstance(value, str) else value


def _loaded(field: str, value: Any) -> Any:
    return from_ms(value) if field in _INSTANTS and value is not None else value
