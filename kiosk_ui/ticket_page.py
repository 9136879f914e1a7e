"""What a phone shows of one ticket: its story from the diary, its place from the board; no storage, no words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from markupsafe import Markup

from server.domain.forecast import Reason, Wait
from server.domain.moves import State
from server.live.views import BoardView, BranchView, ServiceView
from server.queries.stories import Story

LOW = 3  # a score up to here is asked what was not good first


@dataclass(frozen=True, slots=True)
class Keep:
    """What opens the ticket in another browser: a link with its secret as a QR, and the code to type."""

    qr: Markup
    code: str


@dataclass(frozen=True, slots=True)
class TicketPage:
    """Everything its templates draw from.

    `face`: which of templates/phone/states it wears. `wait`: None while no counter is open. `why`: for which reason it
    rose. `then`: the wait after a return. `others`: services that may be chosen instead. `kept`: of ten waits told this
    month, those that came true.
    """

    ticket: Story
    branch: BranchView
    face: str
    ahead: int
    near: bool
    wait: Wait | None
    then: Wait | None
    now_serving: tuple[str, ...]
    others: tuple[ServiceView, ...]
    keep: Keep | None = None
    kept: int | None = None
    why: Reason | None = None

    @property
    def address(self) -> str:
        return f"/t/{self.ticket.id}"

    @property
    def ends_in(self) -> int:
        """Seconds in which the agent may still take back how it ended."""
        if self.ticket.is_open or self.ticket.closed_at is None:
            return 0
        until = self.ticket.closed_at + timedelta(seconds=self.branch.undo_seconds)
        return max(ceil((until - self.ticket.at).total_seconds()), 0)

    @property
    def may_change(self) -> bool:
        return bool(self.others)

    @property
    def asks_what_was_not(self) -> bool:
        return self.ticket.rating is not None and self.ticket.rating.score <= LOW

    def in_minutes(self, minutes: int) -> datetime:
        return self.ticket.at + timedelta(minutes=minutes)


def ticket_page(
    story: Story, board: BoardView, *, face: str | None = None, keep: Keep | None = None, kept: int | None = None
) -> TicketPage:
    """`face`: one that was asked for ("change", "keep", "rate"), else the one of its state."""
    view = board.by_ticket.get(story.id)
    in_step = view is not None and view.state == story.state  # else the board is a moment behind the diary
    service = next((service for service in board.services if service.id == story.service_id), None)
    ahead = view.ahead if view and in_step and view.ahead is not None else story.ahead
    return TicketPage(
        ticket=story,
        branch=board.branch,
        face=face or face_of(story),
        ahead=ahead or 0,
        near=bool(view and in_step and view.near),
        wait=view.wait if view and in_step else None,
        why=view.why if view and in_step else None,
        then=_after_return(board, service) if service and story.may_return else None,
        now_serving=service.now_serving if service else (),
        others=_others(story, board),
        keep=keep,
        kept=kept,
    )


def face_of(story: Story) -> str:
    if story.state == State.SERVED:
        return "rate" if story.may_rate and story.rating is None else "thanks"
    return str(story.state) if story.is_open else "ended"


def _others(story: Story, board: BoardView) -> tuple[ServiceView, ...]:
    if story.state not in (State.WAITING, State.EXPECTED) or story.at > story.change_until:
        return ()
    return tuple(s for s in board.services if s.id != story.service_id and s.open)


def _after_return(board: BoardView, service: ServiceView) -> Wait | None:
    """The wait of the place behind the next k: that of who stands there now, else a newcomer's."""
    queue = [t for t in board.tickets if t.service == service.id and t.state == State.WAITING]
    behind = board.branch.return_behind
    return queue[behind].wait if len(queue) > behind else service.wait
