"""PostgreSQL's own tools bring a copy back as the manual says, across an upgrade too, and screens then believe it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

from server.schema import MIGRATIONS, migrate, revision, revisions
from tests.databases import empty
from tests.running import ROOT
from tests.world import KEY

OLDER = "0008"  # what came after it hangs on tables that were there before
EPOCH = "SELECT epoch FROM installation"


@pytest.mark.postgres
def test_a_copy_of_before_an_upgrade_comes_back_whole_by_the_manuals_own_words(tmp_path: Path) -> None:
    save, bring_back = _manual()
    with empty("postgresql", tmp_path) as url:
        engine = create_engine(url)
        _at(engine, OLDER)
        _all(engine, "INSERT INTO installation (id, epoch, created_at) VALUES (1, 5, 0) RETURNING id")
        tables = _tables(engine)
        _runs(save, url, tmp_path)
        for _ in range(2):
            migrate(url)
            assert _tables(engine) > tables
            _all(engine, "CREATE TABLE IF NOT EXISTS later (branch_id VARCHAR REFERENCES branches (id))")
            before = _all(engine, EPOCH)
            _runs(bring_back[:-1], url, tmp_path)
            assert (revision(engine), _tables(engine), _all(engine, EPOCH)) == (OLDER, tables, [5])
            _runs(bring_back[-1:], url, tmp_path)
            assert revision(engine) == revisions()[1]
            assert _all(engine, EPOCH) > before
        engine.dispose()


@pytest.mark.postgres
def test_a_copy_that_is_damaged_leaves_everything_as_it_was(tmp_path: Path) -> None:
    save, bring_back = _manual()
    with empty("postgresql", tmp_path) as url:
        migrate(url)
        engine = create_engine(url)
        _runs(save, url, tmp_path)
        tables, copy = _tables(engine), tmp_path / "monday.dump"
        copy.write_bytes(copy.read_bytes()[:-2000])
        with pytest.raises(AssertionError):
            _runs(bring_back[:-1], url, tmp_path)
        assert _tables(engine) == tables
        engine.dispose()


def _manual() -> tuple[list[str], list[str]]:
    """The commands that save a PostgreSQL database, and those that bring it back."""
    section = (ROOT / "docs" / "OPERATIONS.md").read_text().partition("## Backup and restore")[2].partition("\n## ")[0]
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) if "pg_" in block]
    save, bring_back = (block.replace("\\\n", " ").strip().splitlines() for block in blocks)
    return save, bring_back


def _runs(commands: list[str], url: str, folder: Path) -> None:
    """In a shell that stops at the first that fails, where `nowserving` is this program."""
    program = folder / "nowserving"
    program.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m server "$@"\n')
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    more = {"PATH": path, "DATABASE_URL": url, "DATA_DIR": str(folder / "data"), "SECRET_KEY": KEY.decode()}
    said = subprocess.run(
        ["sh", "-e"], input="\n".join(commands), cwd=folder, env={**os.environ, **more}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr


def _at(engine: Engine, older: str) -> None:
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, older)


def _tables(engine: Engine) -> set[Any]:
    return set(_all(engine, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


def _all(engine: Engine, statement: str) -> list[Any]:
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        return list(answer.scalars()) if answer.returns_rows else []
