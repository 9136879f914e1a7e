"""A branch on paper: the rules once more, as plainly as they can be written, to hold the real one against."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

UNDO_MS = 60_000
RETURN_BEHIND = 3
POSTPONEMENTS = 2
RECALL_GAP_MS = 15_000
RECALL_LIMIT = 3
HEAD_START_MS = {None: 0, "elderly": 600_000}
TAKEN_BACK = {"call", "start", "finish", "miss", "put back", "park", "unpark", "transfer", "leave", "step away",
              "come back", "remove"}  # fmt: skip
SKIPPED = {"recall", "acknowledge", "ready"}


class No(Exception):
    """The paper says no."""


@dataclass
class Paper:
    """One ticket on paper; `past` holds (move, copy before, when), newest last."""

    number: str
    service: str
    key: tuple[int, int]
    state: str = "waiting"
    counter: str | None = None
    bound: tuple[str, str] | None = None
    ready: bool = False
    recalls: int = 0
    called_at: int = 0
    postponements: int = 0
    returns: int = 0
    past: list[tuple[str, "Paper", int]] = field(default_factory=list)


@dataclass
class Desk:
    """A counter with the agent who stands there all day."""

    agent: str
    services: tuple[str, ...]


class Branch:
    """Everything on paper. `now` in ms."""

    def __init__(self, desks: dict[str, Desk], now: int) -> None:
        self.desks, self.now = desks, now
        self.tickets: list[Paper] = []
        self.step = 0
        self.last_arrival = 0
        self.given: dict[str, int] = {}

    def join(self, service: str, letter: str, priority: str | None) -> Paper:
        self.step += 1
        self.given[service] = self.given.get(service, 0) + 1
        arrival = self._arrival()
        ticket = Paper(f"{letter}{self.given[service]:03d}", service, (arrival - HEAD_START_MS[priority], self.step))
        self.tickets.append(ticket)
        return ticket

    def queue(self, service: str) -> list[Paper]:
        found = [t for t in self.tickets if t.state == "waiting" and t.bound is None and t.service == service]
        return sorted(found, key=lambda t: t.key)

    def current(self, counter: str) -> Paper | None:
        found = [t for t in self.tickets if t.counter == counter and t.state in ("called", "serving")]
        assert len(found) <= 1
        return found[0] if found else None

    def next_for(self, counter: str) -> Paper | None:
        desk = self.desks[counter]
        ready = [t for t in self.tickets if t.state == "parked" and t.ready and t.counter == counter]
        to_me = (("counter", counter), ("agent", desk.agent))
        sent = [t for t in self.tickets if t.state == "waiting" and t.bound in to_me]
        queued = [t for service in desk.services for t in self.queue(service)]
        for group in (ready, sent, queued):
            if group:
                return min(group, key=lambda t: t.key)
        return None

    def call_next(self, counter: str) -> Paper | None:
        if self.current(counter):
            raise No
        ticket = self.next_for(counter)
        if ticket is not None:
            self.move(ticket, "call", state="called", counter=counter, recalls=0, called_at=self.now)
        return ticket

    def call(self, ticket: Paper, counter: str) -> None:
        self.must(not self.current(counter) and ticket.state in ("waiting", "parked"))
        self.must(ticket.state != "parked" or ticket.counter == counter)
        self.move(ticket, "call", state="called", counter=counter, recalls=0, called_at=self.now)

    def recall(self, ticket: Paper, counter: str) -> None:
        self.must(ticket.state == "called" and ticket.counter == counter)
        self.must(ticket.recalls < RECALL_LIMIT and self.now - ticket.called_at >= RECALL_GAP_MS)
        self.move(ticket, "recall", recalls=ticket.recalls + 1, called_at=self.now)

    def at_counter(self, ticket: Paper, here: str, move: str, was: str, **fields: Any) -> None:
        """A simple move of the agent who has the ticket: start, finish, miss, put back, park."""
        self.must(ticket.state == was and ticket.counter == here)
        self.move(ticket, move, **fields)

    def unpark(self, ticket: Paper, counter: str) -> None:
        self.must(ticket.state == "parked" and ticket.counter == counter and not self.current(counter))
        self.move(ticket, "unpark", state="serving", ready=False)

    def transfer(self, ticket: Paper, counter: str, service: str, bound: tuple[str, str] | None, place: str) -> None:
        self.must(ticket.state in ("called", "serving", "parked") and ticket.counter == counter)
        key = ticket.key
        step = self.step + 1
        if place == "end":
            key = (self._arrival(), step)
        elif place == "front":
            line = sorted((t for t in self.tickets if t.state == "waiting" and t.bound == bound), key=lambda t: t.key)
            line = line if bound else self.queue(service)
            if line and line[0].key < ticket.key:
                key = (line[0].key[0] - 1, step)
        self.move(ticket, "transfer", state="waiting", service=service, bound=bound, key=key, counter=None, ready=False)

    def postpone(self, ticket: Paper) -> None:
        self.must(ticket.state in ("waiting", "called") and ticket.postponements < POSTPONEMENTS)
        line = self.queue(ticket.service)
        if ticket.state == "waiting":
            line = [t for t in line if t.key > ticket.key]
            self.must(bool(line))
        self._behind(ticket, "postpone", line, postponements=ticket.postponements + 1)

    def come_again(self, ticket: Paper) -> None:
        self.must(ticket.state == "missed" and ticket.returns < 1)
        self._behind(ticket, "return", self.queue(ticket.service), returns=ticket.returns + 1)

    def simple(self, ticket: Paper, move: str, was: tuple[str, ...], **fields: Any) -> None:
        self.must(ticket.state in was)
        self.move(ticket, move, **fields)

    def by_agent(self, ticket: Paper, label: str, move: str) -> None:
        match move:
            case "recall":
                self.recall(ticket, label)
            case "unpark":
                self.unpark(ticket, label)
            case "start":
                self.at_counter(ticket, label, move, "called", state="serving", ready=False)
            case "finish":
                self.at_counter(ticket, label, move, "serving", state="served")
            case "miss":
                self.at_counter(ticket, label, move, "called", state="missed", ready=False)
            case "put back":
                self.at_counter(ticket, label, move, "called", state="waiting", counter=None, ready=False)
            case "park":
                self.at_counter(ticket, label, move, "serving", state="parked", ready=False)

    def by_customer(self, ticket: Paper, move: str) -> None:
        match move:
            case "postpone":
                self.postpone(ticket)
            case "return":
                self.come_again(ticket)
            case "step away":
                self.simple(ticket, move, ("waiting",), state="away")
            case "come back":
                self.simple(ticket, move, ("away",), state="waiting")
            case "acknowledge":
                self.simple(ticket, move, ("called",))
            case "ready":
                self.simple(ticket, move, ("parked",), ready=True)
            case "leave":
                self.simple(ticket, move, ("expected", "waiting", "away", "called", "parked", "missed"), state="left")

    def undo(self, ticket: Paper) -> None:
        back = len(ticket.past)
        while back and ticket.past[back - 1][0] in SKIPPED:
            back -= 1
        self.must(bool(back) and ticket.past[back - 1][0] in TAKEN_BACK)
        _, before, when = ticket.past[back - 1]
        self.must(self.now <= when + UNDO_MS)
        if before.state in ("called", "serving") and ticket.state not in ("called", "serving"):
            self.must(before.counter is not None and not self.current(before.counter))
        self.step += 1
        past = [*ticket.past, ("undo", copy(ticket), self.now)]
        ticket.__dict__.update(copy(before).__dict__)
        ticket.past = past

    def move(self, ticket: Paper, name: str, **fields: Any) -> None:
        self.step += 1
        ticket.past = [*ticket.past, (name, copy(ticket), self.now)]
        for field_name, value in fields.items():
            setattr(ticket, field_name, value)

    def must(self, true: bool) -> None:
        if not true:
            raise No

    def _behind(self, ticket: Paper, move: str, line: list[Paper], **fields: Any) -> None:
        key = ticket.key
        if line:
            key = max(key, (line[min(RETURN_BEHIND, len(line)) - 1].key[0], self.step + 1))
        self.move(ticket, move, state="waiting", counter=None, ready=False, key=key, **fields)

    def _arrival(self) -> int:
        self.last_arrival = max(self.last_arrival + 1, self.now)
        return self.last_arrival
