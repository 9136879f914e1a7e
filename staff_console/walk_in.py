"""A number that staff give to somebody without a phone: what is asked for it, and what they are told."""

from server import words
from server.actions.joining import Joining
from server.actions.serving import NOTE_LENGTH
from server.chance import new_id
from server.live.views import BoardView, TicketView

LENGTHS = {"name": 60, "need": 120, "note": NOTE_LENGTH}
"""How many characters each text may have."""


def asked(
    view: BoardView, language: str, *, service: str, name: str = "", need: str = "", note: str = "",
    priority: str = "", visit_of: str = "",
) -> Joining:  # fmt: skip
    """`visit_of`: the ticket whose visit it belongs to; `language`: in which its holder is spoken to."""
    return Joining(
        ticket_id=new_id(), service=service, channel="agent", language=language, here=True, name=name or None,
        need=need or None, note=note or None, priority=priority or None, promised=view.promise(service),
        visit_of=visit_of or None,
    )  # fmt: skip


def told(view: BoardView, ticket: TicketView | None, language: str) -> str:
    """What staff tell somebody who has just been given a number; "" for nobody."""
    if ticket is None:
        return ""
    service = words.pick(view.service(ticket.service).name, language)
    said = words.say(language, "counter.walk-in-done", number=ticket.number, service=service)
    if ticket.wait is None or not ticket.wait.at_most:
        return said
    wait = words.say(language, "counter.walk-in-wait", likely=ticket.wait.likely, at_most=ticket.wait.at_most)
    return f"{said} {wait}"
