"""What a branch forgets, and what it keeps."""

from pathlib import Path
from typing import Any

from server.actions import forgetting, serving
from server.domain.feedback import Rating
from server.domain.moves import recount
from tests.world import World, opened

FORGOTTEN = {"tickets": 1, "ratings": 1}


async def visited(world: World) -> None:
    """Ada, with everything a person can tell us, comes and goes."""
    await world.ada.joins(name="Ada", need="wheelchair")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.finish, world.ada.ticket, outcome="resolved", note="brought both photos")
    await world.ada.rates(5, comment="so kind", contact="ada@example.org")


async def told(world: World) -> list[Any]:
    ticket = await world.ada.is_()
    rating = await world.ask(lambda session: session.get(Rating, ticket.visit_id))
    return [ticket.name, ticket.need, ticket.note, ticket.visitor, rating.comment, rating.contact]


async def test_what_people_told_us_is_forgotten_when_the_retention_is_over(world: World) -> None:
    await visited(world)
    world.clock.forward(days=30, minutes=1)
    assert await world.act(forgetting.forget) == FORGOTTEN
    assert await told(world) == [None] * 6


async def test_before_that_nothing_is_forgotten(world: World) -> None:
    await visited(world)
    world.clock.forward(days=29)
    before = (await world.branch_row()).version
    assert await world.act(forgetting.forget) == {"tickets": 0, "ratings": 0}
    assert "Ada" in await told(world)
    assert (await world.branch_row()).version == before


async def test_a_ticket_can_still_be_recounted_from_its_diary_afterwards(world: World) -> None:
    await visited(world)
    world.clock.forward(days=31)
    await world.act(forgetting.forget)
    fields = recount(await world.diary(world.ada.ticket))
    ticket = await world.ada.is_()
    assert (fields["state"], fields["number"], fields["outcome_id"]) == (ticket.state, ticket.number, ticket.outcome_id)


async def test_who_is_still_here_is_not_forgotten(world: World) -> None:
    await world.changes(retention_days=1)
    await world.ada.joins(name="Ada")
    world.clock.forward(days=2)
    await world.act(forgetting.forget)
    assert (await world.ada.is_()).name == "Ada"


async def test_what_is_forgotten_is_gone_from_the_file_too(tmp_path: Path) -> None:
    file = tmp_path / "nowserving.db"
    async with opened(f"sqlite:///{file}") as world:
        await visited(world)
    assert b"brought both photos" in file.read_bytes()
    async with opened(f"sqlite:///{file}") as world:
        world.clock.forward(days=31)
        await world.act(forgetting.forget)
    assert b"brought both photos" not in file.read_bytes()
