"""Many at the same moment: every number once, nobody called twice, and never a false "nobody waits"."""

import asyncio

from server.chance import new_token
from tests.api.conftest import Harbour

JOIN = "/branches/harbour/tickets"


async def test_twenty_who_join_at_once_get_twenty_numbers(everywhere: Harbour) -> None:
    wish = {"service": "renewals", "presence": everywhere.code()}
    joins = (everywhere.stranger.post(JOIN, wish, Idempotency_Key=new_token()) for _ in range(20))
    answers = [answer.json() for answer in await asyncio.gather(*joins)]
    assert sorted(answer["number"] for answer in answers) == [f"B{n:03d}" for n in range(1, 21)]
    assert sorted(answer["ahead"] for answer in answers) == list(range(20))
    assert len({answer["version"] for answer in answers}) == 20


async def test_two_counters_that_call_at_once_never_call_the_same(everywhere: Harbour) -> None:
    here = everywhere
    expected = {(await here.joins()).id for _ in range(6)}
    await asyncio.gather(here.ken.post(f"{here.counter}/duty"), here.lola.post(f"{here.other_counter}/duty"))
    called: list[str] = []
    for _ in range(3):
        both = await asyncio.gather(
            here.ken.post(f"{here.counter}/calls"), here.lola.post(f"{here.other_counter}/calls")
        )
        ids = [answer.json()["id"] for answer in both]
        called += ids
        await asyncio.gather(
            *(agent.post(f"/tickets/{id}/miss") for agent, id in zip((here.ken, here.lola), ids, strict=True))
        )
    assert set(called) == expected
    assert len(called) == len(expected)


async def test_one_agent_who_taps_at_once_calls_one(everywhere: Harbour) -> None:
    here = everywhere
    for _ in range(3):
        await here.joins()
    await here.ken.post(f"{here.counter}/duty")
    answers = await asyncio.gather(*(here.ken.post(f"{here.counter}/calls") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
