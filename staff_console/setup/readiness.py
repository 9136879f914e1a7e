"""What a branch has and what it still needs before it can open: the checklist of the setup pages.

branch    always there
services  at least one; each that asks for an outcome has one to choose
counters  at least one; each service is worked somewhere
people    whoever reads this can serve
devices   a kiosk whose link was opened
"""

from dataclasses import dataclass

from server.domain.base import Words
from server.queries.arranged import Arrangement


@dataclass(frozen=True, slots=True)
class Step:
    """`room`: its page; `path`: where on it the missing thing is done; `slug`, `n` and `name`: its sentence."""

    room: str
    ready: bool
    slug: str
    n: int = 0
    name: Words | None = None
    path: str = ""


def readiness(setup: Arrangement) -> tuple[Step, ...]:
    """The steps in the order a new branch takes them."""
    return _branch(setup), _services(setup), _counters(setup), _people(setup), _devices(setup)


def _branch(setup: Arrangement) -> Step:
    return Step("branch", True, "branch-open" if setup.branch.open else "branch-closed")


def _services(setup: Arrangement) -> Step:
    if not setup.services:
        return Step("services", False, "services-none", path="/new")
    for service in setup.services:
        if service.outcome_required and not service.live_outcomes:
            return Step("services", False, "services-outcomes", name=service.name, path=f"/{service.id}#outcomes")
    return Step("services", True, "services-ready", n=len(setup.services))


def _counters(setup: Arrangement) -> Step:
    if not setup.counters:
        return Step("counters", False, "counters-none", path="/new")
    for service in setup.services:
        if not service.counters:
            return Step("counters", False, "counters-uncovered", name=service.name)
    return Step("counters", True, "counters-ready", n=len(setup.counters))


def _people(setup: Arrangement) -> Step:
    slug = "people-ready" if len(setup.people) > 1 else "people-alone"
    return Step("people", True, slug, n=len(setup.people))


def _devices(setup: Arrangement) -> Step:
    kiosks = [device for device in setup.devices if device.kind == "kiosk"]
    paired = [device for device in kiosks if device.paired_at]
    if paired:
        return Step("devices", True, "devices-ready", name={"*": paired[0].name})
    if kiosks:
        return Step("devices", False, "devices-unpaired", name={"*": kiosks[0].name})
    return Step("devices", False, "devices-none")
