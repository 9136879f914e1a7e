"""What every phone shows against what the server tells of its ticket."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.agent import Agent, Told
from benchmarks.phones.audience import Audience
from benchmarks.phones.crowd import Crowd
from benchmarks.phones.phone import Phone
from server.domain.moves import State
from server.live.wire import NOW_SHOWN

COMPARED = ("state", "ahead", "near")


async def faults(agent: Agent, crowd: Crowd) -> list[str]:
    """One sentence for each phone of the agent's branch that shows anything else than the server tells of it.

    Its newest frame must have the ticket's state, the people ahead and the numbers called last, and it must know a
    version that is no older than the agent's last action. To be asked when nothing moves any more.
    """
    told = {ticket["id"]: ticket for ticket in await agent.sees([state.value for state in State])}
    calls = [call["number"] for call in await agent.sees_calls()]
    return compared(crowd.audience(agent.branch.id), told, calls, agent.version)


def compared(audience: Audience, told: Mapping[str, Told], calls: Sequence[str], version: int) -> list[str]:
    """`told`: by ticket id; `calls`: numbers, newest first; `version`: of the last action."""
    return [
        f"{audience.name}, {phone.subject}: {fault}"
        for phone in audience.phones
        for fault in _of(phone, told.get(phone.subject), calls, version)
    ]


def _of(phone: Phone, ticket: Told | None, calls: Sequence[str], version: int) -> list[str]:
    if ticket is None:
        return ["the server knows no such ticket"]
    shown, true = phone.shown, {name: ticket[name] for name in COMPARED} | {"now": _now(ticket, calls)}
    found = [
        f"shows {name} {shown.get(name)!r}, is {value!r}"
        for name, value in true.items()
        if _differs(shown, name, value)
    ]
    if phone.version < version:
        found.append(f"is at version {phone.version}, the last action made {version}")
    return found


def _differs(shown: Mapping[str, Any], name: str, value: Any) -> bool:
    return name not in shown or shown[name] != value


def _now(ticket: Told, calls: Sequence[str]) -> list[str]:
    """The numbers of its own service that were called last."""
    letter = _letter(ticket["number"])
    return [number for number in calls if _letter(number) == letter][:NOW_SHOWN]


def _letter(number: str) -> str:
    return number.rstrip("0123456789")
