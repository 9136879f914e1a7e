"""A typical duration that misleads the waits is noticed from thirty visits on, and nothing else is corrected."""

import pytest

from server.actions.arranging import services
from server.domain.honesty import LEARNED_FROM
from server.queries.honesty import usual_minutes
from tests.actions.manager import audited, mira_does, now_of, problems
from tests.told_waits import served
from tests.world import World


async def test_thirty_visits_say_how_long_one_usually_takes(world: World) -> None:
    await served(world, LEARNED_FROM - 1, minutes=3)
    assert await world.ask(usual_minutes, world.branch, "renewals") is None
    await served(world, 1, minutes=60)
    assert await world.ask(usual_minutes, world.branch, "renewals") == 3
    assert await world.ask(usual_minutes, world.branch, "new-passport") is None


async def test_only_the_duration_is_changed_and_the_trail_says_so_once(world: World) -> None:
    before = (await now_of(world)).service("renewals")
    assert before.typical_service == 8
    for _ in range(2):
        await mira_does(world, services.set_typical, service_id="renewals", minutes=3)
    after = (await now_of(world)).service("renewals")
    assert after.typical_service == 3
    assert (after.name, after.letter, after.target_wait, after.open) == (
        before.name, before.letter, before.target_wait, before.open,
    )  # fmt: skip
    assert await audited(world) == [("service.change", "renewals")]


@pytest.mark.parametrize("minutes", [None, 0, -1, 1441])
async def test_what_is_no_duration_is_refused(world: World, minutes: int | None) -> None:
    wrong = await problems(world, services.set_typical, service_id="renewals", minutes=minutes)
    assert wrong == {"typical_service": "typical-service-needed"}
    assert (await now_of(world)).service("renewals").typical_service == 8
