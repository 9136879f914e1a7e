"""find closed tickets and open duties, and count those ahead, without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("ended_at IS NULL")
IS_CLOSED = sa.text("closed_at IS NOT NULL")
QUEUE = ["branch_id", "state", "service_id", "place", "place_version"]
COVERED = ["bound_counter_id", "bound_staff_id", "id"]


def upgrade() -> None:
    for name, columns in (
        ("ix_tickets_closed", ["branch_id", "closed_at"]),
        ("ix_tickets_served", ["branch_id", "service_id", "closed_at"]),
    ):
        op.create_index(name, "tickets", columns, sqlite_where=IS_CLOSED, postgresql_where=IS_CLOSED)
    op.create_index("ix_duties_open", "duties", ["branch_id"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
    op.drop_index("ix_tickets_queue", "tickets")
    op.create_index("ix_tickets_queue", "tickets", QUEUE + COVERED)


def downgrade() -> None:
    op.drop_index("ix_tickets_queue", "tickets")
    op.create_index("ix_tickets_queue", "tickets", QUEUE)
    op.drop_index("ix_duties_open", "duties")
    op.drop_index("ix_tickets_served", "tickets")
    op.drop_index("ix_tickets_closed", "tickets")
