"""keep with each ticket the head start that its place was given, and the call itself beside the last recall."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("head_start", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("called_since", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("tickets", "called_since")
    op.drop_column("tickets", "head_start")
