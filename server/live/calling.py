"""The calls of a branch: the last of each ticket, as screens show them."""

from collections import defaultdict
from typing import TYPE_CHECKING

from server.domain.moves import CURRENT, State, TicketEvent
from server.domain.ticket import Ticket
from server.live.views import CallView

if TYPE_CHECKING:
    from server.live.board import Rows

NOW_SERVING = 3
# A call whose ticket waits again is no call any more.
TAKEN_BACK = frozenset({str(State.WAITING), str(State.EXPECTED), str(State.AWAY)})


def last_calls(rows: "Rows") -> list[tuple[TicketEvent, Ticket]]:
    """The last call of each ticket, newest first; calls that were taken back are not among them."""
    seen, calls = set(), []
    for line, then in rows.calls:
        id = line.ticket_id
        ticket = rows.tickets.get(id, then)
        if id not in seen and ticket.state not in TAKEN_BACK:
            calls.append((line, ticket))
        seen.add(id)
    return calls


def now_serving(calls: list[tuple[TicketEvent, Ticket]]) -> dict[str, list[str]]:
    """By service, the numbers called last for it, newest first."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for line, ticket in calls:
        of_service = numbers[line.service_id]
        if len(of_service) < NOW_SERVING:
            of_service.append(ticket.number)
    return numbers


def shown(rows: "Rows", calls: list[tuple[TicketEvent, Ticket]]) -> tuple[CallView, ...]:
    labels = {counter.id: counter.label for counter in rows.counters}
    return tuple(_call(line, ticket, labels) for line, ticket in calls)


def _call(line: TicketEvent, ticket: Ticket, labels: dict[str, str]) -> CallView:
    letter = ticket.number.rstrip("0123456789")
    return CallView(
        id=f"{line.ticket_id}-{line.version}", ticket=ticket.id, number=ticket.number, letter=letter,
        digits=ticket.number[len(letter):], service=line.service_id, counter=labels.get(line.counter_id or "", ""),
        at=line.at, active=ticket.state in CURRENT and ticket.counter_id == line.counter_id,
    )  # fmt: skip
