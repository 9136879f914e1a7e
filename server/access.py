"""Who is asking: a member of staff, a ticket's holder or a paired screen; remembered for a second at most."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import Session

from server.chance import hashed
from server.domain.branch import Branch
from server.domain.errors import Forbidden, SecondStepNeeded, SignInNeeded
from server.domain.moves import OPEN
from server.domain.people import Actor, Proof, Role, may, within
from server.domain.ticket import Ticket
from server.queries import people

REMEMBER_SECONDS = 10.0  # a revocation ends it sooner: each process asks for them twice a second
REMEMBER_AT_MOST = 50_000  # entries; 10,000 phones in a storm are answered from memory
RECENTLY = timedelta(hours=1)  # closed since then: phones still show their rating
LATELY = timedelta(days=2)  # whichever the time zone, of those business days they are
AT_ONCE = 1_000  # tickets asked for by one statement
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works here. `grants`: branch id → role, "*" for all. session_id or key_id: how they came in."""

    id: str
    name: str
    grants: dict[str, str]
    language: str | None = None
    session_id: str | None = None
    key_id: str | None = None
    until: datetime | None = None  # when the session ends by itself
    proven: bool = True  # False: came in by a password alone where more is asked, and counts as an agent
    held_back: bool = False  # a second step would let them do more

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.id)

    def may(self, role: str, branch_id: str) -> bool:
        return may(self.grants, role, branch_id)

    def must(self, role: str, branch_id: str) -> None:
        """Forbidden unless the role is reached in that branch."""
        if not self.may(role, branch_id):
            raise SecondStepNeeded if self.held_back else Forbidden

    @property
    def holders(self) -> set[tuple[str, str]]:
        """Whose revocation ends what this person has open."""
        found = {("staff", self.id)}
        if self.session_id:
            found.add(("session", self.session_id))
        if self.key_id:
            found.add(("key", self.key_id))
        return found


@dataclass(frozen=True, slots=True)
class Screen:
    """A paired kiosk or lobby."""

    id: str
    branch_id: str
    kind: str
    name: str

    @property
    def actor(self) -> Actor:
        return Actor("device", self.id)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is needed to check a ticket's secret."""

    branch_id: str
    generation: int


def staff_by_session(session: Session, token: str, now: datetime, *, all_prove: bool = False) -> Staff | None:
    """`all_prove`: this installation asks every manager and admin for the second step, not only who has chosen it."""
    found = people.by_session(session, hashed(token), now)
    if found is None:
        return None
    signed_in, member = found
    proven = signed_in.proof == Proof.CODE or not (all_prove or member.codes_salt)
    rights = people.grants(session, member.id)
    return Staff(
        member.id, member.name, within(rights, proven=proven), member.language, session_id=signed_in.id,
        until=signed_in.expires_at, proven=proven,
        held_back=not proven and any(role != Role.AGENT for role in rights.values()),
    )  # fmt: skip


def staff_by_key(session: Session, key: str) -> Staff | None:
    found = people.by_key(session, hashed(key))
    if found is None:
        return None
    api_key, member = found
    return Staff(member.id, member.name, people.grants(session, member.id), member.language, key_id=api_key.id)


def screen_by_secret(session: Session, secret: str) -> Screen | None:
    """By the key it was given, or by the cookie of its own."""
    found = people.device_by_secret(session, hashed(secret))
    return Screen(found.id, found.branch_id, found.kind, found.name) if found else None


def claims(session: Session, ticket_ids: Collection[str], at_hand: datetime | None) -> dict[str, Claim]:
    """By ticket id, of those that there are. `at_hand`: also of everybody who may come at that moment."""
    found: dict[str, Claim] = {}
    if at_hand is not None:
        closed = {"lately": (at_hand - LATELY).date(), "recently": at_hand - RECENTLY}
        found |= _claims(session.execute(_AT_HAND, closed))
    left = sorted(id for id in ticket_ids if id not in found)
    for n in range(0, len(left), AT_ONCE):
        found |= _claims(session.execute(_OF_THESE, {"ids": left[n : n + AT_ONCE]}))
    return found


def still_may(session: Session, staff: Staff, role: str, branch_id: str) -> None:
    """The same question inside the action's own transaction: a role taken away a moment ago no longer counts."""
    if not people.is_active(session, staff.id):
        raise SignInNeeded
    if not may(within(people.grants(session, staff.id), proven=staff.proven), role, branch_id):
        raise Forbidden


def _claims(rows: Iterable[Any]) -> dict[str, Claim]:
    return {id: Claim(branch_id, generation) for id, branch_id, generation in rows}


# By what stands in an index: in a branch that has served a million, nobody waits until all of them were looked at.
_CLAIM = select(Ticket.id, Ticket.branch_id, Ticket.generation)
_SOMEWHERE = Ticket.branch_id.in_(select(Branch.id))
_AT_HAND = union_all(
    _CLAIM.where(_SOMEWHERE, Ticket.state.in_(sorted(OPEN))),
    _CLAIM.where(
        _SOMEWHERE, Ticket.business_day >= bindparam("lately"), Ticket.closed_at >= bindparam("recently"),
    ),
).limit(REMEMBER_AT_MOST)  # fmt: skip
_OF_THESE = _CLAIM.where(Ticket.id.in_(bindparam("ids", expanding=True)))


class Memory(Generic[T]):
    """Answers kept for a moment, the oldest forgotten first. None is never kept."""

    def __init__(self, seconds: float = REMEMBER_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._known: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        known = self._known.get(key)
        return known[1] if known and self._clock() - known[0] < self._seconds else None

    def put(self, key: str, value: T) -> None:
        self._known[key] = (self._clock(), value)
        self._known.move_to_end(key)
        if len(self._known) > REMEMBER_AT_MOST:
            self._known.popitem(last=False)

    def forget(self) -> None:
        self._known.clear()
