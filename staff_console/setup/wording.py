"""How the setup pages write moments, days and names in several languages."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server import words
from server.queries.arranged import DeviceSetup

CONNECTED = timedelta(minutes=2)  # it is noted once a minute; one time may get lost


def moment(at: datetime, now: datetime, language: str, tz: str) -> str:
    """ "today at 14:03", "tomorrow at 9:00", "Monday 4 January at 9:00"."""
    zone = ZoneInfo(tz)
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    slug = {0: "setup.moment-today", 1: "setup.moment-tomorrow"}.get(days, "setup.moment-day")
    return words.say(language, slug, time=words.clock(at, language, tz), day=words.day(at, language, tz))


def dated(at: datetime, language: str, tz: str) -> str:
    """ "Monday 23 November 2026, 14:03": years later it still says when."""
    year = str(at.astimezone(ZoneInfo(tz)).year)
    return words.say(
        language, "setup.trail-at", day=words.day(at, language, tz), year=year, time=words.clock(at, language, tz)
    )


def day(iso: str, language: str) -> str:
    """ "2026-12-25" as "Friday 25 December 2026"."""
    on = date.fromisoformat(iso)
    return f"{words.day(datetime.combine(on, time(12)), language, None)} {on.year}"


def others(names: Mapping[str, str], language: str) -> str:
    """What a thing is called in the other languages: "Nouveau passeport · Reisepass"."""
    shown = words.pick(names, language)
    return " · ".join(dict.fromkeys(name for name in names.values() if name != shown))


def connected(device: DeviceSetup, now: datetime) -> bool:
    return device.seen_at is not None and now - device.seen_at < CONNECTED
