"""A branch out of the database as its file, and back into an empty one: the same bytes."""

from pathlib import Path

import pytest
from sqlalchemy import select

from server.actions.arranging import counters, from_file, outcomes, rules, services, to_file
from server.branch_file import OutcomeSection, parse, read, written
from server.bus import InProcessBus
from server.chance import new_id, new_token
from server.db import Database
from server.domain.branch import AuditLine, Branch, Outcome
from server.domain.errors import Conflict
from server.first_start import DEMO, set_up
from tests.actions.manager import mira_does, now_of
from tests.actions.test_arranging_rules import section
from tests.world import World, harbour

EXAMPLES = sorted(DEMO.parent.glob("*.toml"))
CHANCE = from_file.Chance(new_id, new_token)


async def exported(db: Database, branch: str) -> str:
    return written(await db.ask(lambda session: to_file.file_of(session, branch)))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
async def test_every_example_comes_out_as_it_went_in(database_url: str, example: Path) -> None:
    db, file = Database(database_url, InProcessBus()), read(example)
    try:
        await set_up(db, file)
        text = await exported(db, file.branch.id)
        copy = text.replace(f'id = "{file.branch.id}"', 'id = "copy"', 1)
        await set_up(db, parse(copy))
        assert await exported(db, "copy") == copy
    finally:
        db.close()


async def test_what_a_manager_changed_by_hand_is_in_the_file(world: World) -> None:
    await mira_does(world, rules.set_rules, section=await section(world, languages=["en"], recall_gap=20))
    await mira_does(world, outcomes.add, service_id="renewals", section=OutcomeSection(id="done", name={"en": "Done"}))
    await mira_does(world, counters.archive, counter_id=world.counters["2"])
    file = parse(await exported(world.db, world.branch))
    assert (file.branch.languages, file.branch.recall_gap) == (("en",), 20)
    assert [counter.label for counter in file.counters] == ["1", "3"]
    assert file.services[1].outcomes[0].name == {"en": "Done"}
    assert file.services[0].name == {"en": "New passport"}


async def test_a_counter_left_without_a_service_is_one_still(world: World) -> None:
    await mira_does(world, services.archive, service_id="new-passport")
    file = parse(await exported(world.db, world.branch))
    assert [(counter.label, counter.services) for counter in file.counters] == [("1", None), ("2", None), ("3", ())]


async def test_an_outcome_that_nobody_can_choose_is_not_asked_for(world: World) -> None:
    def archive(session: object, branch: Branch, now: object) -> dict[str, str]:
        for row in session.scalars(select(Outcome)):  # type: ignore[attr-defined]
            row.archived = True
        return {}

    await world.db.act(world.branch, None, archive)
    assert not parse(await exported(world.db, world.branch)).services[0].outcome_required


async def test_there_is_no_secret_in_it(world: World) -> None:
    text = await exported(world.db, world.branch)
    told = [
        value for thing in (*world.made["people"], *world.made["devices"]) for value in (thing["link"], thing["key"])
    ]
    assert told
    assert not any(secret in text for secret in told if secret)
    assert 'name = "Mira"\nrole = "manager"\nkey = true\n' in text


async def test_a_branch_without_a_service_waits_for_one(world: World) -> None:
    for service in ("new-passport", "renewals"):
        await mira_does(world, services.archive, service_id=service)
    with pytest.raises(Conflict) as refused:
        await exported(world.db, world.branch)
    assert refused.value.slug == "export-empty"


async def test_a_file_brought_by_hand_leaves_the_lines_of_a_hand(world: World) -> None:
    text = harbour().replace('letter = "B"', 'letter = "B"\ntarget_wait = 5').replace('label = "2"', 'label = "7"')
    text = text.replace('name = "Mira"', 'name = "Somebody else"')
    seen = (await now_of(world)).branch.rules["arranged"]
    await mira_does(world, from_file.bring, file=parse(text), chance=CHANCE, seen=seen)
    mine = select(AuditLine).where(AuditLine.actor_id == world.mira.id).order_by(AuditLine.id)
    lines = await world.db.ask(lambda session: session.scalars(mine).all())
    assert sorted(line.what for line in lines) == ["branch.file", "counter.add", "counter.archive", "service.change"]
    change = next(line for line in lines if line.what == "service.change")
    assert (change.before, change.after) == ({"target_wait": 15}, {"target_wait": 5})
    assert "Somebody else" not in [person.name for person in (await now_of(world)).people]


async def test_a_file_that_was_shown_before_somebody_changed_the_branch_is_not_brought(world: World) -> None:
    seen = (await now_of(world)).branch.rules["arranged"]
    await mira_does(world, services.pause, service_id="renewals")
    with pytest.raises(Conflict) as refused:
        await mira_does(world, from_file.bring, file=parse(harbour()), chance=CHANCE, seen=seen)
    assert refused.value.slug == "file-outdated"
