"""Delivery: who works on what, chats that let nothing through, and an index that finds what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("conversation", sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_message_status", table_name="message")
    op.create_index(
        "ix_message_status", "message", ["channel", "status", "conversation_id", "seq"], unique=False
    )
