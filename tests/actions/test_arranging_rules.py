"""Mira sets the rules of the branch and its priority classes: what follows from it at once, and what is refused."""

from datetime import timedelta

from server.actions import forgetting
from server.actions.arranging import priorities, rules
from server.actions.arranging.checks import checked
from server.branch_file import BranchSection, PrioritySection
from tests.actions.manager import audited, mira_does, now_of, problems
from tests.world import World

BABY = PrioritySection(id="baby", name={"en": "With a baby"}, head_start=20)


async def section(world: World, **changed: object) -> BranchSection:
    known = (await now_of(world)).branch.rules
    values = {rule: known[rule] for rule in rules.RULES} | changed
    return checked(BranchSection, {"id": world.branch, "name": "Harbour Branch", **values})


async def test_a_rule_holds_from_the_next_moment_on(world: World) -> None:
    await world.queue("Ada", "Bo")
    await mira_does(world, rules.set_rules, section=await section(world, full_at=2))
    assert all(service.full for service in (await world.view()).services)
    assert await audited(world) == [("branch.rules", "harbour")]


async def test_rules_saved_as_they_were_leave_no_line(world: World) -> None:
    await mira_does(world, rules.set_rules, section=await section(world))
    assert await audited(world) == []


async def test_a_shorter_retention_forgets_what_is_now_too_old(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(ada.ticket)
    world.clock.now += timedelta(days=9)
    assert (await world.db.act(world.branch, None, forgetting.forget))["tickets"] == 0
    await mira_does(world, rules.set_rules, section=await section(world, retention_days=7))
    assert (await world.db.act(world.branch, None, forgetting.forget))["tickets"] == 1


async def test_a_branch_learns_another_language_first(world: World) -> None:
    await mira_does(world, rules.set_rules, section=await section(world, languages=["fr", "en"]))
    assert list((await world.view()).branch.languages) == ["fr", "en"]


async def test_a_class_is_added_and_gives_its_head_start(world: World) -> None:
    await mira_does(world, priorities.add, section=BABY)
    await world.queue("Ada")
    world.clock.forward(minutes=10)
    await world.bo.joins(priority="baby")
    await world.ken.takes("1")
    assert (await world.ken.calls_next() or {})["ticket"] == world.bo.ticket
    assert [priority.id for priority in (await now_of(world)).priorities] == ["elderly", "business", "baby"]


async def test_an_archived_class_is_kept_by_who_has_it_and_offered_to_nobody(world: World) -> None:
    await world.ada.joins(priority="elderly")
    await mira_does(world, priorities.archive, priority_id="elderly")
    assert (await world.ada.is_()).priority_id == "elderly"
    assert [priority.id for priority in (await world.view()).priorities] == ["business"]
    await mira_does(world, priorities.restore, priority_id="elderly")
    assert [priority.id for priority in (await now_of(world)).priorities] == ["business", "elderly"]


async def test_two_classes_are_not_called_the_same(world: World) -> None:
    await mira_does(world, priorities.add, section=BABY)
    assert await problems(world, priorities.add, section=BABY) == {"name": "priority-twice"}
    twin = PrioritySection(id="elderly", name={"en": "With a baby"})
    assert await problems(world, priorities.change, priority_id="elderly", section=twin) == {"name": "priority-twice"}


async def test_there_are_as_many_classes_as_a_file_may_name(world: World) -> None:
    for n in range(priorities.MOST - 2):
        await mira_does(world, priorities.add, section=PrioritySection(id=f"class-{n}", name={"en": f"Class {n}"}))
    assert await problems(world, priorities.add, section=BABY) == {"name": "priorities-full"}


async def test_classes_change_places(world: World) -> None:
    moved = await mira_does(world, priorities.move, priority_id="business", up=True)
    assert moved == {"order": ["business", "elderly"]}
    assert await mira_does(world, priorities.move, priority_id="business", up=True) == moved
