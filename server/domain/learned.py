"""What a branch's forecast has learned up to a line of its diary, so that a start need not read weeks of diary again.

The diary stays the truth. A copy that is missing, broken, of another form or of a diary that is gone costs a reading of
the diary, and nothing else.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base


class Learned(Base):
    """The newest copy of a branch."""

    __tablename__ = "learned"

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)  # of the newest diary line that it was learned from
    until: Mapped[datetime]  # everything up to here was
    form: Mapped[int]
    state: Mapped[str]  # JSON


@dataclass(frozen=True, slots=True)
class Copy:
    """The same as plain values; `until` in ms."""

    branch_id: str
    version: int
    until: int
    form: int
    state: str
