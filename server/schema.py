"""The database's tables, brought to this version of the program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, make_url

from server.engines import is_sqlite, writing_engine

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


class NewerSchema(Exception):
    """The database was written by a newer version of the program; `found` is its revision."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(found)


def migrate(url: str) -> tuple[str | None, str]:
    """Apply what is missing; (revision before, revision now). NewerSchema when the database is ahead of us."""
    engine = writing_engine(url, size=1)
    try:
        scripts = ScriptDirectory(str(MIGRATIONS))
        head = scripts.get_current_head() or ""
        before = revision(engine)
        if before is not None and before not in {script.revision for script in scripts.walk_revisions()}:
            raise NewerSchema(before)
        if before != head:
            with engine.begin() as connection:
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        return before, head
    finally:
        engine.dispose()


def revision(engine: Engine) -> str | None:
    """The revision a database stands at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def hidden(url: str) -> str:
    """A database's address without its password, for people and logs."""
    return "the embedded SQLite database" if is_sqlite(url) else make_url(url).render_as_string(hide_password=True)
