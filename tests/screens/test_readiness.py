"""What a branch still needs before it can open."""

from dataclasses import replace
from datetime import UTC, datetime

from server.queries.arranged import (
    Arrangement,
    BranchSetup,
    CounterSetup,
    DeviceSetup,
    OutcomeSetup,
    PersonSetup,
    ServiceSetup,
)
from staff_console.setup.readiness import Step, readiness

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RESOLVED = OutcomeSetup("resolved", {"en": "Resolved"}, archived=False)
PASSPORT = ServiceSetup(
    id="passport", name={"en": "New passport"}, letter="A", target_wait=15, typical_service=8, bring=None,
    outcome_required=True, open=True, archived=False, waiting=0, outcomes=(RESOLVED,), counters=("1",),
)  # fmt: skip
DOOR = DeviceSetup("d", "Door", "kiosk", paired_at=NOW, seen_at=NOW, link_until=None)
MIRA = PersonSetup("m", "Mira", "mira", "manager", False, True, 1, NOW, None, {"harbour": "manager"}, False)
READY = Arrangement(
    branch=BranchSetup("harbour", "Harbour Branch", "UTC", ("en",), None, (), None, True, None, None),
    services=(PASSPORT,),
    counters=(CounterSetup("c1", "1", None, archived=False, agent=None),),
    people=(MIRA,),
    devices=(DOOR,),
    archived_services=(),
    archived_counters=(),
    priorities=(),
    archived_priorities=(),
)


def wanted(setup: Arrangement) -> list[Step]:
    return [step for step in readiness(setup) if not step.ready]


def test_one_of_each_is_enough_to_open() -> None:
    assert wanted(READY) == []
    assert [step.slug for step in readiness(READY)] == [
        "branch-open",
        "services-ready",
        "counters-ready",
        "people-alone",
        "devices-ready",
    ]


def test_a_new_branch_is_led_from_step_to_step() -> None:
    bare = replace(READY, services=(), counters=(), devices=())
    assert [(step.room, step.path) for step in wanted(bare)] == [
        ("services", "/new"),
        ("counters", "/new"),
        ("devices", ""),
    ]


def test_a_service_that_asks_for_an_outcome_needs_one() -> None:
    gone = replace(RESOLVED, archived=True)
    missing = wanted(replace(READY, services=(replace(PASSPORT, outcomes=(gone,)),)))
    assert [(step.slug, step.name, step.path) for step in missing] == [
        ("services-outcomes", PASSPORT.name, "/passport#outcomes")
    ]
    unasked = replace(PASSPORT, outcomes=(), outcome_required=False)
    assert wanted(replace(READY, services=(unasked,))) == []


def test_every_service_is_worked_somewhere() -> None:
    missing = wanted(replace(READY, services=(PASSPORT, replace(PASSPORT, id="visa", counters=()))))
    assert [step.slug for step in missing] == ["counters-uncovered"]


def test_a_kiosk_counts_once_its_link_was_opened_and_a_lobby_does_not() -> None:
    assert [s.slug for s in wanted(replace(READY, devices=(replace(DOOR, paired_at=None),)))] == ["devices-unpaired"]
    assert [s.slug for s in wanted(replace(READY, devices=(replace(DOOR, kind="lobby"),)))] == ["devices-none"]
