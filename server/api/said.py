"""What the JSON face reads: every field once, with its limits; an unknown field is refused."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from server.domain.feedback import COMMENT_LENGTH
from server.domain.moves import State

ID = Annotated[str, Field(min_length=1, max_length=100)]
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
