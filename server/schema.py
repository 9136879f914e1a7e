"""The database's tables, brought to this version of the program."""

import re
from pathlib import Path

from sqlalchemy import Engine, inspect, make_url, text

from server.engines import in_turn, is_sqlite, writing_engine

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
_NAMED = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)


class NewerSchema(Exception):
    """The database was written by a newer version of the program; `found` is its revision."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(found)


def migrate(url: str) -> tuple[str | None, str]:
    """Apply what is missing; (revision before, revision now). NewerSchema when the database is ahead of us.

    Of several processes that start at the same moment one does it, and the others find it done.
    """
    engine = writing_engine(url, size=1)
    try:
        with in_turn(url, "migration"):
            return _migrate(engine)
    finally:
        engine.dispose()


def revision(engine: Engine) -> str | None:
    """The revision a database stands at; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def revisions() -> tuple[set[str], str]:
    """What this program knows, and the newest of it. Read without Alembic, which takes longer to load than all that."""
    found = [dict(_NAMED.findall(file.read_text())) for file in (MIGRATIONS / "versions").glob("*.py")]
    known = {each["revision"] for each in found}
    (head,) = known - {each.get("down_revision") for each in found}
    return known, head


def hidden(url: str) -> str:
    """A database's address without its password, for people and logs."""
    return "the embedded SQLite database" if is_sqlite(url) else make_url(url).render_as_string(hide_password=True)


def _migrate(engine: Engine) -> tuple[str | None, str]:
    (known, head), before = revisions(), revision(engine)
    if before is not None and before not in known:
        raise NewerSchema(before)
    if before != head:
        _upgrade(engine)
    return before, head


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
