"""One opening of a day, "08:00-12:30": read, checked and written in one way."""

import re
from itertools import pairwise

DAY = 24 * 60  # minutes
SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


def canonical(opening: str) -> str:
    """ "8:00 - 12:30" as "08:00-12:30"; past midnight both "22:00-26:00" and "22:00-02:00" become the latter.

    ValueError, with the end of a sentence, for what is no opening.
    """
    start, end = span(opening)
    return f"{_clock(start)}-{_clock(end if end <= DAY else end - DAY)}"


def span(opening: str) -> tuple[int, int]:
    """Start and end in minutes after the day's midnight; the end is past 1440 when it is on the next day."""
    found = SPAN.fullmatch(opening.strip())
    if not found:
        raise ValueError(f'has openings such as "08:00-12:30", and "{opening}" is none')
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start is None or end is None or start >= DAY:
        raise ValueError(f'has openings such as "08:00-12:30", and "{opening}" names a time that no clock shows')
    if end < start:
        end += DAY
    if end == start:
        raise ValueError(f'has an opening "{opening}" that ends when it begins; write "00:00-24:00" for a whole day')
    if end - start > DAY:
        raise ValueError(f'has an opening "{opening}" that is longer than a day')
    return start, end


def overlap(openings: tuple[str, ...], next_day: tuple[str, ...] = ()) -> str | None:
    """The first opening that begins before the one before it has ended; of the next day's, only that day's first."""
    spans = [(span(opening), opening) for opening in openings]
    spans += [((start + DAY, end + DAY), o) for o in next_day for start, end in (span(o),)]
    spans.sort()
    for (before, _), (after, opening) in pairwise(spans):
        if after[0] < before[1]:
            return opening
    return None


def _minutes(hours: str, minutes: str) -> int | None:
    h, m = int(hours), int(minutes)
    return h * 60 + m if h < 48 and m < 60 else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
