"""What is counted, who may read it, and that no label grows with use."""

import asyncio
import re
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from server import observe, words
from server.web.numbered import Numbered
from tests.operations.numbers import Numbers, read, since
from tests.running import ROOT
from tests.security.conftest import HOST, Town, Way

METRICS = Way("GET", "/metrics")
DUTY = Way("POST", "/counters/{counter_id}/duty")
CALL = Way("POST", "/counters/{counter_id}/calls")
FOR_ONE_ONLY = {"le", "pid"}  # labels that Prometheus itself puts on, or of which there is one per process


def key_of(town: Town, name: str) -> dict[str, str]:
    key = next(person["key"] for person in town.made[0]["people"] if person["name"] == name)
    return {"authorization": f"Bearer {key}"}


async def test_a_managers_key_reads_the_numbers(town: Town) -> None:
    answer = await town.http.get("/metrics", headers=key_of(town, "Mira"))
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    assert read(answer.text).of("process_open_fds") > 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"authorization": "Bearer nonsense"}, 401), ({"authorization": "Ticket nonsense"}, 403)],
)
async def test_a_scraper_without_a_key_is_told_so_and_not_sent_to_a_page(
    town: Town, headers: dict[str, str], status: int
) -> None:
    answer = await town.http.get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_an_agents_key_is_not_enough(town: Town) -> None:
    assert (await town.http.get("/metrics", headers=key_of(town, "Ken"))).status_code == 403


def test_every_number_is_explained_in_the_manual_and_no_other() -> None:
    manual = (ROOT / "docs" / "OPERATIONS.md").read_text().partition("## Watching it")[2]
    explained = {re.sub(r"_total$", "", name) for name in re.findall(r"`((?:nowserving|process)_\w+)", manual)}
    told = set(re.findall(r"^# TYPE (\w+)", observe.told().decode(), re.MULTILINE))
    assert explained == {re.sub(r"_total$", "", name) for name in told}


async def test_actions_requests_and_refusals_are_counted(towns: Town) -> None:
    ken, before = await towns.who("agent"), read()
    await towns.asks(DUTY, ken)
    await towns.asks(CALL, ken)
    await towns.asks(CALL, ken)  # somebody is at the counter already
    assert since(before, "nowserving_action_seconds_count", action="serving.call_next") == 2
    assert since(before, "nowserving_action_seconds_count", action="duties.take") == 1
    assert since(before, "nowserving_action_wait_seconds_count") >= 3
    assert since(before, "nowserving_http_seconds_count", method="POST", route=CALL.path, status="3xx") == 1
    assert since(before, "nowserving_http_seconds_count", method="POST", route=CALL.path, status="4xx") == 1
    assert since(before, "nowserving_refusals_total") == 1
    assert read().of("nowserving_bus_up") == 1


async def test_every_batch_is_counted_with_its_size(town: Town) -> None:
    ken, before = await town.who("agent"), read()
    await town.asks(DUTY, ken)
    assert since(before, "nowserving_batch_actions_sum") == since(before, "nowserving_action_seconds_count")
    assert since(before, "nowserving_batch_actions_count") == since(before, "nowserving_batch_seconds_count") >= 1


def test_versions_that_are_forged_keep_no_true_one_from_being_measured() -> None:
    before, branch = read(), uuid4().hex
    observe.watched(branch)
    for version in range(10**9, 10**9 + 1000):
        observe.moved_on(branch, version)
    observe.moved_on(branch, 7)
    observe.shown(branch, 7)
    assert since(before, "nowserving_lag_seconds_count") == 1


async def test_connections_are_given_back(towns: Town) -> None:
    """What goes on by itself takes one now and then, too."""
    await towns.asks(DUTY, await towns.who("agent"))
    before = read()
    assert before.labels("nowserving_database_in_use", "pool") == {"reading", "writing"}
    assert before.of("nowserving_database_pool", pool="reading") > 1

    def asked(session: Session) -> float:
        session.connection()
        return since(before, "nowserving_database_in_use", pool="reading")

    assert await towns.app.state.kit.ask(asked) >= 1
    async with asyncio.timeout(10):
        while since(before, "nowserving_database_in_use") > 0:  # noqa: ASYNC110 - it happens in another thread
            await asyncio.sleep(0.01)


async def test_no_label_grows_with_what_is_asked_for(town: Town) -> None:
    await _strangeness(town)
    before = read()
    await _strangeness(town)
    assert grown(before, read()) == set()


async def test_a_label_that_grows_would_be_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Numbered, "_route", lambda _, scope: scope["path"])
    with pytest.raises(AssertionError, match="nowserving_http_seconds"):
        await test_no_label_grows_with_what_is_asked_for(town)


async def test_every_refusal_counted_is_one_we_can_say(town: Town) -> None:
    await _strangeness(town)
    said = {slug.split(".")[1] for slug in words.catalogue("en").sentences if slug.startswith("error.")}
    assert read().labels("nowserving_refusals_total", "refusal") <= said


async def _strangeness(town: Town) -> None:
    """Whatever strangers and programs can make up, anew each time."""
    odd = uuid4().hex
    ken = await town.who("agent")
    for path in ("/" + odd, f"/t/{odd}", f"/b/{odd}", f"/d/{odd}/{odd}.1.x", f"/api/v1/tickets/{odd}", f"/live/{odd}"):
        await town.asks(Way("GET", path), ken)
        await town.http.post(path, data={odd: odd}, headers={"origin": HOST})
        await town.http.request(odd[:7].upper(), path)
    await town.http.post(f"/counters/{odd}/calls", headers={"authorization": f"Bearer {odd}"})
    await town.asks(CALL, ken)


def grown(before: Numbers, after: Numbers) -> set[tuple[str, str]]:
    """Series that were not there before, as their name and their labels' values."""
    new = after.series.keys() - before.series.keys()
    return {(name, " ".join(sorted(value for label, value in its if label not in FOR_ONE_ONLY))) for name, its in new}
