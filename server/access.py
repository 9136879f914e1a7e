"""Who is asking: a member of staff, a ticket's holder or a paired screen; remembered for a second at most."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from server.chance import hashed
from server.domain.errors import Forbidden, SignInNeeded
from server.domain.people import Actor, may
from server.domain.ticket import Ticket
from server.queries import people

REMEMBER_SECONDS = 10.0  # a revocation ends it sooner: each process asks for them once a second
REMEMBER_AT_MOST = 50_000  # entries; 10,000 phones in a storm are answered from memory
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

    @property
    def actor(self) -> Actor:
        return Actor("staff", self.id)

    def may(self, role: str, branch_id: str) -> bool:
        return may(self.grants, role, branch_id)

    def must(self, role: str, branch_id: str) -> None:
        """Forbidden unless the role is reached in that branch."""
        if not self.may(role, branch_id):
            raise Forbidden

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


def staff_by_session(session: Session, token: str, now: datetime) -> Staff | None:
    found = people.by_session(session, hashed(token), now)
    if found is None:
        return None
    signed_in, member = found
    rights = people.grants(session, member.id)
    return Staff(member.id, member.name, rights, member.language, session_id=signed_in.id, until=signed_in.expires_at)


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


def claim_of(session: Session, ticket_id: str) -> Claim | None:
    found = session.get(Ticket, ticket_id)
    return Claim(found.branch_id, found.generation) if found else None


def still_may(session: Session, staff: Staff, role: str, branch_id: str) -> None:
    """The same question inside the action's own transaction: a role taken away a moment ago no longer counts."""
    if not people.is_active(session, staff.id):
        raise SignInNeeded
    if not may(people.grants(session, staff.id), role, branch_id):
        raise Forbidden


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
