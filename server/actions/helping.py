"""A manager calls staff to help with a service; who can comes."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging.audit import record
from server.db import Unchanged
from server.domain.base import from_ms, to_ms
from server.domain.branch import HELP_LASTS, Branch
from server.domain.errors import Conflict
from server.domain.people import Actor
from server.queries import branches

Answer = dict[str, Any]


def call_for_help(session: Session, branch: Branch, now: datetime, *, by: Actor, service_id: str) -> Answer:
    """Shown on every console of the branch until it is taken back, or for a quarter of an hour. The newest counts."""
    branches.service(session, branch.id, service_id)
    branch.help = {"service": service_id, "at": to_ms(now), "coming": []}
    record(session, branch, now, by, "help.call", service_id, None, {"service": service_id})
    return {"service": service_id}


def take_back(session: Session, branch: Branch, now: datetime, *, by: Actor) -> Answer | Unchanged:
    """Enough people have come."""
    if branch.help is None:
        return Unchanged({})
    record(session, branch, now, by, "help.end", branch.help["service"], None, None)
    branch.help = None
    return {}


def come(session: Session, branch: Branch, now: datetime, *, by: Actor, counter_id: str) -> Answer:
    """This agent helps: the service is among those worked at the counter from now on."""
    wanted = branch.help
    if wanted is None or now >= from_ms(wanted["at"]) + HELP_LASTS:
        raise Conflict("help-over")
    duty = branches.duty_here(session, counter_id, by.id)
    counter, service = branches.counter(session, branch.id, counter_id), wanted["service"]
    if counter.services is not None and service not in counter.services:
        raise Conflict("help-not-here", counter=counter.label)
    duty.services = list(dict.fromkeys([*duty.services, service]))
    duty.changed = branch.arranged = branch.version
    branch.help = wanted | {"coming": list(dict.fromkeys([*wanted["coming"], by.id]))}
    return {"service": service}
