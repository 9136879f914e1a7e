"""keep why a service is closed and until when, when a notice is up, who is asked to help, and what a break is for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("services", sa.Column("closed_words", sa.JSON(), nullable=True))
    op.add_column("services", sa.Column("reopens_at", sa.BigInteger(), nullable=True))
    op.add_column("branches", sa.Column("notice_from", sa.BigInteger(), nullable=True))
    op.add_column("branches", sa.Column("notice_until", sa.BigInteger(), nullable=True))
    op.add_column("branches", sa.Column("help", sa.JSON(), nullable=True))
    op.add_column("duties", sa.Column("break_reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("duties", "break_reason")
    op.drop_column("branches", "help")
    op.drop_column("branches", "notice_until")
    op.drop_column("branches", "notice_from")
    op.drop_column("services", "reopens_at")
    op.drop_column("services", "closed_words")
