"""One of a branch's languages, as the lobby writes it: the lobby shows them in turn, so each text exists in each."""

import json
from dataclasses import dataclass
from datetime import datetime

from server import words
from server.live.views import BoardView, CallView, ServiceView, Words

SHORT_LABEL = 3  # characters


@dataclass(frozen=True, slots=True)
class Tongue:
    """Words, times and waits in `language`, on the wall of `zone`, at `now`; `fallback` for the branch's own texts."""

    language: str
    fallback: str
    zone: str
    now: datetime

    @property
    def direction(self) -> str:
        return words.direction(self.language)

    def t(self, slug: str, **params: object) -> str:
        return words.say(self.language, slug, **params)

    def named(self, names: Words) -> str:
        return words.pick(names, self.language, self.fallback)

    def clock(self, at: datetime) -> str:
        return words.clock(at, self.language, self.zone)

    def opens(self, at: datetime | None) -> str:
        return words.opens(at, self.now, self.language, self.zone) or self.t("lobby.closed")

    def wait(self, service: ServiceView) -> str:
        """What somebody joining now should know: the wait, or when it is worth coming."""
        if not service.open:
            return self.opens(service.opens_at)
        return self.t("lobby.full") if service.full else words.wait_range(service.wait, self.language)

    def aloud(self, call: CallView) -> str:
        """A call as it is spoken: the commas make every voice say the number digit by digit."""
        number = ", ".join(call.letter + call.digits)
        slug = "lobby.spoken-place" if speaks_for_itself(call.counter) else "lobby.spoken"
        return self.t(slug, number=number, counter=call.counter)


def speaks_for_itself(label: str) -> bool:
    """Whether a counter's label needs no "Counter" before it: "Room 4" does not, "3" and "12B" do."""
    return len(label) > SHORT_LABEL and not label.isdecimal()


def tongues(board: BoardView, language: str) -> tuple[Tongue, ...]:
    """The branch's languages that have a catalogue, beginning with `language`."""
    branch = board.branch
    spoken = [known for known in branch.languages if known in words.LANGUAGES and known != language]
    return tuple(Tongue(each, branch.languages[0], branch.time_zone, board.at) for each in [language, *spoken])


def spoken(call: CallView, languages: tuple[Tongue, ...]) -> str:
    """What the screen says for `call`, as JSON: [["en", "A, 0, 4, 2. Counter 3, please."], …]."""
    return json.dumps([[tongue.language, tongue.aloud(call)] for tongue in languages], ensure_ascii=False)
