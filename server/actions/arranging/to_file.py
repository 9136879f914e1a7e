"""A branch as its file would say it: what `setup` of that file on an empty installation makes again. No secrets."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from server import words
from server.branch_file import (
    BranchFile,
    BranchSection,
    CounterSection,
    DeviceSection,
    HoursSection,
    OutcomeSection,
    PersonSection,
    PrioritySection,
    ServiceSection,
)
from server.domain.branch import Branch, Outcome, Service
from server.domain.errors import Conflict
from server.queries import branches, people

NOT_IN_A_RULE = {"id", "name", "hours", "closures", "languages"}


def file_of(session: Session, branch_id: str) -> BranchFile:
    """The branch with what is in use of it; archived things and what hangs on one day (a notice, a pause) stay out.

    NotFound when there is none; Conflict while it has no service: a file names one at least.
    """
    branch = branches.branch(session, branch_id)
    live = [service for service in branches.services(session, branch_id) if not service.archived]
    if not live:
        raise Conflict("export-empty")
    outcomes = [outcome for outcome in branches.outcomes(session, branch_id) if not outcome.archived]
    try:
        return BranchFile(
            branch=_branch(branch),
            services=tuple(_service(branch, service, outcomes) for service in live),
            counters=_counters(session, branch, {service.id for service in live}),
            priorities=tuple(
                PrioritySection(
                    id=each.id, name=_spoken(branch, each.name), head_start=each.head_start, confirm=each.confirm
                )
                for each in branches.priorities(session, branch_id)
                if not each.archived
            ),
            people=tuple(
                PersonSection(name=member.name, role=role, key=people.has_key(session, member.id))  # type: ignore[arg-type]
                for member, role in people.staff_of(session, branch_id)
            ),
            devices=tuple(
                DeviceSection(name=device.name, kind=device.kind)  # type: ignore[arg-type]
                for device in people.devices(session, branch_id)
                if device.revoked_at is None
            ),
        )
    except ValidationError as problem:  # more of a thing than a file may name
        raise Conflict("export-too-much", name=str(problem.errors()[0]["loc"][0])) from None


def _branch(branch: Branch) -> BranchSection:
    rules = {rule: getattr(branch, rule) for rule in BranchSection.model_fields if rule not in NOT_IN_A_RULE}
    hours = HoursSection.model_validate(branch.hours) if branch.hours is not None else None
    return BranchSection(
        id=branch.id, name=branch.name, languages=tuple(branch.languages), hours=hours,
        closures=tuple(sorted(branch.closures)), **rules,
    )  # fmt: skip


def _service(branch: Branch, service: Service, outcomes: list[Outcome]) -> ServiceSection:
    """An outcome that is asked for while there is none to choose is not asked for: the file says what happens."""
    mine = [outcome for outcome in outcomes if outcome.service_id == service.id]
    return ServiceSection(
        id=service.id, name=_spoken(branch, service.name), letter=service.letter, target_wait=service.target_wait,
        typical_service=service.typical_service, bring=_spoken(branch, service.bring) if service.bring else None,
        outcomes=tuple(OutcomeSection(id=outcome.id, name=_spoken(branch, outcome.name)) for outcome in mine),
        outcome_required=service.outcome_required and bool(mine),
    )  # fmt: skip


def _counters(session: Session, branch: Branch, live: set[str]) -> tuple[CounterSection, ...]:
    """A counter whose services are all archived names none, and stays one that has to be given some."""
    found = []
    for counter in branches.counters(session, branch.id):
        if not counter.archived:
            worked = None if counter.services is None else tuple(id for id in counter.services if id in live)
            found.append(CounterSection(label=counter.label, services=worked))
    return tuple(found)


def _spoken(branch: Branch, texts: Mapping[str, str]) -> Any:
    """In the branch's languages; a text in none of them stands for all, as people read it."""
    ours = {language: text for language, text in texts.items() if language in branch.languages or language == "*"}
    return ours or {"*": words.pick(texts, branch.languages[0])}
