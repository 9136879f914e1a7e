"""keep the waits that were told, and when each ticket was first called, so that they can be judged."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAS_CALLED = sa.text("first_called_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("first_called_at", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("excused_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_tickets_judged",
        "tickets",
        ["branch_id", "first_called_at"],
        sqlite_where=WAS_CALLED,
        postgresql_where=WAS_CALLED,
    )
    op.create_table(
        "shown_waits",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("likely", sa.Integer(), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_shown_waits_branch_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_shown_waits_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "turn", name=op.f("pk_shown_waits")),
    )
    op.create_index("ix_shown_waits_turn", "shown_waits", ["branch_id", "turn"])


def downgrade() -> None:
    op.drop_table("shown_waits")
    op.drop_index("ix_tickets_judged", "tickets")
    op.drop_column("tickets", "excused_at")
    op.drop_column("tickets", "first_called_at")
