"""What a branch forgets, and what it keeps."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from server.actions import forgetting, joining, letting_in, serving
from server.domain.base import Base
from server.domain.errors import Conflict
from server.domain.feedback import Rating
from server.domain.moves import recount
from server.queries import held
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


TOLD = ["'Ada'", "wheelchair", "brought both photos", "so kind", "ada@example.org"]


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


async def test_of_very_much_some_is_forgotten_at_once_and_the_rest_the_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    for person in await world.queue("Ada", "Bo", "Cy", "Di", "Eve"):
        await person.does(joining.leave)
    world.clock.forward(days=31)
    assert [(await world.act(forgetting.forget))["tickets"] for _ in range(4)] == [2, 2, 1, 0]


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


async def test_a_manager_can_show_what_was_forgotten_and_when(world: World) -> None:
    await visited(world)
    world.clock.forward(days=31)
    await world.act(forgetting.forget)
    await world.act(forgetting.forget)
    (line,) = await world.ask(held.forgettings, "harbour")
    assert line == held.Forgetting(world.clock(), asked=False, tickets=1, ratings=1)


async def test_whoever_holds_the_ticket_gets_all_that_is_held_about_the_visit(world: World) -> None:
    await visited(world)
    everything = await world.ask(held.everything, world.ada.ticket, world.clock())
    (ticket,) = everything["tickets"]
    assert [ticket[field] for field in held.PERSONAL] == ["Ada", "wheelchair", "brought both photos", None]
    assert [line["move"] for line in ticket["events"]] == ["join", "call", "start", "finish"]
    assert (everything["rating"]["comment"], everything["rating"]["contact"]) == ("so kind", "ada@example.org")
    assert world.ken.id not in str(everything)


async def test_what_is_erased_stands_nowhere_any_more_and_still_counts(world: World) -> None:
    await visited(world)
    before = await rows(world)
    assert [word for word in TOLD if word in str(before)] == TOLD
    await world.ada.does(forgetting.erase)
    after = await rows(world)
    assert [word for word in TOLD if word in str(after)] == []
    ticket = await world.ada.is_()
    assert (ticket.state, ticket.outcome_id, ticket.visitor) == ("served", "resolved", None)
    assert (await world.ask(lambda session: session.get(Rating, ticket.visit_id))).score == 5
    assert before["ticket_events"] == after["ticket_events"]
    assert before["duties"] == after["duties"]
    (line,) = await world.ask(held.forgettings, "harbour")
    assert (line.asked, line.tickets, line.ratings) == (True, 1, 1)


async def test_who_erases_while_waiting_keeps_number_and_place(world: World) -> None:
    await world.ada.joins(name="Ada", need="wheelchair")
    place = (await world.ada.is_()).key
    await world.ada.does(forgetting.erase)
    view = await world.view()
    (shown,) = view.tickets
    assert (shown.name, shown.need, shown.number, (await world.ada.is_()).key) == (None, None, "A001", place)
    with pytest.raises(Conflict):  # still one place for one visitor
        await world.ada.joins()


async def test_a_note_that_is_written_after_an_erasure_is_forgotten_in_time(world: World) -> None:
    await world.ada.joins(name="Ada")
    await world.ada.does(forgetting.erase)
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.finish, world.ada.ticket, outcome="resolved", note="brought both photos")
    world.clock.forward(days=31)
    await world.act(forgetting.forget)
    assert [(await world.ada.is_()).note, (await world.ada.is_()).visitor] == [None, None]


async def test_doors_that_are_long_closed_are_forgotten_and_the_others_stay(world: World) -> None:
    for token in ("old", "new"):
        opened = partial(letting_in.sign_in, staff_id=world.ken.id, session_token=token, session_id=token)
        await world.db.act(None, None, opened)
        world.clock.forward(days=7.5)
    world.clock.forward(days=-7)
    gone = await world.db.act(None, None, forgetting.forget_doors)
    assert gone == {"sessions": 1, "links": 0, "revocations": 0}
    assert [one["id"] for one in (await rows(world))["staff_sessions"]] == ["new"]
    assert await world.db.act(None, None, forgetting.forget_doors) == dict.fromkeys(gone, 0)
    world.clock.forward(days=14)
    assert (await world.db.act(None, None, forgetting.forget_doors))["links"] == 5


async def rows(world: World) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored."""
    return await world.db.ask(
        lambda session: {
            table.name: sorted((dict(row) for row in session.execute(table.select()).mappings()), key=repr)
            for table in Base.metadata.sorted_tables
        }
    )


async def test_what_is_forgotten_is_gone_from_the_file_too(tmp_path: Path) -> None:
    file = tmp_path / "nowserving.db"
    async with opened(f"sqlite:///{file}") as world:
        await visited(world)
    assert b"brought both photos" in file.read_bytes()
    async with opened(f"sqlite:///{file}") as world:
        world.clock.forward(days=31)
        await world.act(forgetting.forget)
    assert b"brought both photos" not in file.read_bytes()
