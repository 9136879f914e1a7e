"""What other rules would do at once: foretold before they are saved, and then it happens so."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from server.actions import forgetting, joining, rating, serving
from server.domain.errors import Conflict
from server.queries.consequences import consequences
from tests.world import World


async def foretold(world: World, **rules: Any) -> dict[str, int]:
    asked = partial(consequences, branch_id=world.branch, wanted=rules, now=world.clock())
    return {each.what: each.n for each in await world.db.ask(asked)}


async def test_rules_that_nobody_feels_at_once_have_no_consequence(world: World) -> None:
    await world.queue("Ada", "Bo")
    assert await foretold(world, away_limit=1, return_grace=1, recall_gap=60, undo_seconds=5, full_at=3) == {}


async def test_who_would_lose_their_place_then_loses_it(world: World) -> None:
    ada, bo, _ = await world.queue("Ada", "Bo", "Cy")
    await ada.does(joining.step_away)
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.does(serving.miss, bo.ticket)
    world.clock.forward(minutes=20)
    shorter = {"away_limit": 15, "return_grace": 10}
    assert await foretold(world, **shorter) == {"away": 1, "missed": 1}
    assert await foretold(world, away_limit=15) == {"away": 1}
    assert await foretold(world, away_limit=21, return_grace=20) == {}
    await world.changes(**shorter)
    assert (await world.ticks())["expired"] == 2


async def test_what_would_end_anyhow_is_not_counted(world: World) -> None:
    (ada,) = await world.queue("Ada")
    await ada.does(joining.step_away)
    world.clock.forward(minutes=31)
    assert await foretold(world, away_limit=5) == {}


async def test_a_place_kept_for_who_is_on_the_way_would_be_free(world: World) -> None:
    await world.changes(remote_joining="expected")
    wish = joining.Joining("far", "new-passport", "phone", "en", visitor="v" * 22)
    await world.act(joining.join, by=world.ken.actor, joining=wish, presence=world.presence)
    world.clock.forward(minutes=20)
    assert await foretold(world, arrive_by=10) == {"expected": 1}
    await world.changes(arrive_by=10)
    assert (await world.ticks())["expired"] == 1


async def test_calls_that_would_be_given_up_are_given_up_and_who_is_coming_has_longer(world: World) -> None:
    _, bo = await world.queue("Ada", "Bo")
    for agent, label in ((world.ken, "1"), (world.lola, "2")):
        await agent.takes(label)
        await agent.calls_next()
    await bo.does(joining.acknowledge)
    world.clock.forward(minutes=4)
    assert await foretold(world, miss_after=3) == {"given-up": 1}
    assert await foretold(world, miss_after=2) == {"given-up": 2}
    await world.changes(miss_after=3)
    assert (await world.ticks())["missed"] == 1


async def test_a_branch_that_would_be_full_takes_nobody(world: World) -> None:
    await world.queue("Ada", "Bo")
    assert await foretold(world, full_at=2) == {"full": 2}
    await world.changes(full_at=2)
    with pytest.raises(Conflict, match="branch-full"):
        await world.customer("Cy").joins()
    assert await foretold(world, full_at=0) == await foretold(world, full_at=3) == {"room": 1}


async def test_who_has_used_up_what_would_be_left(world: World) -> None:
    ada, *_ = await world.queue("Ada", "Bo", "Cy", "Di")
    await ada.does(joining.postpone)
    await world.ken.takes("1")
    called = await world.ken.calls_next()
    assert called
    world.clock.forward(minutes=1)
    await world.ken.does(serving.recall, called["ticket"])
    assert await foretold(world, postponements=1) == {"no-more-time": 1}
    assert await foretold(world, recall_limit=1) == {"no-recall": 1}
    await world.changes(postponements=1, recall_limit=1)
    world.clock.forward(minutes=1)
    with pytest.raises(Conflict, match="recall-limit"):
        await world.ken.does(serving.recall, called["ticket"])
    with pytest.raises(Conflict):
        await ada.does(joining.postpone)


async def test_another_clock_may_begin_a_new_day_and_close_the_branch(world: World) -> None:
    await world.ada.joins()
    assert await foretold(world, time_zone="Africa/Accra") == {}
    tomorrow = {"time_zone": "Pacific/Kiritimati"}  # it is two in the morning there, of the next day
    assert await foretold(world, **tomorrow) == {"day-over": 1, "new-day": 1, "closed": 1}
    await world.changes(**tomorrow)
    assert (await world.ticks())["expired"] == 1
    assert not (await world.branch_row()).is_open(world.clock())


async def test_who_chose_a_language_that_would_go(world: World) -> None:
    await world.ada.joins(language="fr")
    await world.bo.joins()
    assert await foretold(world, languages=["en"]) == {"language": 1}
    assert await foretold(world, languages=["fr", "en"]) == {}


async def served_and_told(world: World, days_ago: int) -> str:
    """Somebody who gave a name is served; `days_ago` days pass."""
    guest = world.customer("Guest")
    await guest.joins(name="Ada")
    await world.ken.takes("1")
    await world.ken.calls_next()
    await world.ken.serves(guest.ticket)
    world.clock.forward(days=days_ago)
    return guest.ticket


async def test_words_that_a_shorter_retention_would_empty_are_emptied(world: World) -> None:
    ticket = await served_and_told(world, 3)
    tap = rating.Tap(5, comment="so kind")
    await world.act(rating.rate, ticket_id=ticket, tap=tap)
    world.clock.forward(days=7)
    assert await foretold(world, retention_days=5) == {"emptied": 1, "emptied-ratings": 1}
    assert await foretold(world, retention_days=8) == {"emptied": 1}
    assert await foretold(world, retention_days=12) == await foretold(world, retention_days=60) == {}
    await world.changes(retention_days=8)
    assert await world.act(forgetting.forget) == {"tickets": 1, "ratings": 0}


async def test_visits_that_could_not_be_rated_any_more(world: World) -> None:
    ticket = await served_and_told(world, 3)
    assert await foretold(world, rating_days=2) == {"unrated": 1}
    assert await foretold(world, rating_days=3) == {}
    await world.changes(rating_days=2)
    with pytest.raises(Conflict, match="rating-too-late"):
        await world.act(rating.rate, ticket_id=ticket, tap=rating.Tap(5))
    await world.changes(rating_days=7)
    await world.act(rating.rate, ticket_id=ticket, tap=rating.Tap(5))
    assert await foretold(world, rating_days=2) == {}


async def test_asking_changes_nothing(world: World) -> None:
    await served_and_told(world, 1)
    before = (await world.branch_row()).version, world.clock() + timedelta(0)
    await foretold(world, retention_days=1, away_limit=1, time_zone="Pacific/Kiritimati")
    row = await world.branch_row()
    assert ((row.version, world.clock()), row.time_zone) == (before, "Africa/Lagos")
