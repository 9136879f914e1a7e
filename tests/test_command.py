"""The command line: what a person can get wrong is one clear sentence and a non-zero exit, never a traceback."""

import asyncio
import json
import os
import socket
import sqlite3
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.__main__ import command
from server.actions import joining
from server.bus import InProcessBus
from server.data_folder import DataFolder
from server.db import Database
from server.domain.people import Actor
from server.domain.presence import Presence
from server.schema import migrate
from tests.world import KEY, harbour

RUNNER = CliRunner()
NOWHERE = "postgresql://ken:secret@127.0.0.1:1/nothing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def branch_file(tmp_path: Path) -> Path:
    file = tmp_path / "branch.toml"
    file.write_text(harbour())
    return file


def says(folder: Path, *words: str, **environment: str) -> Result:
    return RUNNER.invoke(command, [*words], env={"DATA_DIR": str(folder), "DATABASE_URL": "", **environment})


def refused(result: Result) -> str:
    """The one sentence of a failure."""
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = result.output.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_setup_prints_what_was_made_and_prints_no_key_a_second_time(folder: Path, branch_file: Path) -> None:
    first = json.loads(says(folder, "setup", str(branch_file), "--json").output)
    assert first["branch"] == {"id": "harbour"}
    assert [service["letter"] for service in first["services"]] == ["A", "B"]
    assert first["services"][0]["outcomes"][1] == {"id": "needs-documents", "name": {"*": "Needs documents"}}
    assert all(person["link"] and person["key"] for person in first["people"])
    assert all(device["key"] and "/pair#" in device["link"] for device in first["devices"])
    second = json.loads(says(folder, "setup", str(branch_file), "--json").output)
    assert [counter["id"] for counter in second["counters"]] == [counter["id"] for counter in first["counters"]]
    assert [person["id"] for person in second["people"]] == [person["id"] for person in first["people"]]
    assert not any("key" in person for person in second["people"])
    assert all(device["key"] is None for device in second["devices"])
    assert all(person["link"] for person in second["people"])


def test_a_slip_in_a_branch_file_names_its_line(folder: Path, branch_file: Path) -> None:
    branch_file.write_text(harbour().replace('letter = "B"', 'leter = "B"'))
    sentence = refused(says(folder, "setup", str(branch_file)))
    line = 1 + branch_file.read_text().splitlines().index('leter = "B"')
    assert f"line {line}" in sentence
    assert '"letter"' in sentence


def test_a_file_that_takes_away_what_is_needed_is_refused_in_one_sentence(folder: Path, branch_file: Path) -> None:
    says(folder, "setup", str(branch_file))
    asyncio.run(somebody_joins(f"sqlite:///{folder / 'nowserving.db'}", "renewals"))
    swapped = harbour().replace('letter = "A"', 'letter = "X"').replace('letter = "B"', 'letter = "A"')
    branch_file.write_text(swapped.replace('letter = "X"', 'letter = "B"'))
    sentence = refused(says(folder, "setup", str(branch_file)))
    assert sentence.startswith(f"{branch_file}, service new-passport: Numbers with B were given today.")
    gone = harbour().partition('[[services]]\nid = "renewals"')
    branch_file.write_text(gone[0] + gone[2].partition("[[counters]]")[1] + gone[2].partition("[[counters]]")[2])
    sentence = refused(says(folder, "setup", str(branch_file)))
    assert sentence.startswith(
        f"{branch_file}, service renewals: People are waiting for this service. Open numbers: 1."
    )


async def somebody_joins(url: str, service: str) -> None:
    db = Database(url, InProcessBus())
    wish = joining.Joining("t", service, "agent", "en", here=True)
    who = Actor("staff", "ken")
    try:
        await db.act("harbour", None, partial(joining.join, by=who, joining=wish, presence=Presence(KEY)))
    finally:
        db.close()


def test_a_taken_port_says_which_setting_to_change(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused(says(folder, "serve", "--host", "127.0.0.1", "--port", str(port)))
    assert sentence == f"127.0.0.1:{port} cannot be listened at: address already in use. Set PORT to another one."


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.7"])
def test_a_foreign_address_says_which_setting_to_change(folder: Path, host: str) -> None:
    sentence = refused(says(folder, "serve", "--host", host, "--port", "0"))
    assert sentence == f"{host} is no address of this machine: set HOST to one, or leave it out."


def test_a_file_that_is_no_database_is_said_to_be_none(folder: Path) -> None:
    folder.mkdir()
    (folder / "nowserving.db").write_text("letters from a friend, long enough to be looked at\n" * 100)
    assert refused(says(folder, "migrate")).endswith("file is not a database.")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, branch_file: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert "Set DATA_DIR" in refused(says(tmp_path / "file", "setup", str(branch_file)))


def test_a_folder_in_use_is_left_alone(folder: Path, branch_file: Path) -> None:
    other = DataFolder(folder)
    other.lock()
    for words in (["setup", str(branch_file)], ["migrate"], ["restore", str(branch_file)], ["serve", "--port", "0"]):
        assert "in use by another Now Serving" in refused(says(folder, *words))
    other.unlock()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "DATABASE_URL is not an address we know"),
        ("oracle://somewhere/x", "DATABASE_URL is not an address we know"),
        ("postgresql://ken:secret@127.0.0.1:port/nothing", "DATABASE_URL is not an address we know"),
        (NOWHERE, "The database cannot be opened"),
    ],
)
def test_a_wrong_database_address_is_said_without_its_password(folder: Path, url: str, sentence: str) -> None:
    said = refused(says(folder, "migrate", DATABASE_URL=url))
    assert said.startswith(sentence)
    assert "secret" not in said


@pytest.mark.parametrize("url", ["nonsense", "http://somewhere", "redis://", "redis://:secret@host:port"])
def test_a_wrong_redis_address_is_said_without_its_password(folder: Path, url: str) -> None:
    said = refused(says(folder, "migrate", REDIS_URL=url))
    assert said.startswith("The setting REDIS_URL cannot be used")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Several workers need PostgreSQL and Redis: set DATABASE_URL and REDIS_URL."),
        (
            {"REDIS_URL": "redis://127.0.0.1"},
            "Several workers need PostgreSQL and Redis: set DATABASE_URL and REDIS_URL.",
        ),
        ({"DATABASE_URL": NOWHERE}, "Several workers need PostgreSQL and Redis: set DATABASE_URL and REDIS_URL."),
    ],
)
def test_several_workers_say_what_they_need(folder: Path, environment: dict[str, str], sentence: str) -> None:
    assert refused(says(folder, "serve", "--workers", "2", **environment)) == sentence


def test_processes_that_share_redis_must_share_a_key(folder: Path) -> None:
    shared = {"DATABASE_URL": NOWHERE, "REDIS_URL": "redis://127.0.0.1"}
    said = refused(says(folder, "serve", **shared))
    assert said == "Processes that share REDIS_URL must share one key: set SECRET_KEY, the same for all of them."
    DataFolder(folder).key()
    assert refused(says(folder, "serve", **shared)).endswith(f"to what stands in {folder / 'secret.key'}.")
    assert "cannot be opened" in refused(says(folder, "serve", "--port", "0", SECRET_KEY="x" * 22, **shared))


def test_a_key_that_can_be_guessed_is_refused(folder: Path) -> None:
    said = refused(says(folder, "serve", SECRET_KEY="changeme"))
    assert said.startswith("The setting SECRET_KEY cannot be used")
    assert "changeme" not in said


def test_a_newer_database_is_not_touched(folder: Path) -> None:
    says(folder, "migrate")
    with sqlite3.connect(folder / "nowserving.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "A newer Now Serving wrote this database (at 9999)" in refused(says(folder, "migrate"))


def test_migrate_twice_changes_nothing(folder: Path) -> None:
    assert "now." in says(folder, "migrate").output
    assert "already." in says(folder, "migrate").output


def test_a_restored_backup_is_as_it_was_in_a_new_epoch(folder: Path, branch_file: Path, tmp_path: Path) -> None:
    says(folder, "setup", str(branch_file))
    key = (folder / "secret.key").read_text() if (folder / "secret.key").exists() else None
    copy = tmp_path / "monday.nowserving"
    assert says(folder, "backup", str(copy)).exit_code == 0
    with sqlite3.connect(folder / "nowserving.db") as database:
        database.execute("UPDATE branches SET name = 'Spoilt'")
    database.close()
    said = says(folder, "restore", str(copy))
    assert said.exit_code == 0, said.output
    with sqlite3.connect(folder / "nowserving.db") as database:
        assert database.execute("SELECT name FROM branches").fetchall() == [("Harbour Branch",)]
        assert database.execute("SELECT epoch FROM installation").fetchall() == [(2,)]
    database.close()
    kept = next(folder.glob("before-restore-*"))
    assert (kept / "nowserving.db").exists()
    assert key is None or (folder / "secret.key").read_text() == key


def test_what_is_no_backup_is_refused_and_nothing_is_touched(folder: Path, branch_file: Path, tmp_path: Path) -> None:
    says(folder, "setup", str(branch_file))
    before = (folder / "nowserving.db").read_bytes()
    (tmp_path / "cat.jpg").write_bytes(os.urandom(1000))
    assert "is not a backup" in refused(says(folder, "restore", str(tmp_path / "cat.jpg")))
    assert "could not be" in refused(says(folder, "restore", str(tmp_path / "nothing")))
    assert (folder / "nowserving.db").read_bytes() == before


def test_a_backup_of_another_kind_of_database_says_what_makes_it(folder: Path) -> None:
    said = refused(says(folder, "backup", "x", DATABASE_URL="postgresql://ken:secret@127.0.0.1/branches"))
    assert "pg_dump" in said
    assert "secret" not in said


def test_the_first_backup_of_nothing_says_that_there_is_nothing(folder: Path, tmp_path: Path) -> None:
    assert "there is no database yet" in refused(says(folder, "backup", str(tmp_path / "x")))


def test_whoever_has_lost_everything_is_let_in_by_whoever_runs_the_server(folder: Path, branch_file: Path) -> None:
    says(folder, "setup", str(branch_file))
    says(folder, "let-in", "mira")
    answer = says(folder, "let-in", "Mira", PUBLIC_URL="https://queue.example.org")
    assert answer.exit_code == 0
    assert "Mira can come in once, within a week: https://queue.example.org/staff/enter#" in answer.output
    assert "Nobody who works here is called that" in refused(says(folder, "let-in", "Zainab"))


def test_migrating_an_empty_database_makes_every_table(tmp_path: Path) -> None:
    before, now = migrate(f"sqlite:///{tmp_path / 'x.db'}")
    assert (before, now) == (None, "0010")


def test_export_prints_the_branch_that_setup_makes_again(folder: Path, branch_file: Path, tmp_path: Path) -> None:
    says(folder, "setup", str(branch_file))
    first = says(folder, "export", "harbour")
    assert first.exit_code == 0
    again, elsewhere = tmp_path / "again.toml", tmp_path / "elsewhere"
    again.write_text(first.stdout)
    says(elsewhere, "setup", str(again))
    assert says(elsewhere, "export", "harbour").stdout == first.stdout


def test_export_says_what_is_not_there(folder: Path, branch_file: Path) -> None:
    assert "There is no database" in refused(says(folder, "export", "harbour"))
    says(folder, "setup", str(branch_file))
    assert 'There is no branch "quay"' in refused(says(folder, "export", "quay"))
    assert "cannot be read" in refused(says(folder, "export", "harbour", DATABASE_URL=NOWHERE))
