"""A paired kiosk or lobby screen."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.domain.base import Base


class Device(Base):
    """A screen with a key of its own (only its hash is stored); `paired_at` is None until the key was used."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint("kind IN ('kiosk', 'lobby')", name="kind"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    key_hash: Mapped[str | None] = mapped_column(unique=True)
    cookie_hash: Mapped[str | None] = mapped_column(unique=True)  # the paired screen's own
    created_at: Mapped[datetime]
    paired_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
