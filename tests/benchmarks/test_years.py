"""Years that a benchmark makes up: their reports are those of visits that happened."""

from datetime import timedelta

from benchmarks.years import ID, PER_DAY, lived
from server.bus import InProcessBus
from server.db import Database
from server.queries import reports
from tests.slow_report import slow_report

DAYS = 2


async def test_made_up_years_say_what_a_slow_count_of_every_diary_says(empty_database_url: str) -> None:
    years = await lived(empty_database_url, DAYS * PER_DAY - 1)
    assert years.visits == DAYS * PER_DAY  # whole days
    db = Database(years.url, InProcessBus())
    try:
        first = years.last - timedelta(days=1)
        told = await db.ask_at_length(lambda session: reports.report(session, ID, first, years.last))
        slowly = await db.ask(lambda session: slow_report(session, ID, first, years.last))
    finally:
        db.close()
    assert told.whole.people == DAYS * PER_DAY
    assert {move: slowly["whole"][move] for move in ("missed", "returned", "transfers")} == {
        "missed": 50, "returned": 50, "transfers": 100,
    }  # fmt: skip
    for part in ("missed", "returned", "transfers", "served", "left", "within", "judged", "kept", "rated", "stars"):
        assert getattr(told.whole, part) == slowly["whole"][part], part
    assert (told.whole.waits.p50, told.whole.services.p90) == (
        slowly["whole"]["waits"][1], slowly["whole"]["services"][2],
    )  # fmt: skip
