"""Deep links for members, and the request that a code serves."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "identity_link",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_identity_link_member_id", "identity_link", ["member_id"], unique=False)
    op.create_index("ix_identity_link_email", "identity_link", ["email"], unique=False)
    op.add_column("one_time_code", sa.Column("origin", sa.String(), nullable=False, server_default=""))
