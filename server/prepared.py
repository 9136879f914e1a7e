"""A statement that is asked with every join and call: compiled once, then sent as the driver takes it.

SQLAlchemy writes the statement and knows how values are stored; what it does anew for each execution takes ten times as
long as SQLite's answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Dialect, Table, insert
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
"""By the name of the bound parameter; for an insert, of the column."""
Stored = Callable[[Any], Any]


class Prepared:
    """`statement` has no list whose length changes; `columns`: those that an insert names."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._ready: dict[str, Ready] = {}

    def run(self, connection: Connection, values: Values) -> None:
        """DBAPIError as SQLAlchemy raises it."""
        self._sent(connection, values)

    def rows(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        """All rows, each in the order of the statement's columns."""
        return self._sent(connection, values)

    def row(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """The first row; None when there is none."""
        return next(iter(self._sent(connection, values)), None)

    def value(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row; None when there is none."""
        row = self.row(connection, values)
        return row[0] if row else None

    def _sent(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        dialect = cast(DefaultDialect, connection.dialect)
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = Ready(self._statement, self._columns, dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.text, ready.written(values))
            return [ready.read(row) for row in cursor.fetchall()] if ready.answers else []
        except dialect.loaded_dbapi.Error as problem:
            raise cast(
                DBAPIError,
                DBAPIError.instance(
                    ready.text, None, problem, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
                ),
            ) from problem
        finally:
            cursor.close()


def insertion(table: Table) -> Prepared:
    """Of whole rows: every column is given."""
    return Prepared(insert(table), table.columns.keys())


class Ready:
    """A statement as one kind of database takes it."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        self.text = str(compiled)
        self._fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        writers = {name: _writer(bind.type, dialect) for name, bind in compiled.binds.items()}
        self._counts = compiled.positiontup is not None
        self._writers = [(name, writers[name]) for name in compiled.positiontup or writers]
        read = statement.selected_columns if isinstance(statement, SelectBase) else getattr(statement, "_returning", ())
        self._readers = [_reader(column.type, dialect) for column in read]
        self._plain = not any(self._readers)
        self.answers = bool(self._readers)

    def written(self, values: Values) -> Any:
        """In the driver's own form: a tuple where it counts them, else by name."""
        given = {**self._fixed, **values} if self._fixed else values
        if self._counts:
            return tuple(write(given[name]) if write else given[name] for name, write in self._writers)
        return {name: write(given[name]) if write else given[name] for name, write in self._writers}

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if self._plain:  # thousands of rows are read at once when a branch is looked at first
            return tuple(row)
        return tuple(
            read(value) if read and value is not None else value for read, value in zip(self._readers, row, strict=True)
        )


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Stored | None:
    return cast(Stored | None, kind.dialect_impl(dialect).bind_processor(dialect))


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Stored | None:
    return cast(Stored | None, kind.dialect_impl(dialect).result_processor(dialect, None))
