""" "Resolved at first visit": the outcome that stands first, and those that stood there before they were archived."""

from datetime import date

from server.actions.arranging import outcomes
from server.branch_file import parse
from server.first_start import set_up
from server.queries import reports
from tests.world import World, harbour

TODAY = date(2026, 11, 23)
DECLARED = 'outcomes = ["Resolved", "Needs documents", "Referred"]'


async def served(world: World, outcome: str) -> None:
    (somebody,) = await world.queue(outcome)
    await world.ken.calls_next()
    await world.ken.serves(somebody.ticket, outcome)


async def archives(world: World, outcome: str) -> None:
    await world.act(outcomes.archive, by=world.mira.actor, service_id="new-passport", outcome_id=outcome)


async def resolved(world: World) -> tuple[int, int]:
    """(resolved, of how many)."""
    told = await world.ask(reports.report, "harbour", TODAY, TODAY)
    return told.resolved, told.with_outcome


async def test_after_the_first_outcome_is_archived_the_next_one_says_that_it_is_done(world: World) -> None:
    await world.ken.takes("1")
    await served(world, "resolved")
    await served(world, "needs-documents")
    assert await resolved(world) == (1, 2)
    await archives(world, "resolved")
    assert await resolved(world) == (2, 2), "the next one counts, and the archived one as it did"


async def test_an_outcome_that_a_file_puts_in_the_first_ones_place_counts_and_so_does_its_past(world: World) -> None:
    await world.ken.takes("1")
    await served(world, "resolved")
    await set_up(world.db, parse(harbour().replace(DECLARED, 'outcomes = ["Settled", "Needs documents"]')))
    await served(world, "settled")
    await served(world, "needs-documents")
    assert await resolved(world) == (2, 3)


async def test_an_outcome_archived_behind_the_first_one_never_says_that_it_is_done(world: World) -> None:
    await world.ken.takes("1")
    await served(world, "referred")
    await archives(world, "referred")
    assert await resolved(world) == (0, 1)


async def test_where_every_outcome_is_archived_the_first_of_them_counts(world: World) -> None:
    await world.ken.takes("1")
    for outcome in ("resolved", "needs-documents", "referred"):
        await served(world, outcome)
        await archives(world, outcome)
    assert await resolved(world) == (1, 3)
