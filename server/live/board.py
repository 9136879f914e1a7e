"""One branch as it is now, in memory: refreshed by "what changed since version v?"."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from server.domain.branch import Branch, Counter, Outcome, Priority, Service
from server.domain.errors import NotFound
from server.domain.forecast import LEARN_FROM, Forecaster, WorkAhead
from server.domain.moves import State, TicketEvent
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.live.drawing import draw
from server.live.views import BoardView, TicketView
from server.queries import branches, people, tickets

KEEP_CLOSED = timedelta(hours=1)  # phones still show their rating; older ones are asked of the database
KEEP_CALLS = 100
KEEP_LINES = 300  # diary lines: more than a branch writes while a move can be undone
STALE_SECONDS = 10.0  # a board is never trusted for longer without asking

T = TypeVar("T")
Ask = Callable[[Callable[[Session], T]], Awaitable[T]]


@dataclass
class Rows:
    """What a board remembers of its branch: detached rows at one version."""

    branch: Branch
    services: list[Service] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    priorities: list[Priority] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # staff id → name
    tickets: dict[str, Ticket] = field(default_factory=dict)
    calls: list[tuple[TicketEvent, Ticket]] = field(default_factory=list)  # newest first
    lines: dict[str, TicketEvent] = field(default_factory=dict)  # ticket id → its newest line that an undo looks at
    drawn: dict[str, tuple[int, TicketView]] = field(default_factory=dict)  # ticket id → version of the row, its view
    epoch: int = 1


class Board:
    """The newest view of one branch. Not thread-safe: one refresh at a time."""

    def __init__(self, branch_id: str, forecaster: Callable[[], Forecaster] = WorkAhead) -> None:
        self._branch_id, self._new_forecaster = branch_id, forecaster
        self._rows: Rows | None = None
        self._forecaster = forecaster()

    def refresh(self, session: Session, now: datetime) -> BoardView:
        """Read what changed since the version known, and draw the branch as it is at `now`."""
        branch = branches.branch(session, self._branch_id)
        rows, known = self._rows, self._rows.branch.version if self._rows else -1
        epoch = people.epoch(session)
        if rows is None or epoch != rows.epoch or branch.version < known:  # restored behind our back
            rows, known = Rows(branch, epoch=epoch), -1
        self._rows = None  # a reading that fails half-way is begun anew, never trusted
        if branch.version > known:
            self._read(session, rows, branch, known, now)
        session.expunge_all()
        self._rows = rows
        return draw(rows, self._forecaster, now)

    def draw_old(self, session: Session, ticket_id: str, now: datetime) -> TicketView | None:
        """A ticket that the view no longer holds."""
        ticket = session.get(Ticket, ticket_id)
        if ticket is None or ticket.branch_id != self._branch_id:
            return None
        # Rows of its own: a refresh may be under way in another thread.
        branch, counters = branches.branch(session, ticket.branch_id), branches.counters(session, ticket.branch_id)
        services = branches.services(session, ticket.branch_id)
        rows = Rows(branch, counters=counters, services=services, tickets={ticket.id: ticket})
        return draw(rows, self._forecaster, now).by_ticket[ticket_id]

    def _read(self, session: Session, rows: Rows, branch: Branch, known: int, now: datetime) -> None:
        first = known < 0
        if first or branch.arranged > known:
            rows.services, rows.outcomes = branches.services(session, branch.id), branches.outcomes(session, branch.id)
            rows.priorities, rows.counters = (
                branches.priorities(session, branch.id),
                branches.counters(session, branch.id),
            )
            rows.drawn, rows.names = {}, {}  # a counter may have another label now, a person another name
        rows.branch = branch
        rows.duties = branches.open_duties(session, branch.id)
        rows.names |= {
            duty.staff_id: branches.staff_name(session, duty.staff_id)
            for duty in rows.duties
            if duty.staff_id not in rows.names
        }
        if first:
            self._learn(session, rows)
            found = tickets.open_tickets(session, branch.id) + tickets.closed_since(
                session, branch.id, now - KEEP_CLOSED
            )
        else:
            found = tickets.changed_since(session, branch.id, known)
        taken_back = any(t.id in rows.tickets and rows.tickets[t.id].state == State.SERVED for t in found)
        for ticket in sorted(found, key=lambda ticket: ticket.moved):  # it learns in the order of the finishes
            if not first and ticket.state == State.SERVED and ticket.moved > known:
                self._observe(ticket)
            rows.tickets[ticket.id] = ticket
        if taken_back:  # what was learnt from a finish that was undone must be forgotten
            self._learn(session, rows)
        # A call outlives its ticket here: it must not go back to how the ticket was then.
        rows.calls = [(line, rows.tickets.get(line.ticket_id, then)) for line, then in rows.calls]
        oldest = now - KEEP_CLOSED
        rows.tickets = {id: t for id, t in rows.tickets.items() if t.closed_at is None or t.closed_at >= oldest}
        if first or any(ticket.called_at or ticket.moved > ticket.place_version for ticket in found):
            self._read_diary(session, rows, branch, known)
        undo_until = now - timedelta(seconds=branch.undo_seconds)
        rows.lines = {id: line for id, line in rows.lines.items() if line.at >= undo_until}

    def _read_diary(self, session: Session, rows: Rows, branch: Branch, known: int) -> None:
        """Calls, and what could be undone: nothing of either comes with somebody who only joined."""
        rows.calls = (tickets.calls_since(session, branch.id, known, KEEP_CALLS) + rows.calls)[:KEEP_CALLS]
        rows.lines |= {line.ticket_id: line for line in tickets.lines_since(session, branch.id, known, KEEP_LINES)}

    def _learn(self, session: Session, rows: Rows) -> None:
        """Start from the last finished services, so that a restart forgets nothing."""
        self._forecaster = self._new_forecaster()
        for service in rows.services:
            for ticket in tickets.served_last(session, self._branch_id, service.id, LEARN_FROM):
                self._observe(ticket)

    def _observe(self, ticket: Ticket) -> None:
        if ticket.started_at and ticket.closed_at:
            self._forecaster.observe(ticket.service_id, (ticket.closed_at - ticket.started_at).total_seconds() / 60)


class Boards:
    """The boards of all branches that somebody looks at; refreshed at most once at a time each."""

    def __init__(self, ask: Ask[BoardView], clock: Callable[[], datetime]) -> None:
        self._ask, self._clock = ask, clock
        self._boards: dict[str, Board] = {}
        self._views: dict[str, BoardView] = {}
        self._announced: dict[str, int] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def announced(self, branch_id: str, version: int) -> None:
        """A nudge: the branch may have moved on to `version`."""
        self._announced[branch_id] = max(version, self._announced.get(branch_id, 0))

    def last(self, branch_id: str) -> BoardView | None:
        """The view drawn last, however old."""
        return self._views.get(branch_id)

    async def fresh(self, branch_id: str) -> BoardView:
        """The branch as it is: at least as new as every action that was answered before in this process."""
        view = self._views.get(branch_id)
        if view is not None and not self._is_stale(branch_id, view):
            return view
        return await self.refresh(branch_id)

    async def refresh(self, branch_id: str) -> BoardView:
        """Ask the database, and draw again."""
        asked = self._clock()
        async with self._locks[branch_id]:
            view = self._views.get(branch_id)
            if view is not None and asked <= view.at <= self._clock() and not self._is_stale(branch_id, view):
                return view  # somebody else's refresh began after we asked
            board = self._boards.get(branch_id) or Board(branch_id)
            nudged = self._announced.get(branch_id, 0)
            try:
                view = await self._ask(lambda session: board.refresh(session, self._clock()))
            except NotFound:  # whoever guesses names must not fill our memory
                self._locks.pop(branch_id, None)
                raise
            self._boards[branch_id] = board
            if nudged > view.version:  # forged, or of an epoch that is gone: forget it
                self._announced.pop(branch_id, None)
            self._views[branch_id] = view
            return view

    async def ticket(self, branch_id: str, ticket_id: str) -> tuple[BoardView, TicketView | None]:
        """The branch and one ticket of it, however long ago it closed."""
        view = await self.fresh(branch_id)
        if (known := view.by_ticket.get(ticket_id)) is not None:
            return view, known
        board = self._boards[branch_id]
        found: list[TicketView | None] = []

        def look(session: Session) -> BoardView:
            found.append(board.draw_old(session, ticket_id, self._clock()))
            return view

        await self._ask(look)
        return view, found[0]

    def _is_stale(self, branch_id: str, view: BoardView) -> bool:
        if self._announced.get(branch_id, 0) > view.version:
            return True
        return self._is_old(view)

    def _is_old(self, view: BoardView) -> bool:
        """Also when it is of the future: the clock was set back."""
        return abs((self._clock() - view.at).total_seconds()) > STALE_SECONDS
