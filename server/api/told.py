"""What the JSON face answers: every field once, and examples for the description."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from server.api.said import Chip
from server.domain.forecast import Reason
from server.domain.moves import State

Body = dict[str, Any]
"""A JSON object that one of the shapes below describes."""
At = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""An instant, RFC 3339 with its offset."""
Wait = Annotated[list[int], Field(min_length=2, max_length=2, examples=[[9, 17]])]
"""[likely, at most], in minutes."""


Kept = Annotated[int, Field(ge=0, le=10, examples=[9])]
"""Of ten waits told in the last 30 days: in how many the call came within "at most", rounded down."""


class ServiceToday(BaseModel):
    id: str
    name: str
    letter: str
    open: bool
    waiting: int
    wait: Wait | None


class BranchToday(BaseModel):
    """`kept`: of ten waits told here, those that came true; null until a hundred were judged."""

    id: str
    name: str
    time_zone: str
    open: bool
    kept: Kept | None
    services: list[ServiceToday]


class PresenceCode(BaseModel):
    """What a screen's QR carries; the next one is due at `until`."""

    code: str
    url: str
    until: At


class Joined(BaseModel):
    """`secret` opens the ticket; it is never stored and not shown again, but by a replay with the same key."""

    id: str
    number: str
    secret: str
    state: State
    ahead: int | None
    wait: Wait | None
    version: int
    url: str


class CounterLabel(BaseModel):
    id: str
    label: str


class RatingGiven(BaseModel):
    score: int
    good: list[Chip]
    not_good: Annotated[list[Chip], Field(alias="not")]
    comment: str | None


class TicketNow(BaseModel):
    """A ticket at `version` of its branch."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "q5v2", "number": "A042", "service": "new-passport", "state": "waiting", "counter": None,
                    "ahead": 3, "near": False, "wait": [9, 17], "version": 413, "visit": "q5v2", "rating": None,
                }
            ]
        }
    )  # fmt: skip
    id: str
    number: str
    service: str
    state: State
    counter: CounterLabel | None
    ahead: int | None
    near: bool
    wait: Wait | None
    version: int
    visit: str
    rating: RatingGiven | None


class TicketWithKept(TicketNow):
    """And how far to trust the wait. `kept`: of ten waits told in this branch, those that came true. `why`: it rose."""

    kept: Kept | None
    why: Reason | None


class TicketForStaff(TicketNow):
    """What an agent needs to know besides."""

    name: str | None
    need: str | None
    note: str | None
    priority: str | None
    priority_confirmed: bool
    language: str
    channel: str
    joined_at: At
    called_at: At | None


class Event(BaseModel):
    """One line of a ticket's diary."""

    move: str
    from_state: Annotated[State | None, Field(alias="from")]
    to: State
    at: At
    actor: Literal["customer", "staff", "device", "system"]
    counter: CounterLabel | None


class BranchNamed(BaseModel):
    id: str
    name: str
    time_zone: str


class LineHeld(BaseModel):
    """One line of a ticket's diary as its holder takes it along; `counter` is the label."""

    move: str
    at: At
    from_state: Annotated[State | None, Field(alias="from")]
    to: State
    by: Literal["customer", "staff", "device", "system"]
    counter: str | None


class TicketHeld(BaseModel):
    """A ticket of the visit, with what its holder said and what was told to them. Waits in minutes, null: none told.

    `waits_told`: what the phone showed later on, each as [instant, likely, at most].
    """

    id: str
    number: str
    service: str
    state: State
    business_day: str
    channel: str
    language: str
    priority: str | None
    outcome: str | None
    visitor: str | None
    name: str | None
    need: str | None
    note: str | None
    reason: str | None
    wait_told_at_joining: Annotated[list[int | None], Field(min_length=2, max_length=2, examples=[[9, 17]])]
    waits_told: list[tuple[At, int, int]]
    events: list[LineHeld]


class RatingHeld(RatingGiven):
    contact: str | None
    at: At
    changed_at: At


class Held(BaseModel):
    """All that is held about a visit, for whoever holds a ticket of it.

    `emptied_after`: when what says who they are is forgotten by itself; null while a ticket of the visit is open.
    """

    as_of: At
    branch: BranchNamed
    emptied_after: At | None
    retention_days: int
    tickets: list[TicketHeld]
    rating: RatingHeld | None


class Erased(BaseModel):
    """What was said during the whole visit is gone, as of this version of the branch."""

    ticket: str
    version: int


class DutyNow(BaseModel):
    id: str
    counter: str
    staff: str
    services: list[str]
    on_break: bool
    break_wanted: bool
    back_at: str | None
    ended: bool


class TicketFrame(BaseModel):
    """The whole of what a phone shows; docs/PROTOCOL.md says every field."""

    e: int
    v: int
    m: int
    state: State
    ahead: int | None
    near: bool
    wait: Wait | None
    why: str | None = None
    now: list[str]
    notice: int = 0
    at: int


class CallShown(BaseModel):
    id: str
    number: str
    counter: str
    at: At


class ServiceShown(BaseModel):
    id: str
    waiting: int
    wait: Wait | None


class BranchFrame(BaseModel):
    e: int
    v: int
    calls: list[CallShown]
    services: list[ServiceShown]


class FieldProblem(BaseModel):
    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `type` is stable; what the sentence is about (`number`, `counter`, `next` …) stands beside it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/already-called", "title": "A042 was just called", "status": 409,
                    "detail": "Counter 2 called A042 a moment ago. A043 is next.",
                    "number": "A042", "counter": "2", "next": "A043",
                }
            ]
        },
    )  # fmt: skip
    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []
