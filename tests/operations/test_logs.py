"""Lines of the log: which request they belong to, what they tell, and what they never tell."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from structlog.contextvars import get_contextvars

from server.observe import logs
from server.web.numbered import HEADER
from tests.databases import copy_of
from tests.operations.conftest import Log
from tests.security.conftest import HOST, Town, Way, town_of

CALL = Way("POST", "/counters/{counter_id}/calls")
DUTY = Way("POST", "/counters/{counter_id}/duty")
SECRET = "a secret of Ada's"


async def test_what_changes_has_a_line_with_its_route_and_whom_it_is_about(towns: Town, log: Log) -> None:
    ken = await towns.who("agent")
    await towns.asks(DUTY, ken)
    called = await towns.asks(CALL, ken)
    line = log.lines("answered")[-1]
    assert line == line | {
        "request": called.headers[HEADER], "method": "POST", "route": CALL.path, "status": 303,
        "branch": "harbour", "ticket": towns.world.ada.ticket, "level": "info",
    }  # fmt: skip
    assert 0 < line["ms"] < 60_000


async def test_what_is_only_looked_at_has_none_and_what_fails_has_one(town: Town, log: Log) -> None:
    assert (await town.asks(Way("GET", "/b/{branch_id}"))).status_code == 200
    assert log.lines() == []
    assert (await town.asks(Way("GET", "/t/{ticket_id}"))).status_code == 404
    (line,) = log.lines()
    assert (line["route"], line["status"], line["refusal"]) == ("/t/{ticket_id}", 404, "page-moved-on")


@pytest.mark.parametrize(
    "path", [f"/t/{SECRET}", f"/d/harbour/{SECRET}.1.2", f"/api/v1/tickets/{SECRET}", f"/{SECRET}"]
)
async def test_what_stands_in_an_address_is_not_repeated(town: Town, log: Log, path: str) -> None:
    assert (await town.http.get(path)).status_code in (401, 403, 404)
    (line,) = log.lines("answered")
    assert SECRET not in str(line)
    assert not {"ticket", "path", "url"} & line.keys()


async def test_a_route_of_the_json_face_is_named_whole(town: Town, log: Log) -> None:
    await town.asks(Way("POST", "/api/v1/counters/{counter_id}/duty"), await town.who("agent"))
    assert log.lines("answered")[-1]["route"] == "/api/v1/counters/{counter_id}/duty"


async def test_a_line_written_while_the_database_acts_has_the_number_of_the_request(
    towns: Town, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talkative(*_: object, **__: object) -> dict[str, Any]:
        logging.getLogger("server.actions").info("from the writer")
        return {}

    monkeypatch.setattr("server.actions.serving.call_next", talkative)
    answers = [await towns.asks(CALL, await towns.who("agent")) for _ in range(3)]
    numbers = [line["request"] for line in log.lines("from the writer")]
    assert numbers == [answer.headers[HEADER] for answer in answers]
    assert len(set(numbers)) == 3


async def test_what_follows_from_a_change_belongs_to_no_request(towns: Town, log: Log) -> None:
    """Screens are drawn for everybody who looks at them."""
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    towns.app.state.bus.listen(lambda *_: heard.put_nowait(get_contextvars()))
    await towns.asks(DUTY, await towns.who("agent"))
    assert log.lines("answered")[0]["branch"] == "harbour"
    async with asyncio.timeout(10):
        assert "request" not in await heard.get()


@pytest.mark.parametrize(
    ("trusted", "theirs", "kept"),
    [
        ("127.0.0.1", "abc-123-DEF", True),
        ("127.0.0.0/8", "x" * 64, True),
        ("", "abc-123-DEF", False),
        ("10.1.2.3", "abc-123-DEF", False),
        ("127.0.0.1", "x" * 65, False),
        ("127.0.0.1", "Ada Lovelace", False),
        ("127.0.0.1", 'x"}', False),
        ("127.0.0.1", "", False),
    ],
)
async def test_only_a_trusted_proxy_may_give_a_request_its_number(
    sqlite_pattern: str, tmp_path: Path, trusted: str, theirs: str, kept: bool
) -> None:
    async with town_of(copy_of(sqlite_pattern, tmp_path), tmp_path, trusted_proxies=trusted) as town:
        answer = await town.http.get("/healthz", headers={HEADER: theirs, "x-forwarded-for": "203.0.113.7"})
    assert (answer.headers[HEADER] == theirs) == kept
    assert len(answer.headers.get_list(HEADER)) == 1
    assert kept or len(answer.headers[HEADER]) == 8


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_fault_of_ours_has_a_number_that_can_be_said_and_found(
    town: Town, log: Log, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr("staff_console.sign_in._door", _broken)
    answer = await town.http.get("/staff", headers={"accept-language": language})
    number = answer.headers[HEADER]
    assert (answer.status_code, number in answer.text) == (500, True)
    fault, line = log.lines()
    assert fault["request"] == line["request"] == number
    assert "ZeroDivisionError" in fault["exception"]
    assert (line["status"], line["refusal"]) == (500, "unexpected")


async def test_a_program_is_told_the_number_too(town: Town, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(town.app.state.kit, "board", _broken)
    answer = await town.http.get("/api/v1/branches/harbour")
    assert answer.status_code == 500
    assert answer.json()["request"] == answer.headers[HEADER] == log.lines("answered")[0]["request"]
    assert answer.json()["detail"].endswith(answer.headers[HEADER])


async def test_a_fault_is_told_without_the_words_it_came_with(
    town: Town, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staff_console.sign_in._door", _broken)
    await town.http.get("/staff")
    assert SECRET not in log.text()
    assert "test_logs.py" in log.lines()[0]["exception"]
    assert "ValueError" in log.lines()[0]["exception"]  # also what it came from


def test_a_fault_is_not_written_again_by_the_library_it_passes_through(log: Log) -> None:
    try:
        _broken()
    except ZeroDivisionError as problem:
        logging.getLogger("server.web").error("a fault of ours", exc_info=problem)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=problem)
        logging.getLogger("uvicorn.error").error("another", exc_info=ValueError(SECRET))
    assert [line["event"].partition(",")[0] for line in log.lines()] == ["a fault of ours", "another (uvicorn.error"]
    assert SECRET not in log.text()


def test_a_library_says_only_what_stands_in_its_source(log: Log) -> None:
    library = logging.getLogger("library")
    library.warning("a form began with %r", SECRET)
    library.warning("a form began with " + SECRET.upper())
    library.warning(f"a task failed\nwith {SECRET}")
    library.info("a form has come")
    first, second, third = (line["event"] for line in log.lines())
    assert first.startswith("a form began with %r (library, test_logs.py:")
    assert second.startswith("library, test_logs.py:")
    assert "with" not in third
    assert SECRET.lower() not in log.text().lower()


def test_a_word_that_a_library_repeats_would_be_noticed(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_is_ours", lambda record: True)
    with pytest.raises(AssertionError):
        test_a_library_says_only_what_stands_in_its_source(log)


async def test_what_a_broken_form_holds_is_not_repeated(town: Town, log: Log) -> None:
    """The reader of forms complains with what it found."""
    kind = {"origin": HOST, "content-type": "multipart/form-data; boundary=x"}
    part = f'--x\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: {SECRET}\r\n\r\n{SECRET}'
    for form in (part.replace(": ", "\x00"), part + "\r\n--y", f"{SECRET}{part}", part.replace("\r\n\r\n", "\n")):
        await town.http.post("/staff/session", content=form, headers=kind)
    assert len(log.lines("answered")) == 4
    assert SECRET not in log.text()


async def test_nothing_of_a_request_is_sent_to_somebody_else(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a telemetry provider stands ready, the framework would hand it addresses and what was typed."""
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda provider: False)
    assert not town.app._native_telemetry.enabled()


async def test_a_provider_that_is_ready_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda provider: False)
    assert FastAPI()._native_telemetry.enabled()


def _broken(*_: object, **__: object) -> Any:
    try:
        raise ValueError(SECRET)
    except ValueError as problem:
        raise ZeroDivisionError(SECRET) from problem
