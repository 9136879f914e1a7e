"""What a console shows after it has called who it said was next: worked out from what it showed, for the card's sake.

Reading and drawing the whole branch anew takes longer than the call. It follows by the live socket; until then what is
not about this counter and this ticket is as it was.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from server.actions.answers import Answer
from server.domain.branch import given_up_at
from server.domain.moves import Move, State
from server.live.views import UndoView
from staff_console.counter.desk import Desk


def after_call(desk: Desk, called: Answer, now: datetime) -> Desk | None:
    """`desk` as of the version before `called`; None where more has changed than who is here."""
    ticket, branch, duty = desk.next, desk.view.branch, desk.counter.duty
    if ticket is None or duty is None or ticket.state != State.WAITING or branch.help is not None:
        return None
    if (ticket.id, desk.view.version + 1) != (called["ticket"], called["version"]):
        return None
    here = ticket._replace(
        state=str(State.CALLED), moved=called["version"], called_since=now, called_at=now,
        counter=desk.counter.id, counter_label=desk.counter.label, agent=duty.staff_id, recalls=0, acknowledged_at=None,
        ahead=None, near=False, wait=None, why=None,
    )  # fmt: skip
    counter = replace(
        desk.counter,
        current=ticket.id,
        missed_at=given_up_at(now, branch.miss_after),
        free_since=None,
        undo=UndoView(ticket.id, ticket.number, Move.CALL, now + timedelta(seconds=branch.undo_seconds)),
    )
    by_ticket = {**desk.view.by_ticket, ticket.id: here}
    view = replace(desk.view, version=called["version"], at=now, by_ticket=by_ticket)
    return replace(desk, view=view, counter=counter, now=now, state=here.state, ticket=here)
