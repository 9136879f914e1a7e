"""find the diaries a report has to read, without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TOLD = sa.text("move IN ('miss', 'put back', 'postpone', 'park', 'transfer', 'undo')")


def upgrade() -> None:
    op.create_index(
        "ix_ticket_events_told", "ticket_events", ["ticket_id"], sqlite_where=TOLD, postgresql_where=TOLD
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_ticket_events_told", "ticket_events")
