"""What is held about a person: all of one visit, for whoever holds a ticket of it; and what was forgotten when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.branch import AuditLine, Branch
from server.domain.feedback import Rating
from server.domain.honesty import ShownWait
from server.domain.ticket import Ticket
from server.queries import branches, tickets

PERSONAL = ("name", "need", "note", "reason")
FORGOTTEN_LINES = 60  # of the audit trail: a month of reports, and more


@dataclass(frozen=True, slots=True)
class Told:
    """What of it says something about the person. `ticket`, `rating`: column → what stands there, if anything."""

    ticket: dict[str, str]
    rating: dict[str, str]
    emptied_after: datetime | None  # None while the ticket is open
    retention_days: int

    @property
    def anything(self) -> bool:
        return bool(self.ticket or self.rating)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One line of the report. `asked`: a customer wished it."""

    at: datetime
    asked: bool
    tickets: int
    ratings: int


def told(session: Session, ticket_id: str) -> Told:
    """In short, for a page."""
    branch, visit, rating = _visit(session, ticket_id)
    mine = {field: text for ticket in visit for field in PERSONAL if (text := getattr(ticket, field))}
    said = {field: text for field in ("comment", "contact") if (text := getattr(rating, field, None))}
    return Told(mine, said, _emptied_after(branch, visit), branch.retention_days)


def everything(session: Session, ticket_id: str, now: datetime) -> dict[str, Any]:
    """As JSON, complete: for a download. Who served is not told; that is about somebody else."""
    branch, visit, rating = _visit(session, ticket_id)
    counters = {counter.id: counter.label for counter in branches.counters(session, branch.id)}
    emptied = _emptied_after(branch, visit)
    return {
        "as_of": now.isoformat(),
        "branch": {"id": branch.id, "name": branch.name, "time_zone": branch.time_zone},
        "emptied_after": emptied.isoformat() if emptied else None,
        "retention_days": branch.retention_days,
        "tickets": [_ticket(session, ticket, counters) for ticket in visit],
        "rating": _rating(rating),
    }


def forgettings(session: Session, branch_id: str) -> list[Forgetting]:
    """What was forgotten here, the newest first."""
    lines = select(AuditLine).where(AuditLine.branch_id == branch_id, AuditLine.what.startswith("privacy."))
    return [
        Forgetting(
            line.at, line.actor_kind == "customer", (line.after or {}).get("tickets", 0),
            (line.after or {}).get("ratings", 0),
        )
        for line in session.scalars(lines.order_by(AuditLine.id.desc()).limit(FORGOTTEN_LINES))
    ]  # fmt: skip


def _visit(session: Session, ticket_id: str) -> tuple[Branch, Sequence[Ticket], Rating | None]:
    branch = branches.branch(session, tickets.branch_of_ticket(session, ticket_id))
    visit_id = tickets.ticket(session, branch.id, ticket_id).visit_id
    return branch, tickets.visit(session, visit_id), tickets.rating_of(session, visit_id)


def _emptied_after(branch: Branch, visit: Sequence[Ticket]) -> datetime | None:
    closed = [ticket.closed_at for ticket in visit if ticket.closed_at]
    return max(closed) + timedelta(days=branch.retention_days) if len(closed) == len(visit) else None


def _ticket(session: Session, ticket: Ticket, counters: dict[str, str]) -> dict[str, Any]:
    waits = select(ShownWait.at, ShownWait.likely, ShownWait.at_most).where(ShownWait.ticket_id == ticket.id)
    return {
        "id": ticket.id, "number": ticket.number, "service": ticket.service_id, "state": str(ticket.state),
        "business_day": ticket.business_day.isoformat(), "channel": ticket.channel, "language": ticket.language,
        "priority": ticket.priority_id, "outcome": ticket.outcome_id, "visitor": ticket.visitor,
        **{field: getattr(ticket, field) for field in PERSONAL},
        "wait_told_at_joining": [ticket.promised_likely, ticket.promised_at_most],
        "waits_told": [[at.isoformat(), likely, at_most] for at, likely, at_most in session.execute(waits)],
        "events": [
            {
                "move": str(line.move), "at": line.at.isoformat(), "from": line.from_state, "to": str(line.to_state),
                "by": line.actor_kind, "counter": counters.get(line.counter_id or ""),
            }
            for line in tickets.diary(session, ticket.id)
        ],
    }  # fmt: skip


def _rating(rating: Rating | None) -> dict[str, Any] | None:
    if rating is None:
        return None
    return {
        "score": rating.score, "good": rating.good, "not": rating.not_good, "comment": rating.comment,
        "contact": rating.contact, "at": rating.at.isoformat(), "changed_at": rating.changed_at.isoformat(),
    }  # fmt: skip
