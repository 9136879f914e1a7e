"""Three branches on one real server, with somebody in every state: what a sweep through all screens looks at."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.hands import Cookie, Hands, Slip
from tests.running import Running, always_open, running
from tests.world import harbour

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PASSPORT, RENEWALS = "new-passport", "renewals"


@dataclass
class Town:
    """Harbour Branch, busy; Pier Branch, which speaks French first; Quay Branch, which is closed."""

    harbour: Hands
    pier: Hands
    quay: Hands
    slips: dict[str, Slip] = field(default_factory=dict)
    cookies: dict[str, Cookie] = field(default_factory=dict)
    """Sessions and screens by name: a link opens once."""

    @property
    def base(self) -> str:
        return self.harbour.base

    def phone(self, name: str) -> list[Cookie]:
        """The browser of whoever holds that slip."""
        return [self.harbour.holds(self.slips[name])]

    def at(self, name: str, page: str = "") -> str:
        return self.slips[name].address + page

    def counter(self, label: str, query: str = "") -> str:
        return f"/counters/{self.harbour.counter(label)}{query}"


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    pier = always_open(harbour(id="pier", remote_joining="expected"))
    pier = pier.replace('"Harbour Branch"', '"Pier Branch"').replace('["en", "fr"]', '["fr", "en"]')
    with running(None, folder, [pier, _closed()], recall_gap=0) as server:
        harbours, piers, quays = (Hands(server.base, made) for made in (server.made, *server.others))
        there = Town(harbours, piers, quays)
        try:
            _lets_people_in(there)
            _gives_lola_another_branch(there, harbours.begins(_first_link(server)))
            _at_the_harbour(there)
            _at_the_pier(there)
            yield there
        finally:
            for branch in (there.harbour, there.pier, there.quay):
                branch.close()


def _gives_lola_another_branch(town: Town, owner: Cookie) -> None:
    """The pier's own Lola makes room for the name."""
    town.cookies["Owner"] = owner
    town.pier.arranges(owner, f"/people/{town.pier.person('Lola')}", name="Lola Pier", role="agent")
    town.harbour.arranges(owner, f"/people/{town.harbour.person('Lola')}/roles", branch="pier", role="agent")


def _first_link(server: Running) -> str:
    """What the first start printed: whoever opens it is the admin of all branches."""
    found = re.search(r"/staff/enter#\S+", (server.folder / "server.log").read_text())
    assert found
    return found[0]


def _closed() -> str:
    """Open on one day of the week, which is neither today nor near."""
    day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    head, _, rest = harbour(id="quay").replace('"Harbour Branch"', '"Quay Branch"').partition("[branch.hours]")
    return f'{head}[branch.hours]\n{day} = ["08:00-16:00"]\n[[services]]{rest.partition("[[services]]")[2]}'


def _lets_people_in(town: Town) -> None:
    for name in ("Mira", "Ken", "Lola"):
        town.cookies[name] = town.harbour.signs_in(name)
    for name in ("Door", "Wall"):
        town.cookies[name] = town.harbour.pairs(name)
        town.cookies[f"{name} of the pier"] = town.pier.pairs(name)
        town.cookies[f"{name} of the quay"] = town.quay.pairs(name)


def _at_the_harbour(town: Town) -> None:
    """Ken is free at 1 with people parked and missed, Lola has called at 2, Mira serves at 3; five wait."""
    hands, slips = town.harbour, town.slips
    for name, label in (("Ken", "1"), ("Lola", "2"), ("Mira", "3")):
        hands.takes(name, label)
    slips["over"] = _visit(hands, "Ken", "served")
    slips["rated"] = _visit(hands, "Ken", "served")
    hands.does(slips["rated"], "PUT", "rating", score=2, good=["place"], **{"not": ["prompt"]}, comment="A long wait.")
    slips["parked"] = _visit(hands, "Ken", "parked")
    slips["missed"] = _visit(hands, "Ken", "missed")
    slips["called"] = hands.joins(PASSPORT, name="Ngozi", need="Wheelchair access")
    hands.calls("Lola", "2")
    slips["serving"] = hands.joins(PASSPORT, name="Ada", need="Wheelchair access", priority="business")
    hands.serves("Mira", hands.calls("Mira", "3"), "POST", "service")
    slips["nearly"] = hands.joins(PASSPORT, priority="elderly")
    slips["away"] = hands.joins(PASSPORT)
    hands.does(slips["away"], "POST", "absence")
    slips["left"] = hands.joins(PASSPORT)
    hands.does(slips["left"], "DELETE")
    for _ in range(4):
        hands.joins(PASSPORT, priority="elderly")
    slips["waiting"] = hands.joins(PASSPORT)
    slips["other"] = hands.joins(RENEWALS)


def _at_the_pier(town: Town) -> None:
    """One is expected from afar, one has been called: its lobby shows a call, its kiosk waits in French."""
    town.slips["expected"] = town.pier.joins(PASSPORT, presence=None)
    town.pier.joins(PASSPORT)
    town.pier.takes("Ken", "1")
    town.pier.calls("Ken", "1")


def _visit(hands: Hands, name: str, end: str) -> Slip:
    """Somebody comes to `name` at counter 1, up to this state."""
    slip = hands.joins(PASSPORT)
    ticket = hands.calls(name, "1")
    if end == "missed":
        hands.serves(name, ticket, "POST", "miss")
        return slip
    hands.serves(name, ticket, "POST", "service")
    moves: dict[str, dict[str, Any]] = {
        "parked": {"method": "POST", "move": "parking"},
        "served": {"method": "PUT", "move": "outcome", "outcome": "resolved"},
    }
    hands.serves(name, ticket, **moves[end])
    return slip
