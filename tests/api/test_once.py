"""With its Idempotency-Key a request happens once, however often it is sent."""

import asyncio

from server.chance import new_id, new_token
from tests.api.conftest import Harbour

JOIN = "/branches/harbour/tickets"


async def test_a_join_sent_again_gets_its_first_answer_with_its_secret(everywhere: Harbour) -> None:
    here, key = everywhere, new_token()
    await here.ken.post(f"{here.counter}/duty")
    wish = {"service": "renewals", "presence": here.code(), "name": "Ada"}
    first = await here.stranger.post(JOIN, wish, Idempotency_Key=key)
    await here.joins("renewals")
    here.clock.forward(hours=2)  # the code is long stale: replays are answered before it is looked at
    again = await here.stranger.post(JOIN, dict(reversed(wish.items())), Idempotency_Key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (await here.stranger.get("/branches/harbour")).json()["services"][1]["waiting"] == 2


async def test_the_same_key_with_another_wish_is_refused(everywhere: Harbour) -> None:
    here, key = everywhere, new_token()
    await here.stranger.post(JOIN, {"service": "renewals", "presence": here.code()}, Idempotency_Key=key)
    other = await here.stranger.post(JOIN, {"service": "new-passport", "presence": here.code()}, Idempotency_Key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-mismatch")


async def test_many_at_once_with_one_key_join_once(everywhere: Harbour) -> None:
    here, key, wish = everywhere, new_token(), {"service": "renewals", "presence": everywhere.code()}
    answers = await asyncio.gather(*(here.stranger.post(JOIN, wish, Idempotency_Key=key) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_key_behind_which_nobody_stands_must_be_random(here: Harbour) -> None:
    answer = await here.stranger.post(JOIN, {"service": "renewals", "presence": here.code()}, Idempotency_Key="1234")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/Idempotency-Key"
    long = await here.ken.post(JOIN, {"service": "renewals"}, Idempotency_Key="k" * 300)
    assert long.status_code == 422


async def test_a_pass_keeps_its_visitors_keys_apart(here: Harbour) -> None:
    def held() -> str:
        return here.world.presence.mint_pass("harbour", new_id(), here.world.devices["Door"], here.clock())

    answers = [
        await here.stranger.post(JOIN, {"service": "renewals", "presence": held()}, Idempotency_Key="1") for _ in "ab"
    ]
    assert [answer.json()["number"] for answer in answers] == ["B001", "B002"]


async def test_a_call_sent_twice_calls_once(everywhere: Harbour) -> None:
    here = everywhere
    ada = await here.joins()
    await here.joins()
    await here.ken.post(f"{here.counter}/duty")
    first = await here.ken.post(f"{here.counter}/calls", Idempotency_Key="tap")
    await here.ken.post(f"{ada.path}/miss", Idempotency_Key="miss")
    again = await here.ken.post(f"{here.counter}/calls", Idempotency_Key="tap")
    assert (again.status_code, again.json()) == (201, first.json())
    await here.lola.post(f"{here.other_counter}/duty")
    theirs = await here.lola.post(f"{here.other_counter}/calls", Idempotency_Key="tap")
    assert theirs.json()["number"] == "A002"


async def test_nobody_waits_is_not_kept(here: Harbour) -> None:
    await here.ken.post(f"{here.counter}/duty")
    assert (await here.ken.post(f"{here.counter}/calls", Idempotency_Key="tap")).json() is None
    await here.joins()
    assert (await here.ken.post(f"{here.counter}/calls", Idempotency_Key="tap")).status_code == 201


async def test_every_move_is_answered_the_same_when_sent_again(here: Harbour) -> None:
    ada = await here.joins()
    for _ in range(4):
        await here.joins()
    await here.ken.post(f"{here.counter}/duty")
    first = await ada.does("postponement", Idempotency_Key="later")
    await here.ken.post(f"{here.counter}/calls")
    here.clock.forward(minutes=20)
    again = await ada.does("postponement", Idempotency_Key="later")
    assert again.json() == first.json()
    assert first.json()["wait"] is not None


async def test_a_refusal_is_not_kept(here: Harbour) -> None:
    ada = await here.joins()
    assert (await ada.does("postponement", Idempotency_Key="later")).status_code == 409
    await here.joins()
    assert (await ada.does("postponement", Idempotency_Key="later")).status_code == 200
