"""One branch as it is now, in memory: refreshed by "what changed since version v?"."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from server import observe
from server.domain.branch import Branch, Counter, Outcome, Priority, Service
from server.domain.forecast import Calm, Closed, Forecaster, Standing, Told
from server.domain.honesty import turn_at
from server.domain.moves import HARMLESS, TicketEvent
from server.domain.people import Duty
from server.domain.ticket import Ticket
from server.live import earlier
from server.live.asking import minutes
from server.live.coalesced import Coalesced
from server.live.drawing import draw
from server.live.learning import Learner
from server.live.old import OldTicket, OldTickets
from server.live.today import Today
from server.live.views import BoardView, TicketView
from server.queries import branches, calls, honesty, people, tickets
from server.queries.branches import Marks
from server.queries.calls import CALLS, Called

KEEP_CLOSED = timedelta(hours=1)  # phones still show their rating; older ones are asked of the database
KEEP_CALLS = 100
KEEP_LINES = 300  # diary lines: more than a branch writes while a move can be undone
A_FEW_LINES = 30  # as many as a branch mostly writes in that time
STALE_SECONDS = 10.0  # a board is never trusted for longer without asking
# How old a drawing may be that a wait is promised from: the first for each branch looked at, so that crowds that join
# cost ten drawings a second at the most; the second in all.
PROMISE_SECONDS, OLDEST_PROMISE = 0.1, 5.0
UNKNOWN = 2**63  # newer than any version: look, whatever it is

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
    calls: list[Called] = field(default_factory=list)  # newest first
    lines: dict[str, TicketEvent] = field(default_factory=dict)  # ticket id → its newest line that an undo looks at
    earlier: dict[str, Ticket] = field(default_factory=dict)  # ticket id → closed longer ago, of a visit that goes on
    drawn: dict[str, TicketView] = field(default_factory=dict)  # ticket id → the view of its row as it is
    standing: dict[str, Standing] = field(default_factory=dict)  # the same, as the forecast sees it
    calm: Calm = field(default_factory=Calm)
    known: set[str] = field(default_factory=set)  # ids of those it remembers
    samples: dict[str, Told] = field(default_factory=dict)  # what was noted last, when the board was made
    closed: list[Closed] = field(default_factory=list)  # counters that were left of late
    today: Today = field(default_factory=Today)
    epoch: int = 1
    version: int = -1

    def keep(self, ticket: Ticket) -> None:
        """The row as it is now; what was drawn of it before is not true any more."""
        self.tickets[ticket.id] = ticket
        self.drawn.pop(ticket.id, None)
        self.standing.pop(ticket.id, None)


class Board:
    """The newest view of one branch. Not thread-safe: one refresh at a time."""

    def __init__(self, branch_id: str, forecaster: Callable[[], Forecaster] = Forecaster) -> None:
        self._branch_id = branch_id
        self._rows: Rows | None = None
        self._new_learner = partial(Learner, branch_id, forecaster)
        self.learner = self._new_learner()

    def refresh(self, session: Session, now: datetime) -> BoardView:
        """Read what changed since the version known, and draw the branch as it is at `now`."""
        marks = branches.marks(session, self._branch_id)
        rows, self._rows = self._rows, None  # a reading that fails half-way is begun anew, never trusted
        if rows is None or marks.epoch != rows.epoch or marks.version < rows.version:  # restored behind our back
            rows = Rows(branches.branch(session, self._branch_id), epoch=marks.epoch)
            self.learner = self._new_learner()
        if marks.version > rows.version:
            self._read(session, rows, marks, now)
        self._learn(session, rows, now)
        session.expunge_all()
        self._rows = rows
        return draw(rows, self.learner.forecaster, now)

    def draw_old(self, session: Session, ticket_id: str, now: datetime) -> TicketView | None:
        """A ticket that the view no longer holds."""
        ticket = session.get(Ticket, ticket_id)
        if ticket is None or ticket.branch_id != self._branch_id:
            return None
        # Rows of its own: a refresh may be under way in another thread.
        branch, counters = branches.branch(session, ticket.branch_id), branches.counters(session, ticket.branch_id)
        services = branches.services(session, ticket.branch_id)
        rows = Rows(
            branch, counters=counters, services=services, tickets={ticket.id: ticket}, version=branch.version,
            epoch=people.epoch(session),
        )  # fmt: skip
        # Nobody asks how long it will wait, and what was learned is being told more meanwhile.
        return draw(rows, Forecaster(), now).by_ticket[ticket_id]

    def _read(self, session: Session, rows: Rows, marks: Marks, now: datetime) -> None:
        branch_id, known, first = self._branch_id, rows.version, rows.version < 0
        if first or marks.arranged > known:
            rows.branch = branches.branch(session, branch_id)
            rows.services, rows.outcomes = branches.services(session, branch_id), branches.outcomes(session, branch_id)
            rows.priorities, rows.counters = (
                branches.priorities(session, branch_id),
                branches.counters(session, branch_id),
            )
            rows.drawn, rows.names = {}, {}  # a counter may have another label now, a person another name
            rows.standing = {}  # a class another head start
        if first or max(marks.arranged, marks.staffed) > known:
            rows.duties = branches.open_duties(session, branch_id)
            rows.closed = [
                Closed(minutes(at), frozenset(services)) for at, services in branches.left_last(session, branch_id)
            ]
            rows.names |= {
                duty.staff_id: branches.staff_name(session, duty.staff_id)
                for duty in rows.duties
                if duty.staff_id not in rows.names
            }
        if first:
            rows.samples = _samples(session, branch_id, now)
            found = tickets.open_tickets(session, branch_id)
            found += tickets.closed_since(session, branch_id, now - KEEP_CLOSED)
        else:
            found = tickets.changed_since(session, branch_id, known)
        visits, oldest = earlier.to_be_read(rows, found), now - KEEP_CLOSED
        for ticket in found:
            rows.keep(ticket)
        # A call outlives its ticket here: it must not go back to how the ticket was then.
        rows.calls = [call.now(rows.tickets.get(call.ticket)) for call in rows.calls]
        rows.earlier = earlier.kept(session, rows, visits, oldest)
        rows.tickets = {id: t for id, t in rows.tickets.items() if t.closed_at is None or t.closed_at >= oldest}
        rows.today.read(session, branch_id, rows.branch.day_at(now), found)
        undo_until = now - timedelta(seconds=rows.branch.undo_seconds)
        self._read_diary(session, rows, found, undo_until)
        rows.lines = {id: line for id, line in rows.lines.items() if line.at >= undo_until}
        rows.version = marks.version

    def _read_diary(self, session: Session, rows: Rows, found: list[Ticket], undo_until: datetime) -> None:
        """Calls, and what could be undone. Whose line is new, has changed: their tickets are among those `found`."""
        known = rows.version
        if known >= 0 and not any(ticket.called_at or ticket.moved > ticket.place_version for ticket in found):
            return  # nothing of either comes with somebody who only joined
        lines = tickets.moves_since(session, self._branch_id, known, KEEP_LINES) if known >= 0 else []
        if known < 0 or len(lines) == KEEP_LINES:
            called = calls.since(session, self._branch_id, known, KEEP_CALLS)
            undoable = tickets.lines_since(session, self._branch_id, known, A_FEW_LINES)
            if len(undoable) == A_FEW_LINES and undoable[0].at >= undo_until:
                undoable = tickets.lines_since(session, self._branch_id, known, KEEP_LINES)
        else:
            by_id = {ticket.id: ticket for ticket in found}
            called = [Called.by(line, by_id[line.ticket_id]) for line in lines if line.move in CALLS]
            undoable = [line for line in reversed(lines) if line.move not in HARMLESS]
        rows.calls = (called + rows.calls)[:KEEP_CALLS]
        rows.lines |= {line.ticket_id: line for line in undoable}

    def _learn(self, session: Session, rows: Rows, now: datetime) -> None:
        services = [service.id for service in rows.services]
        head_starts = {priority.id: float(priority.head_start) for priority in rows.priorities}
        self.learner.learn(session, now, timedelta(seconds=rows.branch.undo_seconds), services, head_starts)


def _samples(session: Session, branch_id: str, now: datetime) -> dict[str, Told]:
    return {
        id: Told(minutes(at), minutes(at) + likely, minutes(at) + at_most)
        for id, at, likely, at_most in honesty.shown_last(session, branch_id, turn_at(now))
    }


class Boards:
    """The boards of all branches that somebody looks at; refreshed at most once at a time each.

    `alone`: no other process acts on these branches, so whatever has moved is announced here before it is answered.
    """

    def __init__(self, ask: Ask[Any], clock: Callable[[], datetime], *, alone: bool = True) -> None:
        self._ask, self._clock, self._alone = ask, clock, alone
        self._boards: dict[str, Board] = {}
        self._views: dict[str, BoardView] = {}
        self._claimed: dict[str, int] = {}  # the newest version somebody spoke of since the last refresh began
        self._answering: dict[str, int] = {}  # the same, of before the refresh under way: its end settles it
        self._refreshed = Coalesced(self._read)
        self._stand = Coalesced(self._ask_stand)
        self._old = OldTickets(ask)

    def announced(self, branch_id: str, version: int) -> None:
        """A nudge: the branch may have moved on to `version`. Whatever it claims, it costs one look."""
        if branch_id in self._views or branch_id in self._answering:  # made-up names must not fill our memory
            self._claimed[branch_id] = max(version, self._claimed.get(branch_id, 0))

    def doubt(self) -> None:
        """Nudges may have been lost: look at every branch again."""
        for branch_id in self._views:
            self.announced(branch_id, UNKNOWN)

    def last(self, branch_id: str) -> BoardView | None:
        """The view drawn last, however old."""
        return self._views.get(branch_id)

    def at_hand(self, branch_id: str) -> BoardView | None:
        """What `fresh` answers, where it need not ask."""
        view = self._views.get(branch_id)
        return None if view is None or not self._alone or self._is_stale(branch_id, view) else view

    async def fresh(self, branch_id: str) -> BoardView:
        """The branch as it is: at least as new as every action that was answered before, by whichever process."""
        if (known := self.at_hand(branch_id)) is not None:
            return known
        view = self._views.get(branch_id)
        if view is None or self._is_stale(branch_id, view):
            return await self.refresh(branch_id)
        stand = await self._stand(branch_id)
        view = self._views[branch_id]
        return view if stand == (view.epoch, view.version) else await self.refresh(branch_id)

    async def recent(self, branch_id: str) -> BoardView:
        """The branch as it is or was a moment ago: the more branches there are, the longer."""
        view, moment = self._views.get(branch_id), min(len(self._views) * PROMISE_SECONDS, OLDEST_PROMISE)
        if view is not None and abs((self._clock() - view.at).total_seconds()) < moment:
            return view
        return await self.fresh(branch_id)

    async def refresh(self, branch_id: str) -> BoardView:
        """Ask the database, and draw again."""
        return await self._refreshed(branch_id)

    async def framed(self, branch_id: str, ticket_id: str) -> tuple[BoardView, TicketView | OldTicket | None]:
        """The branch, and what a frame needs of one ticket; of many that closed long ago it asks together, and once."""
        view = await self.fresh(branch_id)
        known = view.by_ticket.get(ticket_id) or await self._old.of(view, ticket_id)
        return (view, known) if known else await self.ticket(branch_id, ticket_id)

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

    def learners(self) -> list[Learner]:
        """Of all branches that somebody has looked at."""
        return [board.learner for board in self._boards.values()]

    async def _read(self, branch_id: str) -> BoardView:
        board = self._boards.get(branch_id) or Board(branch_id)
        self._answering[branch_id], begun = self._claimed.pop(branch_id, 0), perf_counter()
        try:
            view: BoardView = await self._ask(lambda session: board.refresh(session, self._clock()))
        except BaseException:
            claimed = max(self._answering.pop(branch_id), self._claimed.pop(branch_id, 0))
            self.announced(branch_id, claimed)  # still to be looked at
            raise
        observe.board_refreshed(perf_counter() - begun)
        del self._answering[branch_id]
        self._boards[branch_id], self._views[branch_id] = board, view
        return view

    async def _ask_stand(self, branch_id: str) -> tuple[int, int]:
        stand: tuple[int, int] = await self._ask(partial(branches.stand, branch_id=branch_id))
        return stand

    def _is_stale(self, branch_id: str, view: BoardView) -> bool:
        claimed = max(self._claimed.get(branch_id, 0), self._answering.get(branch_id, 0))
        return claimed > view.version or self._is_old(view)

    def _is_old(self, view: BoardView) -> bool:
        """Also when it is of the future: the clock was set back."""
        now = self._clock()
        return abs((now - view.at).total_seconds()) > STALE_SECONDS or view.is_over(now)
