"""keep how each session was opened and in which browser, and what the second step of signing in needs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("codes_salt", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("codes_since", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("codes_used", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        # With a default of the database's own: an older node beside a newer one goes on signing people in.
        batch_op.add_column(sa.Column("proof", sa.String(), nullable=False, server_default="password"))
        batch_op.add_column(sa.Column("browser", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.BigInteger(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_staff_sessions_proof"), "proof IN ('password', 'waiting', 'code')")
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_codes_staff_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_staff_id"), "recovery_codes", ["staff_id"])


def downgrade() -> None:
    op.drop_table("recovery_codes")
    with op.batch_alter_table("staff_sessions", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_staff_sessions_proof"), type_="check")
        batch_op.drop_column("seen_at")
        batch_op.drop_column("browser")
        batch_op.drop_column("proof")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_column("codes_used")
        batch_op.drop_column("codes_since")
        batch_op.drop_column("codes_salt")
