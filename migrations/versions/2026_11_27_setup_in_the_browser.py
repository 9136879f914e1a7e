"""mark a branch as open for real, so that its history can never be cleared as practice; or as archived; its colour and its logo."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("branches", sa.Column("real_since", sa.BigInteger(), nullable=True))
    op.add_column("branches", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("branches", sa.Column("colour", sa.String(), nullable=True))
    op.add_column("branches", sa.Column("logo", sa.String(), nullable=True))
    op.create_table(
        "logos",
        sa.Column("branch_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_logos_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_logos")),
    )


def downgrade() -> None:
    op.drop_table("logos")
    op.drop_column("branches", "logo")
    op.drop_column("branches", "colour")
    op.drop_column("branches", "archived")
    op.drop_column("branches", "real_since")
