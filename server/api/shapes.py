"""What the JSON face reads and writes: every field once, with an example; an unknown field is refused."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from server.domain.feedback import COMMENT_LENGTH
from server.domain.moves import State

ID = Annotated[str, Field(min_length=1, max_length=100)]
At = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""An instant, RFC 3339 with its offset."""
Wait = Annotated[list[int], Field(min_length=2, max_length=2, examples=[[9, 17]])]
"""[likely, at most], in minutes."""
Reason = Annotated[str, Field(max_length=500)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Proof = Annotated[str, Field(min_length=1, max_length=300)]


class Chip(StrEnum):
    """Reasons behind a rating; the words of domain.feedback.CHIPS."""

    PROMISE = "promise"
    PROMPT = "prompt"
    KNOWLEDGE = "knowledge"
    CARE = "care"
    CLEAR = "clear"
    PLACE = "place"


class Said(BaseModel):
    """What a program says to us."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Nothing(Said):
    """An address that says everything by itself: no body, or an empty object."""


class Join(Said):
    """`presence`: a fresh code from the door, or a pass. Staff and a kiosk need none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"service": "new-passport", "presence": "k3f9.1i2j3k.Zm9vYmFy", "name": "Ada"}]}
    )
    service: ID
    presence: Proof | None = None
    name: Annotated[str, Field(max_length=40)] | None = None
    language: Language | None = None
    priority: ID | None = None
    need: Annotated[str, Field(max_length=200)] | None = None


class Arrival(Said):
    """A customer proves to be here with a fresh code or a pass; an agent who sees them needs none."""

    presence: Proof | None = None


class TicketChange(Said):
    """The holder: another service, within two minutes of joining. Staff: the priority class, or null to withdraw it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"service": "renewal"}, {"priority": "elderly"}]})
    service: ID | None = None
    priority: ID | None = None

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        if len(self.model_fields_set) != 1 or (self.service is None and "service" in self.model_fields_set):
            raise ValueError("give either service or priority")
        return self


class Removal(Said):
    """Why staff take a ticket out of the branch; the holder simply leaves."""

    reason: Reason | None = None


class Tap(Said):
    """1 is very poor, 5 is very good; `good` and `not` say why."""

    model_config = ConfigDict(
        populate_by_name=False, json_schema_extra={"examples": [{"score": 5, "good": ["care", "clear"]}]}
    )
    score: Annotated[int, Field(ge=1, le=5, strict=True)]
    good: list[Chip] = []
    not_good: Annotated[list[Chip], Field(alias="not")] = []
    comment: Annotated[str, Field(max_length=COMMENT_LENGTH)] | None = None


class Call(Said):
    """A chosen ticket, out of turn, and why; nothing at all calls the next one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ticket": "q5v2", "reason": "Comes with a baby"}]})
    ticket: ID | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def belongs_together(self) -> Self:
        if self.reason is not None and self.ticket is None:
            raise ValueError("a reason is for a chosen ticket")
        return self


class Finish(Said):
    outcome: ID | None = None
    note: Reason | None = None


class Transfer(Said):
    """To one of three: a service, a counter, or an agent (a staff id)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"service": "payments", "place": "front"}]})
    service: ID | None = None
    counter: ID | None = None
    agent: ID | None = None
    place: Literal["arrival", "front", "end"] = "arrival"


class DutyProfile(Said):
    """The services to work at this counter; left out: all it can do."""

    services: Annotated[list[ID], Field(min_length=1, max_length=200)] | None = None


class Break(Said):
    on_break: Annotated[bool, Field(strict=True)]
    back_at: AwareDatetime | None = None


class DutyEnd(Said):
    """Where people parked here go: kept for the counter, or back to their queues."""

    parked: Literal["keep", "transfer"] | None = None


class Listing(Said):
    """Which tickets are asked for; without a state, the open ones."""

    state: list[State] = []
    service: ID | None = None


class ServiceToday(BaseModel):
    id: str
    name: str
    letter: str
    open: bool
    waiting: int
    wait: Wait | None


class BranchToday(BaseModel):
    id: str
    name: str
    time_zone: str
    open: bool
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
    now: list[str]
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


Body = dict[str, Any]
"""A JSON object that one of the shapes above describes."""
