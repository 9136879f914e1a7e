"""What all stored things share: the mapping's base and an instant in milliseconds."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

Words = dict[str, str]
"""One text in several languages; the key "*" holds a text given without a language."""

UNTYPED = dict.fromkeys([
    *(code for code in range(0xA0) if code not in (0x09, 0x0A, 0x0D) and not 0x20 <= code <= 0x7E),
    *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # a name that turns around would turn its neighbours too
    *range(0xD800, 0xE000),  # half a character
])  # fmt: skip


PLANNED = range(2000, 2200)
"""Years in which somebody may plan something: whatever is farther was a slip of the hand."""


def is_one_line(text: str) -> bool:
    """Without line breaks and other control characters, which no branch file can hold."""
    return not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text)


def to_ms(at: datetime) -> int:
    """Whole milliseconds since 1970, UTC; the resolution of everything stored."""
    return int(at.timestamp() * 1000)


# An instant that no clock can show in every time zone would end each page that reads it, and every start of the server.
_FIRST, _LAST = to_ms(datetime(100, 1, 1, tzinfo=UTC)), to_ms(datetime(9900, 1, 1, tzinfo=UTC))


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of `to_ms`; what lies near either end of the calendar as of the years 100 and 9900."""
    return datetime.fromtimestamp((ms if _FIRST < ms < _LAST else max(_FIRST, min(ms, _LAST))) / 1000, UTC)


def is_planned(at: datetime | None) -> bool:
    """Whether somebody may plan something for then; None, no time at all, is fine."""
    return at is None or at.year in PLANNED


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as integer milliseconds: the same, and sortable, on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_ms(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_ms(value)


class Typed(TypeDecorator[str]):
    """What somebody typed, without what no keyboard has: NUL and its kin, and marks that turn the text around it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.translate(UNTYPED)


class EnumWord(TypeDecorator[str]):
    """A StrEnum's value as plain text: a database driver may otherwise store the member's name."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


class Base(DeclarativeBase):
    """Every table of the installation."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: Instant(),
        Words: JSON(),
        list[str]: JSON(),
        dict[str, list[str]]: JSON(),
        dict[str, Any]: JSON(),
    }


def table_of(stored: type[Base]) -> Table:
    """The table behind a mapped class, for statements that need no objects."""
    table = stored.__table__
    assert isinstance(table, Table)
    return table
