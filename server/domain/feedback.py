"""The rating of a visit: one tap, optional reasons and a comment."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base, Typed
from server.domain.errors import Conflict

CHIPS = ("promise", "prompt", "knowledge", "care", "clear", "place")
CHANGEABLE = timedelta(hours=1)
COMMENT_LENGTH = 1000


class Rating(Base):
    """One per visit, attributed to the last served leg; `legs` lists all served ones (service, counter, staff)."""

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="score"),)

    visit_id: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), unique=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    service_id: Mapped[str]
    counter_id: Mapped[str | None]
    staff_id: Mapped[str | None]
    score: Mapped[int]
    good: Mapped[list[str]] = mapped_column(default=list)
    not_good: Mapped[list[str]] = mapped_column(default=list)
    comment: Mapped[str | None] = mapped_column(Typed)
    contact: Mapped[str | None] = mapped_column(Typed)
    legs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    changed_at: Mapped[datetime]

    def change_until(self) -> datetime:
        return self.at + CHANGEABLE

    def replace(
        self, score: int, good: list[str], not_good: list[str], comment: str | None, contact: str | None, now: datetime
    ) -> None:
        """A later tap within the hour replaces the first one whole."""
        if now > self.change_until():
            raise Conflict("rating-too-late")
        self.score, self.good, self.not_good, self.comment, self.contact = score, good, not_good, comment, contact
        self.changed_at = now
