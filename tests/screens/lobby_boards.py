"""Boards of Harbour Branch to draw a lobby from, without a database."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from server.domain.forecast import Wait
from server.live.views import BoardView, BranchView, CallView, CounterView, DutyView, ServiceView, TicketView

NOW = datetime(2026, 11, 23, 13, 3, 20, tzinfo=UTC)  # 14:03 in Lagos
View = TypeVar("View")


def call(number: str, counter: str = "3", ago: float = 2, again: int = 1, at: datetime = NOW) -> CallView:
    """`number` was called `ago` seconds before `at`, for the `again`-th time."""
    ticket = f"t{number}"
    return _view(
        CallView, id=f"{ticket}-{again}", ticket=ticket, number=number, letter=number[0], digits=number[1:],
        service="new-passport", counter=counter, at=at - timedelta(seconds=ago), active=True,
    )  # fmt: skip


def counter(
    label: str, serves: str | None = None, *, duty: bool = True, back_at: datetime | None = None
) -> CounterView:
    """A counter where `serves` is being served; with `back_at` its agent is on a break."""
    worked = _view(DutyView, staff_name="Ken", services=("new-passport",), on_break=bool(back_at), back_at=back_at)
    return _view(
        CounterView, id=f"c{label}", label=label, services=(), duty=worked if duty else None,
        current=f"t{serves}" if serves else None,
    )  # fmt: skip


def service(name: str = "New passport", fr: str = "Nouveau passeport", **given: Any) -> ServiceView:
    usual: dict[str, Any] = {"letter": "A", "open": True, "full": False, "waiting": 7, "wait": Wait(12, 20)}
    return _view(ServiceView, **{"id": name.lower(), "name": {"en": name, "fr": fr}, **usual, **given})


def board(
    *calls: CallView,
    states: dict[str, str] | None = None,
    counters: tuple[CounterView, ...] = (),
    services: tuple[ServiceView, ...] | None = None,
    languages: tuple[str, ...] = ("en", "fr"),
    at: datetime = NOW,
    **branch: Any,
) -> BoardView:
    """`states`: number → state of its ticket; who was called and is not named there was called and is on the way."""
    numbers = [*(called.number for called in calls), *(c.current[1:] for c in counters if c.current)]
    tickets = {f"t{number}": _ticket(number, (states or {}).get(number, "called")) for number in numbers}
    usual: dict[str, Any] = {"id": "harbour", "name": "Harbour Branch", "open": True, "time_zone": "Africa/Lagos"}
    return _view(
        BoardView, epoch=1, version=1, at=at, branch=_view(BranchView, **{**usual, "languages": languages, **branch}),
        services=services or (service(),), priorities=(), counters=counters, tickets=tuple(tickets.values()),
        calls=tuple(sorted(calls, key=lambda called: called.at, reverse=True)), by_ticket=tickets,
    )  # fmt: skip


def _ticket(number: str, state: str) -> TicketView:
    return _view(
        TicketView, id=f"t{number}", number=number, letter=number[0], digits=number[1:], service="new-passport",
        state=state, name="Ada Lovelace", note="asked for Bo", need="wheelchair",
    )  # fmt: skip


def _view(kind: type[View], **given: Any) -> View:
    """A view whose other fields a lobby never looks at."""
    names = getattr(kind, "_fields", None) or [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: given.get(name) for name in names})
