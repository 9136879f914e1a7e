"""Every refusal: its status, the slug of its sentence (locales/*/errors.po) and what the sentence needs.

Refusal
├── SignInNeeded 401          nobody we know is asking
├── Forbidden 403             known, but not allowed here
│   ├── SecondStepNeeded      a manager's or admin's page, in a session opened by a password alone
│   ├── CodeRefused           the door's code: slugs code-expired, code-foreign, code-altered
│   └── PassRefused           pass-expired, pass-used, pass-needed
├── NotFound 404              page-moved-on: no such thing, or not for who asks
├── LinkUsed 410              a one-time link that has been used or is too old
├── Conflict 409              the state of things says no; the slug says why
│   ├── IllegalMove           the ticket's state has no such arrow
│   ├── AlreadyCalled         a lost race: who won, and who is next
│   ├── CounterBusy           somebody is current at the counter
│   └── CounterOccupied       another agent stands there
├── TooLong 413               more was sent than anybody has to say
├── Invalid 422               what was sent cannot be understood; `fields` says where
├── TooMany 429               slow down; `retry_after` seconds
├── Unavailable 503           nothing was saved; try again
└── Broken 500                a fault of ours; `request` is the number it has in the log
"""

from typing import ClassVar


class Refusal(Exception):
    """A named "not this way", with a kind sentence behind its slug."""

    status: ClassVar[int] = 400
    default: ClassVar[str] = "not-possible"

    def __init__(self, slug: str | None = None, **params: object) -> None:
        self.slug = slug or self.default
        self.params = params
        super().__init__(self.slug, params)


class SignInNeeded(Refusal):
    status, default = 401, "sign-in-needed"


class Forbidden(Refusal):
    status, default = 403, "forbidden"


class SecondStepNeeded(Forbidden):
    default = "second-step-needed"


class CodeRefused(Forbidden):
    default = "code-expired"


class PassRefused(Forbidden):
    default = "pass-needed"


class NotFound(Refusal):
    status, default = 404, "page-moved-on"


class Conflict(Refusal):
    status, default = 409, "conflict"


class IllegalMove(Conflict):
    """`move` and `state` are the words of ticket.Move and ticket.State."""

    default = "illegal-move"

    def __init__(self, *, move: str, state: str, number: str) -> None:
        super().__init__(move=move, state=state, number=number)


class AlreadyCalled(Conflict):
    """Somebody else was faster; `next` is the number that comes next, or "" when nobody does."""

    default = "already-called"

    def __init__(self, *, number: str, counter: str, next: str = "") -> None:
        super().__init__("already-called" if next else "already-called-last", number=number, counter=counter, next=next)


class CounterBusy(Conflict):
    default = "counter-busy"

    def __init__(self, *, number: str, counter: str) -> None:
        super().__init__(number=number, counter=counter)


class CounterOccupied(Conflict):
    default = "counter-occupied"

    def __init__(self, *, counter: str, name: str) -> None:
        super().__init__(counter=counter, name=name)


class LinkUsed(Refusal):
    status, default = 410, "link-used"


class TooLong(Refusal):
    status, default = 413, "too-long"


class Invalid(Refusal):
    """`fields`: name of the field → slug of what is wrong with it."""

    status, default = 422, "invalid-input"

    def __init__(self, slug: str | None = None, fields: dict[str, str] | None = None, **params: object) -> None:
        super().__init__(slug, **params)
        self.fields = fields or {}


class TooMany(Refusal):
    status, default = 429, "too-many-requests"

    def __init__(self, slug: str | None = None, *, retry_after: int) -> None:
        super().__init__(slug, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(Refusal):
    status, default = 503, "unavailable"


class Broken(Refusal):
    status, default = 500, "unexpected"

    def __init__(self, *, request: str) -> None:
        super().__init__(request=request)
