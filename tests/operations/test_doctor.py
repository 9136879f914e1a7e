"""`nowserving doctor` names what is wrong with an installation: each check has a fault that makes it fail."""

import json
import os
import resource
import shutil
import socket
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from server import words
from server.__main__ import command
from server.branch_file import parse
from server.doctor import Finding, State, examine, machine, stores, ways
from server.engines import writing_engine
from server.first_start import set_up_now
from server.schema import migrate
from server.settings import Settings
from tests.running import running
from tests.world import harbour

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINE = "http://queue.harbour.example"


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder, database_url=more.pop("database_url", ""), **more)  # type: ignore[call-arg]


def found(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings)}


def changed(url: str, statement: str) -> None:
    engine = writing_engine(url, 1)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def installed(empty_database_url: str, tmp_path: Path) -> Settings:
    """A branch on either database, with nothing wrong that a test did not make so."""
    migrate(empty_database_url)
    set_up_now(empty_database_url, parse(harbour()), "")
    return settings(tmp_path, database_url=empty_database_url)


def test_nothing_is_wrong_with_a_new_installation(installed: Settings) -> None:
    said = found(installed)
    assert [name for name, finding in said.items() if finding.state == State.WRONG] == []
    assert all(finding.do or finding.state == State.GOOD for finding in said.values())
    assert said["time zones"].found == "Africa/Lagos, UTC known"


def test_tables_of_another_version_are_told_older_or_newer(installed: Settings) -> None:
    changed(installed.database, "UPDATE alembic_version SET version_num = '0001'")
    assert "nowserving migrate" in found(installed)["tables"].do
    changed(installed.database, "UPDATE alembic_version SET version_num = '9999'")
    assert found(installed)["tables"] == Finding(
        "tables", State.WRONG, "a newer version wrote them (at 9999)", "Start that version, or restore a backup."
    )


def test_a_time_zone_that_this_machine_does_not_know_is_named(installed: Settings) -> None:
    changed(installed.database, "UPDATE branches SET time_zone = 'Atlantis/Harbour'")
    zones = found(installed)["time zones"]
    assert (zones.state, zones.found) == (State.WRONG, "Atlantis/Harbour is not known here")


def test_time_zones_that_are_not_installed_are_named(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_there(zone: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(zone)

    monkeypatch.setattr(stores, "ZoneInfo", none_there)
    assert "tzdata" in found(installed)["time zones"].do


def test_a_clock_behind_what_happened_is_wrong() -> None:
    assert stores.compared(NOON, None, NOON + timedelta(minutes=1)).state == State.GOOD
    behind = stores.compared(NOON, None, NOON + timedelta(hours=3))
    assert (behind.state, behind.found) == (State.WRONG, "the newest event is 180 min ahead of this clock")


@pytest.mark.parametrize(("off", "state"), [(1, State.GOOD), (20, State.MIND), (90, State.WRONG)])
def test_two_clocks_that_differ_are_told(off: int, state: State) -> None:
    assert stores.compared(NOON, NOON + timedelta(seconds=off), None).state == state
    assert stores.compared(NOON, NOON - timedelta(seconds=off), None).state == state


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    said = found(settings(tmp_path, database_url="postgresql://ken:secret@127.0.0.1:1/nothing"))
    assert said["database"].state == State.WRONG
    assert "secret" not in str(said)
    assert said["tables"].do == said["clock"].do == "See database."


def test_an_address_that_is_no_database_is_told(tmp_path: Path) -> None:
    assert "postgresql://user" in found(settings(tmp_path, database_url="oracle"))["database"].do


@pytest.mark.parametrize(("database", "version"), [("sqlite", (3, 34, 1)), ("postgresql", (14, 9))])
def test_a_database_too_old_is_told(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str, version: tuple[int]
) -> None:
    url = request.getfixturevalue(f"{database}_pattern")
    with stores.opened(settings(tmp_path, database_url=url)) as opened:
        engine = opened._engine
        assert engine is not None
        engine.connect().close()
        monkeypatch.setattr(engine.dialect, "server_version_info", version)
        assert opened.database().found.endswith("is too old")


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    said = found(settings(tmp_path / "nowhere"))
    assert (said["database"].state, said["data folder"].state) == (State.MIND, State.MIND)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert machine.folder(settings(tmp_path)).state == State.WRONG


def test_a_key_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("a key")
    key.chmod(0o600)
    assert machine.folder(settings(tmp_path)).state == State.GOOD
    key.chmod(0o644)
    assert machine.folder(settings(tmp_path)).do == f"chmod 600 {key}"


@pytest.mark.parametrize(("megabytes", "state"), [(20, State.WRONG), (500, State.MIND), (9000, State.GOOD)])
def test_a_full_disk_is_told_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int, state: State
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=megabytes * machine.MEGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert machine.disk(settings(tmp_path / "not" / "yet")).state == state


@pytest.mark.parametrize(("limit", "state"), [(512, State.WRONG), (4096, State.MIND), (20_000, State.GOOD)])
def test_too_few_open_files_are_told(monkeypatch: pytest.MonkeyPatch, limit: int, state: State) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert machine.files().state == state


def test_words_that_are_missing_or_damaged_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.catalogues().state == State.GOOD
    shutil.copytree(words.LOCALES, tmp_path / "locales")
    monkeypatch.setattr(words, "LOCALES", tmp_path / "locales")
    (tmp_path / "locales" / "fr" / "lobby.po").unlink()
    assert machine.catalogues().found.startswith("Français lacks ")
    (tmp_path / "locales" / "fr" / "lobby.po").write_text('msgid "half')
    assert machine.catalogues().state == State.WRONG


def test_an_address_that_leads_phones_nowhere_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(*_: object) -> None:
        raise socket.gaierror

    for url in ("http://localhost:8000", "https://127.0.0.1", "queue.example.org", "ftp://queue.example.org"):
        assert ways.address(settings(tmp_path, public_url=url)).state == State.WRONG
    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
    assert "nobody knows the name" in ways.address(settings(tmp_path, public_url=MINE)).found
    monkeypatch.setattr(ways, "lan_address", lambda: None)
    assert ways.address(settings(tmp_path)).state == State.WRONG


def test_an_address_that_phones_can_open_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    assert ways.address(settings(tmp_path, public_url=MINE)).state == State.GOOD
    monkeypatch.setattr(ways, "lan_address", lambda: "192.0.2.7")
    assert "http://192.0.2.7:8000" in ways.address(settings(tmp_path)).found


def test_what_https_would_give_is_told(tmp_path: Path) -> None:
    assert ways.https(settings(tmp_path, public_url=MINE)).state == State.MIND
    secure = MINE.replace("http", "https")
    assert "TRUSTED_PROXIES" in ways.https(settings(tmp_path, public_url=secure)).do
    assert ways.https(settings(tmp_path, public_url=secure, trusted_proxies="10.0.0.1")).state == State.GOOD


def test_redis_that_is_away_is_wrong(tmp_path: Path) -> None:
    assert stores.redis(settings(tmp_path)).state == State.GOOD
    away = stores.redis(settings(tmp_path, redis_url="redis://:secret@127.0.0.1:1/0"))
    assert (away.state, "secret" in str(away)) == (State.WRONG, False)


def test_processes_without_a_common_database_or_key_are_wrong(tmp_path: Path) -> None:
    shared = {"redis_url": "redis://127.0.0.1:1/0"}
    assert "SQLite" in stores.processes(settings(tmp_path, **shared)).found
    shared["database_url"] = "postgresql://127.0.0.1/queue"
    assert "SECRET_KEY" in stores.processes(settings(tmp_path, **shared)).do
    assert stores.processes(settings(tmp_path, **shared, secret_key="x" * 32)).state == State.GOOD


def test_the_server_that_serves_is_found_and_one_that_does_not_is_missed(tmp_path: Path) -> None:
    with running(None, tmp_path) as server:
        port = int(server.base.rpartition(":")[2])
        assert ways.server(settings(tmp_path, port=port)).state == State.GOOD
    assert ways.server(settings(tmp_path, port=port)).state == State.MIND


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody answers who is no server of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_says_nothing_is_missed_in_time(tmp_path: Path, silent: int) -> None:
    assert ways.server(settings(tmp_path, port=silent)).state == State.MIND


def test_the_command_says_it_line_by_line_and_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "", "PUBLIC_URL": "http://localhost:1"}
    said = CliRunner().invoke(command, ["doctor"], env=environment)
    assert said.exit_code == 1
    assert "wrong  address      http://localhost:1 leads each phone to itself" in said.output
    assert "1 of 13 need you." in said.output
    told = CliRunner().invoke(command, ["doctor", "--json"], env=environment | {"PUBLIC_URL": ""})
    assert told.exit_code == 0
    answer = json.loads(told.output)
    assert (answer["ok"], len(answer["checks"])) == (True, 13)
    assert {"name", "state", "found", "do"} == set(answer["checks"][0])
