"""When services or counters change, whoever is on duty keeps working what they chose."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.queries import branches


@contextmanager
def follow(session: Session, branch: Branch) -> Iterator[None]:
    """Around a change of what counters can do.

    An agent who worked everything the counter could do works everything it can do afterwards; otherwise what is left
    of the choice, and everything when nothing is left of it.
    """
    before = _abilities(session, branch)
    yield
    session.flush()
    after = _abilities(session, branch)
    for duty in branches.open_duties(session, branch.id):
        could, can = before.get(duty.counter_id, []), after.get(duty.counter_id, [])
        left = [service for service in can if service in duty.services]
        worked = can if set(could) <= set(duty.services) or not left else left
        if could != can and worked != duty.services:
            duty.services, duty.changed = worked, branch.version


def _abilities(session: Session, branch: Branch) -> dict[str, list[str]]:
    """Counter id → ids of the services that can be worked there."""
    live = [service.id for service in branches.services(session, branch.id) if not service.archived]
    return {
        counter.id: live if counter.services is None else [id for id in live if id in counter.services]
        for counter in branches.counters(session, branch.id)
    }
