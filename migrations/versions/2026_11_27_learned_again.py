"""keep what each told wait was made from, and every break: what a forecast has learned is read again from them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FORESEEN = (("tickets", "foreseen_p50"), ("tickets", "foreseen_p90"), ("shown_waits", "p50"), ("shown_waits", "p90"))


def upgrade() -> None:
    for table, column in FORESEEN:
        op.add_column(table, sa.Column(column, sa.Float(), nullable=True))
    op.add_column("duties", sa.Column("breaks", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("duties", "breaks")
    for table, column in reversed(FORESEEN):
        op.drop_column(table, column)
