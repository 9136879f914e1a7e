"""A branch from its file: created, or brought to what the file says. What the file no longer names is archived."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.actions.arranging import counters, services
from server.actions.arranging.access import DeviceAccess, PersonAccess, device_access, person_access
from server.actions.arranging.audit import record, snapshot
from server.actions.arranging.profiles import follow
from server.actions.arranging.trailing import differing, leaving_lines
from server.branch_file import BranchFile, BranchSection, OutcomeSection, ServiceSection
from server.domain.branch import Branch, Counter, Outcome, Priority, Service
from server.domain.errors import Conflict
from server.domain.people import Actor
from server.queries import branches

NOT_OF_THE_BRANCH_ROW = {"id", "hours", "closures", "languages"}


@dataclass(frozen=True, slots=True)
class Chance:
    """Where new ids and tokens come from."""

    id: Callable[[], str]
    token: Callable[[], str]


def create(session: Session, _: None, now: datetime, *, by: Actor, section: BranchSection) -> dict[str, Any]:
    """The bare row of a branch, so that it can be locked; `apply` fills it. Nothing happens when it is there."""
    if session.get(Branch, section.id) is None:
        branch = Branch(id=section.id, name=section.name, version=0)
        session.add(branch)
        record(session, None, now, by, "branch.add", section.id, None, {"name": section.name})
    return {"id": section.id}


def apply(
    session: Session, branch: Branch, now: datetime, *, by: Actor, file: BranchFile, chance: Chance
) -> dict[str, Any]:
    """Bring the branch to what its file says.

    Answers what `setup --json` prints, with tokens where links and keys belong; who is already let in gets none.
    Conflict, as on the setup pages, where the file takes away what people wait for or where somebody stands.
    """
    before = snapshot(branch)
    branch.archived = False
    _branch(branch, file.branch)
    record(session, branch, now, by, "branch.file", branch.id, *differing(before, snapshot(branch)))
    with leaving_lines(session, branch, now, by), follow(session, branch):
        _make_room(session, branch, now, by, file)
        kept = [_service(session, branch.id, n, section) for n, section in enumerate(file.services)]
        outcomes = [_outcomes(session, branch.id, section) for section in file.services]
        places = _counters(session, branch, now, by, file, chance)
        _priorities(session, branch.id, file)
        session.flush()
        people = [person_access(session, branch, now, person, chance.id, chance.token) for person in file.people]
        devices = [device_access(session, branch, now, device, chance.id, chance.token) for device in file.devices]
    return {
        "branch": {"id": branch.id},
        "services": [_service_answer(service, mine) for service, mine in zip(kept, outcomes, strict=True)],
        "counters": [{"id": counter.id, "label": counter.label} for counter in places],
        "people": [_person_answer(access) for access in people],
        "devices": [_device_answer(access) for access in devices],
    }


def bring(
    session: Session, branch: Branch, now: datetime, *, by: Actor, file: BranchFile, chance: Chance, seen: int
) -> dict[str, Any]:
    """`apply` for a manager in the browser, without people and screens: each of those is let in on a page of its own.

    `seen`: the arrangement that the manager was shown; Conflict when it has changed since. An archived branch
    stays one: to bring that back is an admin's work.
    """
    if branch.archived:
        raise Conflict("branch-archived")
    if branch.arranged != seen:
        raise Conflict("file-outdated")
    return apply(session, branch, now, by=by, file=without_people(file), chance=chance)


def without_people(file: BranchFile) -> BranchFile:
    return file.model_copy(update={"people": (), "devices": ()})


def _branch(branch: Branch, section: BranchSection) -> None:
    for field, value in section.model_dump(exclude=NOT_OF_THE_BRANCH_ROW).items():
        setattr(branch, field, value)
    branch.languages, branch.hours, branch.closures = list(section.languages), section.week(), section.closed_days()


def _make_room(session: Session, branch: Branch, now: datetime, by: Actor, file: BranchFile) -> None:
    """Archive what the file leaves out, and take away the letters that change hands, before anybody gets them."""
    known = {service.id: service for service in branches.services(session, branch.id)}
    for id in known.keys() - {section.id for section in file.services}:
        if not known[id].archived:
            services.must_not_be_awaited(session, known[id])
            known[id].archived = True
    for section in file.services:
        mine = known.get(section.id)
        if mine is not None and mine.letter == section.letter and not mine.archived:
            continue
        if services.was_given(session, branch, now, section.letter, mine):
            raise Conflict("letter-given-today", letter=section.letter, service=section.id)
        if mine is not None:
            mine.archived = True  # for a moment: an archived service holds no letter
    session.flush()


def _service(session: Session, branch_id: str, position: int, section: ServiceSection) -> Service:
    service = session.get(Service, (branch_id, section.id)) or Service(branch_id=branch_id, id=section.id, open=True)
    service.name, service.letter, service.bring = dict(section.name), section.letter, section.bring
    service.target_wait, service.typical_service = section.target_wait, section.typical_service
    service.outcome_required, service.position, service.archived = section.outcome_required, position, False
    session.add(service)
    return service


def _outcomes(session: Session, branch_id: str, section: ServiceSection) -> list[Outcome]:
    session.flush()
    kept = [_outcome(session, branch_id, section.id, n, outcome) for n, outcome in enumerate(section.outcomes)]
    ids = {outcome.id for outcome in kept}
    _archive([o for o in branches.outcomes(session, branch_id) if o.service_id == section.id and o.id not in ids])
    return kept


def _outcome(session: Session, branch_id: str, service_id: str, position: int, section: OutcomeSection) -> Outcome:
    outcome = session.get(Outcome, (branch_id, service_id, section.id))
    outcome = outcome or Outcome(branch_id=branch_id, service_id=service_id, id=section.id)
    outcome.name, outcome.position, outcome.archived = dict(section.name), position, False
    session.add(outcome)
    return outcome


def _counters(
    session: Session, branch: Branch, now: datetime, by: Actor, file: BranchFile, chance: Chance
) -> list[Counter]:
    """Counters are known by their label; their ids are made once."""
    known = {counter.label: counter for counter in branches.counters(session, branch.id) if not counter.archived}
    kept = []
    for position, section in enumerate(file.counters):
        counter = known.pop(section.label, None) or Counter(id=chance.id(), branch_id=branch.id, label=section.label)
        counter.services = list(section.services) if section.services is not None else None
        counter.position = position
        session.add(counter)
        kept.append(counter)
    for gone in known.values():
        counters.vacate(session, branch, now, by, gone)
    return kept


def _priorities(session: Session, branch_id: str, file: BranchFile) -> None:
    for position, section in enumerate(file.priorities):
        priority = session.get(Priority, (branch_id, section.id)) or Priority(branch_id=branch_id, id=section.id)
        priority.name, priority.head_start, priority.confirm = dict(section.name), section.head_start, section.confirm
        priority.position, priority.archived = position, False
        session.add(priority)
    named = {section.id for section in file.priorities}
    _archive([p for p in branches.priorities(session, branch_id) if p.id not in named])


def _archive(rows: list[Any]) -> None:
    """Never deleted: history hangs on them."""
    for row in rows:
        row.archived = True


def _service_answer(service: Service, outcomes: list[Outcome]) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "letter": service.letter,
        "outcomes": [{"id": outcome.id, "name": outcome.name} for outcome in outcomes],
    }


def _person_answer(access: PersonAccess) -> dict[str, Any]:
    answer = {"id": access.id, "name": access.name, "role": access.role, "link": access.link_token}
    return answer | ({"key": access.key} if access.key else {})


def _device_answer(access: DeviceAccess) -> dict[str, Any]:
    return {"id": access.id, "name": access.name, "kind": access.kind, "key": access.key, "link": access.link_token}
