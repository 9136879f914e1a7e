"""What a report is asked for: days, and what they are narrowed to, as the address says it and the form shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from server.domain.errors import Invalid
from server.domain.reports.facts import EVERYTHING, Only
from staff_console.reports import narrowing, period
from staff_console.reports.narrowing import Choice
from staff_console.reports.period import Period


@dataclass(frozen=True, slots=True)
class Asked:
    """`typed` as it was sent; `problems` by field. `chosen` is None while the days make no sense; `only` leaves out
    what there is not, so that everything else stays as it was chosen."""

    today: date
    typed: Mapping[str, str]
    choices: Mapping[str, Sequence[Choice]]
    chosen: Period | None
    only: Only
    problems: Mapping[str, str]

    def value(self, name: str) -> str:
        """Of the field "from" or "to"."""
        if self.chosen is None:
            return self.typed.get(name, "")[:40]
        return (self.chosen.first if name == "from" else self.chosen.last).isoformat()

    @property
    def usual(self) -> Mapping[str, Period]:
        return period.usual(self.today)

    def query(self, days: Period) -> str:
        """These days, narrowed as now."""
        return _query(days, self.only)

    def everything(self, days: Period) -> str:
        return _query(days, EVERYTHING)

    def days(self) -> Period:
        """Invalid while anything is wrong."""
        if self.problems or self.chosen is None:
            raise Invalid("invalid-input", dict(self.problems))
        return self.chosen


def asked(query: Mapping[str, str], today: date, choices: Mapping[str, Sequence[Choice]]) -> Asked:
    """Everything that is wrong is said at once."""
    only, problems = narrowing.chosen(query, choices)
    try:
        return Asked(today, query, choices, period.chosen(query, today), only, problems)
    except Invalid as refused:
        return Asked(today, query, choices, None, only, {**refused.fields, **problems})


def _query(days: Period, only: Only) -> str:
    return "?" + urlencode({"from": days.first, "to": days.last, **only.wanted})
