"""The calls of a branch: the last of each ticket, as screens show them."""

from collections import defaultdict
from collections.abc import Sequence

from server.domain.branch import Counter
from server.domain.moves import CURRENT, State
from server.live.views import CallView
from server.queries.calls import Called

NOW_SERVING = 3
# A call whose ticket waits again is no call any more.
TAKEN_BACK = frozenset({str(State.WAITING), str(State.EXPECTED), str(State.AWAY)})


def last_calls(calls: Sequence[Called]) -> list[Called]:
    """The last call of each ticket, newest first; calls that were taken back are not among them."""
    last: dict[str, Called] = {}
    for call in calls:
        last.setdefault(call.ticket, call)
    return [call for call in last.values() if call.state not in TAKEN_BACK]


def now_serving(calls: list[Called]) -> dict[str, list[str]]:
    """By service, the numbers called last for it, newest first."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for call in calls:
        of_service = numbers[call.service]
        if len(of_service) < NOW_SERVING:
            of_service.append(call.number)
    return numbers


def shown(calls: list[Called], counters: list[Counter]) -> tuple[CallView, ...]:
    labels = {counter.id: counter.label for counter in counters}
    return tuple(_call(call, labels) for call in calls)


def _call(call: Called, labels: dict[str, str]) -> CallView:
    letter = call.number.rstrip("0123456789")
    return CallView(
        id=f"{call.ticket}-{call.version}", ticket=call.ticket, number=call.number, letter=letter,
        digits=call.number[len(letter):], service=call.service, counter=labels.get(call.counter or "", ""),
        at=call.at, active=call.state in CURRENT and call.there == call.counter,
    )  # fmt: skip
