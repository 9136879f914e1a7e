"""What a manager arranges of a branch, one change at a time; a branch from its file is tested where files are."""

from datetime import date

import pytest
from sqlalchemy import select

from server.actions import duties, serving
from server.actions.arranging import checks, counters, outcomes, place, services
from server.branch_file import CounterSection, OutcomeSection, ServiceSection
from server.chance import new_id
from server.domain.branch import AuditLine
from server.domain.errors import Conflict, CounterOccupied, Invalid
from server.queries import branches
from tests.actions.manager import audited, mira_does, now_of, problems
from tests.world import World

LETTERS = ServiceSection(id="letters", name={"en": "Letters"}, letter="C")


# Services


async def test_a_new_service_stands_at_the_end_and_can_be_joined_at_once(world: World) -> None:
    await mira_does(world, services.add, section=LETTERS)
    assert [service.id for service in (await now_of(world)).services] == ["new-passport", "renewals", "letters"]
    assert (await world.ada.joins("letters"))["number"] == "C001"
    assert await audited(world) == [("service.add", "letters")]


async def test_a_new_service_is_worked_by_whoever_works_everything(world: World) -> None:
    await world.ken.takes("1")
    await world.lola.takes("2", ["renewals"])
    await mira_does(world, services.add, section=LETTERS)
    worked = {duty.staff_id: duty.services for duty in await world.ask(branches.open_duties, world.branch)}
    assert worked == {world.ken.id: ["new-passport", "renewals", "letters"], world.lola.id: ["renewals"]}


async def test_a_second_service_of_the_same_name_has_an_id_of_its_own(world: World) -> None:
    await mira_does(world, services.add, section=LETTERS)
    again = LETTERS.model_copy(update={"letter": "D"})
    assert (await mira_does(world, services.add, section=again))["id"] == "letters-2"


async def test_a_letter_belongs_to_one_service(world: World) -> None:
    taken = LETTERS.model_copy(update={"letter": "A"})
    assert await problems(world, services.add, section=taken) == {"letter": "letter-taken"}


async def test_a_letter_is_not_given_away_on_the_day_its_numbers_were_drawn(world: World) -> None:
    """Else the same number would be given twice on one business day."""
    await world.ada.joins("new-passport")
    passport = ServiceSection(id="new-passport", name={"en": "New passport"}, letter="E")
    await mira_does(world, services.change, service_id="new-passport", section=passport)
    wanted = LETTERS.model_copy(update={"letter": "A"})
    assert await problems(world, services.add, section=wanted) == {"letter": "letter-today"}
    assert (await world.bo.joins("new-passport"))["number"] == "E002"
    back = passport.model_copy(update={"letter": "A"})
    await mira_does(world, services.change, service_id="new-passport", section=back)
    assert (await world.customer("Cy").joins("new-passport"))["number"] == "A003"
    world.clock.forward(days=1)
    await mira_does(world, services.change, service_id="new-passport", section=passport)
    await mira_does(world, services.add, section=wanted)


async def test_a_change_says_in_the_trail_what_it_was_before(world: World) -> None:
    section = ServiceSection(id="renewals", name={"en": "Renewal"}, letter="B", target_wait=5)
    await mira_does(world, services.change, service_id="renewals", section=section)
    newest = select(AuditLine).order_by(AuditLine.id.desc()).limit(1)
    line = await world.db.ask(lambda session: session.scalars(newest).one())
    assert line.before is not None
    assert line.after is not None
    assert (line.before["target_wait"], line.after["target_wait"]) == (15, 5)
    assert (line.before["name"]["en"], line.after["name"]["en"]) == ("Renewals", "Renewal")


async def test_saving_without_a_change_leaves_no_line_and_no_version(world: World) -> None:
    section = ServiceSection(id="renewals", name={"en": "Renewals", "fr": "Renouvellements"}, letter="B")
    before = (await world.branch_row()).version
    await mira_does(world, services.change, service_id="renewals", section=section)
    assert (await world.branch_row()).version == before
    assert await audited(world) == []


async def test_a_paused_service_takes_nobody_new_and_serves_who_waits(world: World) -> None:
    await world.ada.joins("renewals")
    await mira_does(world, services.pause, service_id="renewals")
    with pytest.raises(Conflict):
        await world.bo.joins("renewals")
    await world.ken.takes("1")
    called = await world.ken.calls_next()
    assert called is not None
    assert called["number"] == world.ada.number
    await mira_does(world, services.resume, service_id="renewals")
    await world.bo.joins("renewals")


async def test_a_service_is_archived_only_when_nobody_has_a_number_for_it(world: World) -> None:
    await world.ada.joins("renewals")
    with pytest.raises(Conflict) as refused:
        await mira_does(world, services.archive, service_id="renewals")
    assert (refused.value.slug, refused.value.params) == ("service-awaited", {"n": 1, "service": "renewals"})
    await world.ken.takes("1")
    called = await world.ken.calls_next()
    assert called is not None
    await world.ken.serves(called["ticket"], None)
    await mira_does(world, services.archive, service_id="renewals")
    assert [service.id for service in (await now_of(world)).archived_services] == ["renewals"]


async def test_an_archived_service_comes_back_at_the_end_unless_its_letter_is_gone(world: World) -> None:
    await mira_does(world, services.archive, service_id="new-passport")
    await mira_does(world, services.restore, service_id="new-passport")
    assert [service.id for service in (await now_of(world)).services] == ["renewals", "new-passport"]
    await mira_does(world, services.archive, service_id="new-passport")
    await mira_does(world, services.add, section=LETTERS.model_copy(update={"letter": "A"}))
    assert await problems(world, services.restore, service_id="new-passport") == {"letter": "letter-taken"}


async def test_services_change_places(world: World) -> None:
    moved = await mira_does(world, services.move, service_id="renewals", up=True)
    assert moved == {"order": ["renewals", "new-passport"]}
    assert await mira_does(world, services.move, service_id="renewals", up=True) == moved
    assert [service.id for service in (await world.view()).services] == moved["order"]


def test_the_first_free_letter_is_offered() -> None:
    assert services.free_letter(["A", "B", "D"]) == "C"
    assert services.free_letter(list(services.LETTERS)) == ""


# Outcomes


async def test_outcomes_are_added_renamed_archived_and_brought_back(world: World) -> None:
    of = {"service_id": "renewals"}
    added = await mira_does(world, outcomes.add, **of, section=OutcomeSection(id="done", name={"en": "Done"}))
    renamed = OutcomeSection(id="any", name={"en": "All done"})
    await mira_does(world, outcomes.rename, **of, outcome_id=added["id"], section=renamed)
    await mira_does(world, outcomes.archive, **of, outcome_id="done")
    assert (await now_of(world)).service("renewals").live_outcomes == ()
    await mira_does(world, outcomes.restore, **of, outcome_id="done")
    assert [o.name for o in (await now_of(world)).service("renewals").live_outcomes] == [{"en": "All done"}]
    assert [what for what, _ in await audited(world)] == [
        "outcome.add",
        "outcome.rename",
        "outcome.archive",
        "outcome.restore",
    ]


async def test_two_outcomes_of_one_service_are_not_called_the_same(world: World) -> None:
    section = OutcomeSection(id="x", name={"en": "Done"})
    await mira_does(world, outcomes.add, service_id="renewals", section=section)
    assert await problems(world, outcomes.add, service_id="renewals", section=section) == {"name": "outcome-twice"}
    await mira_does(world, outcomes.add, service_id="new-passport", section=section)


async def test_there_are_as_many_outcomes_as_digits(world: World) -> None:
    for n in range(outcomes.MOST):
        section = OutcomeSection(id=f"o{n}", name={"en": f"Outcome {n}"})
        await mira_does(world, outcomes.add, service_id="renewals", section=section)
    more = OutcomeSection(id="more", name={"en": "One more"})
    assert await problems(world, outcomes.add, service_id="renewals", section=more) == {"name": "outcomes-full"}


# Counters


async def test_a_counter_is_added_and_can_be_taken(world: World) -> None:
    added = await mira_does(world, counters.add, counter_id=new_id(), section=CounterSection(label="4"))
    world.counters["4"] = added["id"]
    assert (await world.ken.takes("4"))["services"] == ["new-passport", "renewals"]


async def test_a_label_belongs_to_one_counter(world: World) -> None:
    section = CounterSection(label="1")
    assert await problems(world, counters.add, counter_id=new_id(), section=section) == {"label": "label-taken"}


async def test_an_agent_goes_on_with_what_is_left_when_the_counter_changes(world: World) -> None:
    await world.ken.takes("1", ["renewals"])
    await world.lola.takes("2")
    only = CounterSection(label="2", services=("new-passport",))
    await mira_does(world, counters.change, counter_id=world.counters["2"], section=only)
    await mira_does(world, counters.change, counter_id=world.counters["1"], section=CounterSection(label="1a"))
    worked = {duty.staff_id: duty.services for duty in await world.ask(branches.open_duties, world.branch)}
    assert worked == {world.ken.id: ["renewals"], world.lola.id: ["new-passport"]}


async def test_a_counter_where_somebody_stands_is_not_archived(world: World) -> None:
    await world.ken.takes("1")
    with pytest.raises(CounterOccupied) as refused:
        await mira_does(world, counters.archive, counter_id=world.counters["1"])
    assert refused.value.params == {"counter": "1", "name": "Ken"}


async def test_what_was_parked_at_an_archived_counter_goes_back_to_its_queue(world: World) -> None:
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.start, world.ada.ticket)
    await world.ken.does(serving.park, world.ada.ticket)
    await world.act(duties.end, by=world.ken.actor, counter_id=world.counters["1"], parked="keep")
    await mira_does(world, counters.archive, counter_id=world.counters["1"])
    await world.ken.takes("2")
    again = await world.ken.calls_next()
    assert again is not None
    assert again["number"] == world.ada.number


async def test_a_counter_that_numbers_were_sent_to_is_not_archived(world: World) -> None:
    await world.ada.joins()
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.transfer, world.ada.ticket, counter=world.counters["2"])
    with pytest.raises(Conflict) as refused:
        await mira_does(world, counters.archive, counter_id=world.counters["2"])
    assert (refused.value.slug, refused.value.params) == ("counter-awaited", {"n": 1, "counter": "2"})


async def test_an_archived_counter_comes_back_unless_its_label_is_gone(world: World) -> None:
    one = world.counters["1"]
    await mira_does(world, counters.archive, counter_id=one)
    await mira_does(world, counters.restore, counter_id=one)
    await mira_does(world, counters.archive, counter_id=one)
    await mira_does(world, counters.add, counter_id=new_id(), section=CounterSection(label="1"))
    assert await problems(world, counters.restore, counter_id=one) == {"label": "label-taken"}


def test_the_next_label_follows_the_highest() -> None:
    assert counters.next_label(["1", "4", "B"]) == "5"
    assert counters.next_label([]) == "1"


# The branch itself


async def test_name_and_notice_show_on_every_screen(world: World) -> None:
    await mira_does(world, place.describe, name="Harbour", notice={"en": "Counter 2 speaks sign language."})
    shown = (await world.view()).branch
    assert (shown.name, shown.notice) == ("Harbour", {"en": "Counter 2 speaks sign language."})
    await mira_does(world, place.describe, name="Harbour", notice=None)
    assert (await world.view()).branch.notice is None


async def test_a_closed_day_is_closed_until_it_is_taken_back(world: World) -> None:
    today = date(2026, 11, 23)
    await mira_does(world, place.close_on, day=today)
    assert not (await world.view()).branch.open
    assert await problems(world, place.close_on, day=today) == {"day": "day-twice"}
    await mira_does(world, place.open_on, day=today)
    assert (await world.view()).branch.open


async def test_hours_can_be_set_and_left_out(world: World) -> None:
    await mira_does(world, place.set_hours, hours=checks.week({"mon": ["8:00-12:00"]}))
    assert not (await world.view()).branch.open  # it is 13:00
    await mira_does(world, place.set_hours, hours=None)
    assert (await world.view()).branch.open


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"mon": ["8 till noon"]}, {"mon": "hours-unclear"}),
        ({"mon": ["8:00-12:00", "11:00-13:00"]}, {"mon": "hours-overlap"}),
        ({}, {"always": "hours-none"}),
    ],
)
def test_hours_that_cannot_be_are_named_by_their_day(typed: dict[str, list[str]], wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        checks.week(typed)
    assert refused.value.fields == wrong


# What the pages read


async def test_the_arrangement_says_which_counters_work_a_service(world: World) -> None:
    await world.ken.takes("1")
    await world.ada.joins("renewals")
    setup = await now_of(world)
    assert [(s.id, s.counters, s.waiting) for s in setup.services] == [
        ("new-passport", ("1", "2", "3"), 0),
        ("renewals", ("1", "2"), 1),
    ]
    assert [(c.label, c.agent) for c in setup.counters] == [("1", "Ken"), ("2", None), ("3", None)]
