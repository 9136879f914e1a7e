"""The branch file that a kind lives in: its example, with counters and agents of the demo's own beside the people's."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from server.branch_file import BranchFile, CounterSection, PersonSection, read
from server.demo.kinds import Kind

EXAMPLES = Path(__file__).parent / "examples"
OURS = "Demo "  # and the label of their counter
TO_REACT = 2  # minutes that a person has at least to come back or arrive, however fast the demo goes


def staged(kind: Kind) -> BranchFile:
    """The example with `kind.more` counters, one more for people that can do everything, and an agent for each post.

    The agents are the demo's own: the people of the example are left to whoever opens their links.
    """
    file = read(EXAMPLES / kind.example)
    counters = [CounterSection(label=label, services=services) for label, services in kind.more.items()]
    agents = [PersonSection(name=agent_name(post.counter), role="agent") for post in kind.posts]
    booked = kind.from_afar or any(wish.booked for wish in kind.wishes.values())
    branch = file.branch.model_copy(update={"remote_joining": "expected"} if booked else {})
    return file.model_copy(
        update={
            "branch": branch,
            "counters": (*file.counters, *counters, CounterSection(label=kind.free)),
            "people": (*file.people, *agents),
        }
    )


def hurried(file: BranchFile, speed: float) -> BranchFile:
    """The same branch at any hour, its minutes divided by `speed`: a rule of 30 minutes is one of 2 at speed 15."""

    def less(minutes: int, least: int) -> int:
        return min(minutes, max(least, round(minutes / speed)))

    rules = {rule: less(getattr(file.branch, rule), TO_REACT) for rule in ("return_grace", "away_limit", "arrive_by")}
    rules |= {"recall_gap": less(file.branch.recall_gap, 0), "miss_after": 0}  # people here look around first
    services = [
        service.model_copy(
            update={"target_wait": less(service.target_wait, 1), "typical_service": less(service.typical_service, 1)}
        )
        for service in file.services
    ]
    branch = file.branch.model_copy(update=rules)
    return file.model_copy(update={"branch": branch, "services": tuple(services)}).always_open()


def opening(kind: Kind, file: BranchFile, day: date) -> datetime:
    """Minute 0 of the plan, by the branch's own clock."""
    return datetime.combine(day, time.fromisoformat(kind.opens), ZoneInfo(file.branch.time_zone))


def agent_name(counter: str) -> str:
    return OURS + counter


def is_ours(name: str) -> bool:
    """Whether this is one of the demo's own agents."""
    return name.startswith(OURS)


def counter_of(name: str) -> str:
    """The inverse of `agent_name`."""
    return name.removeprefix(OURS)
