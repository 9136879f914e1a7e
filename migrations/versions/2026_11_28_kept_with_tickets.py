"""keep with each ticket the head start that its place was given, the call beside the last recall, and how long it was served before a rest."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("head_start", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("called_since", sa.BigInteger(), nullable=True))
    # With a default of the database's own: an older node beside a newer one goes on giving numbers.
    op.add_column("tickets", sa.Column("took", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("tickets", "took")
    op.drop_column("tickets", "called_since")
    op.drop_column("tickets", "head_start")
