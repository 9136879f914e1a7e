"""A bank, a clinic and a public office: who comes when and for what, how patient they are, and who serves them.

Times are minutes after the first opening of the day. The numbers are made up, of the size that such places know: a
morning rush, a second one after noon, counters that are busy for nine tenths of their time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time


@dataclass(frozen=True, slots=True)
class Flow:
    """People who come without an appointment, evenly at random between two minutes."""

    begins: float
    ends: float
    per_hour: float

    @property
    def expected(self) -> float:
        """How many come, in the mean."""
        return self.per_hour * (self.ends - self.begins) / 60


@dataclass(frozen=True, slots=True)
class Wish:
    """One service: of 100 people who come, `share` want it, and `booked` more have an appointment in each hour."""

    share: float
    booked: float = 0.0
    then: Mapping[str, float] = field(default_factory=dict)  # where they are sent afterwards, and how often


@dataclass(frozen=True, slots=True)
class Post:
    """An agent at a counter; `services` None: all that the counter can do."""

    counter: str
    services: tuple[str, ...] | None = None
    begins: float = 0.0
    ends: float | None = None  # None: when the last customer has gone
    pauses: tuple[tuple[float, float], ...] = ()  # (begins, minutes)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of branch. `example`: its branch file; `more`: counters it has besides; `free`: the one left to people."""

    name: str
    example: str
    opens: str
    closes: float
    crowd: float  # people before the door when it opens, in the mean
    flows: tuple[Flow, ...]
    wishes: Mapping[str, Wish]
    priorities: Mapping[str, float]  # class → share of people
    posts: tuple[Post, ...]
    free: str
    more: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_afar: float = 0.0  # share who join before they set out
    patience: float = 75.0  # minutes, mean
    no_show: float = 0.05  # share who miss their call
    strolls: float = 0.12  # share who step away
    forms: float = 0.04  # share who are sent to fill in a form
    misjudged: float = 0.3  # standard deviation of ln(true mean / configured duration)

    def clock(self, minute: float) -> str:
        """What the clock on the wall says then."""
        opened = time.fromisoformat(self.opens)
        hours, minutes = divmod(opened.hour * 60 + opened.minute + int(minute), 60)
        return f"{hours % 24:02}:{minutes:02}"


BANK = Kind(
    name="bank", example="harbour.toml", opens="08:00", closes=480, crowd=5,
    flows=(Flow(0, 90, 30), Flow(90, 210, 24), Flow(210, 300, 30), Flow(300, 420, 22), Flow(420, 480, 14)),
    wishes={
        "cash": Wish(50, then={"cards": 0.04}),
        "cards": Wish(20),
        "transfers": Wish(15, then={"cash": 0.06}),
        "new-account": Wish(10, then={"cards": 0.25}),
        "business": Wish(5),
    },
    priorities={"elderly": 0.08, "disability": 0.02, "pregnancy": 0.03, "premier": 0.05},
    posts=(
        Post("1", pauses=((180, 30),)),
        Post("2", pauses=((215, 30),)),
        Post("3", pauses=((120, 12), (250, 30))),
        Post("4", pauses=((285, 30),)),
        Post("5", begins=30, ends=390, pauses=((195, 25),)),
    ),
    more={"5": ("cash", "cards")}, free="6",
)  # fmt: skip

CLINIC = Kind(
    name="clinic", example="lighthouse-clinic.toml", opens="07:30", closes=480, crowd=10,
    flows=(Flow(0, 60, 30), Flow(60, 240, 20), Flow(240, 420, 12), Flow(420, 450, 4)),
    wishes={
        "records": Wish(30, then={"general": 0.7, "eye": 0.2}),
        "general": Wish(34, then={"laboratory": 0.25, "pharmacy": 0.5}),
        "antenatal": Wish(18, booked=1.2, then={"laboratory": 0.2, "pharmacy": 0.2}),
        "eye": Wish(8, booked=0.8, then={"pharmacy": 0.3}),
        "laboratory": Wish(6),
        "pharmacy": Wish(4),
    },
    priorities={"urgent": 0.03, "elderly": 0.12, "disability": 0.03, "pregnancy": 0.08},
    posts=(
        Post("1", pauses=((200, 30),)),
        Post("2", pauses=((225, 35),)),
        Post("3", begins=20, pauses=((260, 35),)),
        Post("4", pauses=((150, 15), (300, 30))),
        Post("5", services=("antenatal",), ends=420, pauses=((240, 30),)),
        Post("6", begins=15, pauses=((270, 30),)),
        Post("7", pauses=((235, 25),)),
        Post("8", pauses=((265, 25),)),
    ),
    free="9", patience=120, no_show=0.07, strolls=0.18, forms=0.02,
)  # fmt: skip

OFFICE = Kind(
    name="office", example="medina-services.toml", opens="08:00", closes=540, crowd=10,
    flows=(Flow(0, 60, 46), Flow(60, 180, 34), Flow(180, 300, 26),
           Flow(360, 420, 40), Flow(420, 510, 26), Flow(510, 540, 12)),
    wishes={
        "civil-status": Wish(35, then={"certified-copies": 0.12}),
        "identity": Wish(19, booked=1.0),
        "justice": Wish(15),
        "certified-copies": Wish(26),
        "business-tax": Wish(5, booked=0.7),
    },
    priorities={"elderly": 0.1, "disability": 0.03, "pregnancy": 0.05},
    posts=(
        Post("1", pauses=((300, 60),)),
        Post("2", pauses=((120, 15), (300, 60))),
        Post("3", pauses=((300, 60),)),
        Post("4", pauses=((300, 60),)),
        Post("5", pauses=((150, 15), (300, 60), (450, 10))),
        Post("6", begins=10, pauses=((300, 60),)),
    ),
    free="7", from_afar=0.08, forms=0.06,
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (BANK, CLINIC, OFFICE)}
