"""The database itself refuses what must never be, on both: the rules of the code are not the last line."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, insert
from sqlalchemy.exc import IntegrityError

from server.domain.base import Base, Instant
from server.engines import writing_engine
from tests.world import World

Row = dict[str, Any]
TICKET: Row = {
    "branch_id": "harbour", "business_day": date(2026, 11, 23), "channel": "phone", "language": "en",
    "joined_at": 0, "generation": 1, "moved": 1, "changed": 1, "state": "waiting", "service_id": "new-passport",
    "arrival": 0, "place": 0, "place_version": 1, "leg": 1, "leg_since": 0, "priority_confirmed": False, "recalls": 0,
    "ready": False, "postponements": 0, "returns": 0,
}  # fmt: skip
DUTY: Row = {"branch_id": "harbour", "services": [], "started_at": 0, "break_wanted": False, "changed": 1}
RATING: Row = {"branch_id": "harbour", "service_id": "new-passport", "good": [], "not_good": [], "legs": {}, "at": 0}


def ticket(id: str, **more: Any) -> tuple[str, Row]:
    return "tickets", TICKET | {"id": id, "visit_id": id, "number": id} | more


def duty(id: str, counter: str, agent: str, **more: Any) -> tuple[str, Row]:
    return "duties", DUTY | {"id": id, "counter_id": counter, "staff_id": agent} | more


def rating(score: int, visit: str, of: str) -> tuple[str, Row]:
    return "ratings", RATING | {"visit_id": visit, "ticket_id": of, "score": score, "changed_at": 0}


def event(version: int) -> tuple[str, Row]:
    line = {"ticket_id": "A1", "version": version, "branch_id": "harbour", "move": "join", "to_state": "waiting"}
    return "ticket_events", line | {
        "at": 0, "actor_kind": "customer", "service_id": "new-passport", "leg": 1, "changes": {}
    }  # fmt: skip


def answer(key: str) -> tuple[str, Row]:
    return "answers", {"scope": "ken", "key": key, "fingerprint": "f", "body": {}, "at": 0}


def service(id: str, letter: str, **more: Any) -> tuple[str, Row]:
    return "services", {
        "branch_id": "harbour", "id": id, "name": {"*": id}, "letter": letter, "target_wait": 1, "typical_service": 1,
        "outcome_required": False, "position": 9, "open": True, "archived": False,
    } | more  # fmt: skip


def counter(id: str, label: str, **more: Any) -> tuple[str, Row]:
    return "counters", {"id": id, "branch_id": "harbour", "label": label, "position": 9, "archived": False} | more


Case = Callable[[World], list[tuple[str, Row]]]
NEVER: dict[str, Case] = {
    "two current at one counter": lambda w: [
        ticket("A1", state="called", counter_id=w.counters["1"]),
        ticket("A2", state="serving", counter_id=w.counters["1"]),
    ],
    "a number twice on one day": lambda w: [ticket("A1"), ticket("A2", number="A1")],
    "a pass used twice": lambda w: [ticket("A1", pass_id="p"), ticket("A2", pass_id="p")],
    "called to no counter": lambda w: [ticket("A1", state="called")],
    "serving at no counter": lambda w: [ticket("A1", state="serving")],
    "parked at no counter": lambda w: [ticket("A1", state="parked")],
    "at a counter that is not there": lambda w: [ticket("A1", state="called", counter_id="nowhere")],
    "served without a time": lambda w: [ticket("A1", state="served")],
    "waiting after it was closed": lambda w: [ticket("A1", closed_at=1)],
    "a state of its own": lambda w: [ticket("A1", state="confused")],
    "for a service that is not there": lambda w: [ticket("A1", service_id="moon-permits")],
    "two moves of a ticket at once": lambda w: [ticket("A1"), event(1), event(1)],
    "a move of no ticket": lambda w: [event(1)],
    "two duties of an agent": lambda w: [
        duty("d1", w.counters["1"], w.ken.id),
        duty("d2", w.counters["2"], w.ken.id),
    ],
    "two duties at a counter": lambda w: [
        duty("d1", w.counters["1"], w.ken.id),
        duty("d2", w.counters["1"], w.lola.id),
    ],
    "a score of six": lambda w: [ticket("A1"), rating(6, "A1", "A1")],
    "a score of none": lambda w: [ticket("A1"), rating(0, "A1", "A1")],
    "two ratings of a visit": lambda w: [ticket("A1"), ticket("A2"), rating(5, "v", "A1"), rating(4, "v", "A2")],
    "two ratings of a ticket": lambda w: [ticket("A1"), rating(5, "v", "A1"), rating(4, "w", "A1")],
    "two answers to one key": lambda w: [answer("k"), answer("k")],
    "two services of one letter": lambda w: [service("visas", "A")],
    "two counters of one label": lambda w: [counter("c", "1")],
    "a role nobody has": lambda w: [("grants", {"staff_id": w.ken.id, "branch_id": "hill", "role": "king"})],
}
MAY_BE: dict[str, Case] = {
    "the same number on another day": lambda w: [
        ticket("A1"),
        ticket("A2", number="A1", business_day=date(2026, 11, 24)),
    ],
    "one current and others parked at a counter": lambda w: [
        ticket(f"A{n}", state=state, counter_id=w.counters["1"])
        for n, state in enumerate(["called", "parked", "parked", "missed"])
    ],
    "tickets without a pass": lambda w: [ticket("A1"), ticket("A2")],
    "a duty after one that ended": lambda w: [
        duty("d1", w.counters["1"], w.ken.id, ended_at=1),
        duty("d2", w.counters["1"], w.ken.id),
    ],
    "a letter of a service that is archived": lambda w: [service("visas", "A", archived=True)],
    "a label of a counter that is archived": lambda w: [counter("c", "1", archived=True)],
    "a ticket with its diary and its rating": lambda w: [ticket("A1"), event(1), event(2), rating(5, "A1", "A1")],
    "a role that somebody has": lambda w: [("grants", {"staff_id": w.ken.id, "branch_id": "hill", "role": "agent"})],
    "one answer for each who asks": lambda w: [answer("k"), ("answers", answer("k")[1] | {"scope": "lola"})],
}


@pytest.mark.parametrize("case", sorted(NEVER))
async def test_the_database_refuses(world: World, database_url: str, case: str) -> None:
    with pytest.raises(IntegrityError):
        _put(database_url, NEVER[case](world))


@pytest.mark.parametrize("case", sorted(MAY_BE))
async def test_the_database_allows(world: World, database_url: str, case: str) -> None:
    """Positive control: the rows above are whole, so each is refused for its own reason alone."""
    _put(database_url, MAY_BE[case](world))


def _put(url: str, rows: list[tuple[str, Row]]) -> None:
    """Straight into the tables, past every rule of ours."""
    engine: Engine = writing_engine(url, 1)
    try:
        with engine.begin() as connection:
            for name, row in rows:
                table = Base.metadata.tables[name]
                connection.execute(insert(_plain(table)).values(row))
    finally:
        engine.dispose()


def _plain(table: Table) -> Table:
    """Its columns as they are stored: instants as milliseconds."""
    columns = (Column(c.name, BigInteger() if isinstance(c.type, Instant) else c.type) for c in table.columns)
    return Table(table.name, MetaData(), *columns)
